"""What the future invoices of two parties still lack, in words for whoever can fix it.

Rules of our own over the drafted data; the files of the invoice are checked again when made.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Final

from accounts.enums import PartyKind, TaxStatus
from common.party_numbers import LEITWEG, MAIL
from invoicing.tax.decision import rule_for, unmet
from invoicing.tax.parties import tax_party

WITHOUT_POSTCODES: Final = frozenset(
    ["AE", "AG", "AO", "BS", "BZ", "CI", "FJ", "GH", "HK", "JM", "KE", "MO", "NG", "QA", "UG", "ZW"]
)
"""Countries whose addresses need none."""


class Side(StrEnum):
    """Whose data it is."""

    SELLER = "seller"
    BUYER = "buyer"


@dataclass(frozen=True, slots=True)
class Requirement:
    """A field that is missing, and what its owner should do."""

    side: Side
    field: str
    words: str


ADDRESS: Final = {
    "legal_name": "Give your legal name.",
    "street": "Give your street address.",
    "postcode": "Give your postcode.",
    "city": "Give your city.",
    "country": "Choose your country.",
}
NEEDS: Final = {
    "seller.contact_phone": "Give a phone number for your invoices: this customer gets them electronically.",
    "seller.contact_email": "Give an address for questions on your invoices.",
    "seller.electronic_address": "Give your electronic address: authorities ask for it.",
    "seller.vat_id": "Give your VAT or GST number: this customer's invoices need it.",
    "seller.tax_id": "Give your VAT or GST number, or your local tax number.",
    "buyer.vat_id": "Give your VAT number: your invoices come without tax for it.",
    "buyer.state": "Name your state: it decides which tax applies.",
}
FIELDS: Final = {"seller.tax_id": "vat_id", "buyer.state": "region"}


def requirements(
    seller: Mapping[str, str],
    buyer: Mapping[str, str],
    *,
    has_mandate: bool,
    is_self_billed: bool = False,
    on: date,
) -> list[Requirement]:
    """What is missing before an invoice between the two is a legal document; empty when nothing."""
    missing = [*_address(Side.SELLER, seller), *_address(Side.BUYER, buyer)]
    if not seller["tax_status"]:
        words = "Say how you stand with the tax office: registered, exempt or not registered."
        missing.append(Requirement(Side.SELLER, "tax_status", words))
    if not buyer["kind"]:
        words = "Say whether you buy for a business or as a private person."
        missing.append(Requirement(Side.BUYER, "buyer_kind", words))
    if not has_mandate:
        words = "Accept the mandate to issue invoices in your name (Settings, Mandate)."
        missing.append(Requirement(Side.SELLER, "mandate", words))
    if is_self_billed:
        missing += _of_self_billing(seller, buyer)
    return [*missing, *_of_the_case(seller, buyer, on=on), *_of_the_file(seller, buyer)]


def _address(side: Side, party: Mapping[str, str]) -> list[Requirement]:
    spared = {"postcode"} if party["country"] in WITHOUT_POSTCODES else set()
    return [
        Requirement(side, name, words)
        for name, words in ADDRESS.items()
        if not party[name] and name not in spared
    ]


def _of_self_billing(seller: Mapping[str, str], buyer: Mapping[str, str]) -> list[Requirement]:
    """Who may write the other's invoice (docs/tax.md)."""
    found = []
    if buyer["kind"] == PartyKind.CONSUMER:
        words = "Only a business can write the freelancer's invoices: the gig is self-billed."
        found.append(Requirement(Side.BUYER, "buyer_kind", words))
    is_registered = seller["tax_status"] == TaxStatus.REGISTERED
    if seller["country"] == "IN" and is_registered:
        words = "In India a registered supplier's invoices are their own: a self-billed gig is not for you."
        found.append(Requirement(Side.SELLER, "tax_status", words))
    if (seller["country"], buyer["country"]) == ("AU", "AU"):
        if seller["tax_status"] and not is_registered:
            words = "In Australia both sides of a self-billed invoice are registered for GST: register, or leave this gig."
            found.append(Requirement(Side.SELLER, "tax_status", words))
        if not buyer["vat_id"]:
            words = "Give your ABN: in Australia both sides of a self-billed invoice are registered for GST."
            found.append(Requirement(Side.BUYER, "vat_id", words))
    return found


def _of_the_file(seller: Mapping[str, str], buyer: Mapping[str, str]) -> list[Requirement]:
    """What German rules want of a seller: XRechnung for authorities, Peppol between two Germans."""
    is_authority = buyer["electronic_address_scheme"] == LEITWEG
    are_german = seller["country"] == buyer["country"] == "DE"
    schemes = {seller["electronic_address_scheme"], buyer["electronic_address_scheme"]}
    if not (is_authority or (are_german and not schemes & {"", MAIL})):
        return []
    wanted = ["contact_phone", "contact_email", *(["electronic_address"] if is_authority else [])]
    return [
        Requirement(Side.SELLER, name, NEEDS[f"seller.{name}"])
        for name in wanted
        if not seller[name]
    ]


def _of_the_case(
    seller: Mapping[str, str], buyer: Mapping[str, str], *, on: date
) -> list[Requirement]:
    """The numbers that the tax case of these two needs (rules of the table; BR-E-02)."""
    sells, buys = tax_party(seller), tax_party(buyer)
    rule = rule_for(sells, buys, on=on)
    needs = unmet(rule, sells, buys) if rule is not None else []
    is_exempt = sells.status == TaxStatus.SMALL_BUSINESS and sells.is_in_union
    if is_exempt and not (sells.vat_id or sells.tax_number) and "seller.vat_id" not in needs:
        needs.append("seller.tax_id")
    return [
        Requirement(
            Side(need.partition(".")[0]), FIELDS.get(need, need.partition(".")[2]), NEEDS[need]
        )
        for need in needs
    ]
