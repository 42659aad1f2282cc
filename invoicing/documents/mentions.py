"""Sentences that a country wants on invoices between its own businesses."""

from typing import Final

from invoicing.documents.model import Note

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


def mentions_of(seller_country: str, buyer_country: str, *, is_business: bool) -> tuple[Note, ...]:
    """What has to stand on invoices from one country to the other."""
    if is_business and (seller_country, buyer_country) == ("FR", "FR"):
        return FRENCH
    return ()
