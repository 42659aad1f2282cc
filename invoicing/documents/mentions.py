"""Sentences that a country wants on invoices of its businesses."""

from collections.abc import Mapping
from typing import Final

from accounts.enums import TaxStatus
from invoicing.documents.model import Language, Note
from invoicing.documents.places import country_name
from invoicing.tax.parties import INDIAN_STATES, tax_party

FRENCH: Final = (
    Note(
        text="Indemnité forfaitaire pour frais de recouvrement en cas de retard de paiement : 40 €.",
        subject="PMT",
    ),
    Note(
        text="En cas de retard de paiement, pénalités au taux de trois fois l'intérêt légal.",
        subject="PMD",
    ),
    Note(text="Pas d'escompte pour paiement anticipé.", subject="AAB"),
)
"""Code de commerce, art. L. 441-9 I, L. 441-10 II, D. 441-5; the subjects are those of BR-FR-05."""

SELF_BILLING: Final = {
    "GB": Note(text="The VAT shown is your output tax due to HMRC."),
    "AU": Note(text="The GST shown is payable by the supplier."),
}
"""VAT Notice 700/62 and LI 2023/20, by the supplier's country: who owes the tax that is shown."""


def mentions_of(seller_country: str, buyer_country: str, *, is_business: bool) -> tuple[Note, ...]:
    """What has to stand on invoices from one country to the other."""
    if is_business and (seller_country, buyer_country) == ("FR", "FR"):
        return FRENCH
    return ()


def place_of_supply(sold: Mapping[str, str], bought: Mapping[str, str]) -> tuple[Note, ...]:
    """What Rule 46 of the CGST Rules wants of a registered seller in India, beside the tax."""
    if sold["country"] != "IN" or sold["tax_status"] != TaxStatus.REGISTERED:
        return ()
    code = tax_party(bought).state
    names = {code: name.title().replace(" And ", " and ") for name, code in INDIAN_STATES.items()}
    place = f"{names[code]} ({code})" if code in names else ""
    if bought["country"] != "IN":
        place = country_name(bought["country"], Language.ENGLISH)
    words = f"Place of supply: {place}. Tax payable on reverse charge: No."
    return (Note(text=words),) if place else ()


def self_billing_mentions_of(seller_country: str, *, is_taxed: bool) -> tuple[Note, ...]:
    """What has to stand on a document that the buyer writes, where it shows tax."""
    if is_taxed and seller_country in SELF_BILLING:
        return (SELF_BILLING[seller_country],)
    return ()
