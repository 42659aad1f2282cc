"""What a document lacks before it can be sent as an electronic invoice.

Stricter than the official rules where the law is: they accept an address without a town, a reverse
charge without the buyer's VAT number, an IBAN with a typing error. A document with a gap is a page
only.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from schwifty import IBAN

from common.countries import COUNTRIES
from common.party_numbers import MAIL
from invoicing.documents.model import Category, Document, Identifier, Party
from invoicing.documents.profiles import EAS

MOST_DECIMALS: Final = 2
"""EN 16931 knows no amount with three decimals (BR-DEC)."""

_VAT_ID: Final = re.compile(r"[A-Z]{2}[0-9A-Z+*.]{2,18}", re.ASCII)
_NEEDS_IBAN: Final = frozenset(["30", "58"])
_NEEDS_SELLER_VAT: Final = frozenset([Category.REVERSE_CHARGE, Category.EXPORT])
_NEEDS_SELLER_TAX: Final = frozenset([Category.STANDARD, Category.ZERO, Category.EXEMPT])
_PREFIXES: Final = frozenset([*COUNTRIES, "EL", "XI"])


@dataclass(frozen=True, slots=True)
class Gap:
    """One thing that is missing or malformed: whose, which business term, and what to do."""

    side: str
    term: str
    message: str


def gaps(document: Document) -> list[Gap]:
    """Everything that keeps the document from being an e-invoice; nothing when it is one."""
    return [
        *_document_gaps(document),
        *_seller_gaps(document),
        *_buyer_gaps(document),
    ]


def _document_gaps(document: Document) -> Iterator[Gap]:
    if not document.has_tax:
        yield Gap("document", "BG-23", "No tax could be decided: legal data are missing.")
    if document.exponent > MOST_DECIMALS:
        yield Gap(
            "document", "BT-5", f"Amounts in {document.currency} have too many decimals for it."
        )
    payment = document.payment
    if payment is None:
        return
    if payment.means in _NEEDS_IBAN and not payment.iban:
        yield Gap("seller", "BT-84", "A transfer needs an IBAN.")
    if payment.iban and not IBAN(payment.iban, allow_invalid=True).is_valid:
        yield Gap("seller", "BT-84", "The IBAN is not valid.")


def _seller_gaps(document: Document) -> Iterator[Gap]:
    seller = document.seller
    yield from _party_gaps("seller", seller, name="BT-27", city="BT-37", country="BT-40")
    yield from _number_gaps("seller", seller, vat="BT-31", address="BT-34")
    if not seller.address.street:
        yield Gap("seller", "BT-35", "The seller's street is missing.")
    if not (seller.identifiers or seller.registration or seller.vat_id):
        yield Gap("seller", "BT-30", "The seller needs a VAT or register number.")
    categories = {row.category for row in document.taxes}
    if categories & _NEEDS_SELLER_VAT and not seller.vat_id:
        yield Gap("seller", "BT-31", "The seller's VAT number is missing.")
    if categories & _NEEDS_SELLER_TAX and not (seller.vat_id or seller.tax_number):
        yield Gap("seller", "BT-32", "The seller's VAT or tax number is missing.")


def _buyer_gaps(document: Document) -> Iterator[Gap]:
    buyer = document.buyer
    yield from _party_gaps("buyer", buyer, name="BT-44", city="BT-52", country="BT-55")
    yield from _number_gaps("buyer", buyer, vat="BT-48", address="BT-49")
    categories = {row.category for row in document.taxes}
    if Category.REVERSE_CHARGE in categories and not buyer.vat_id:
        yield Gap("buyer", "BT-48", "The buyer's VAT number is missing.")


def _party_gaps(side: str, party: Party, *, name: str, city: str, country: str) -> Iterator[Gap]:
    if not party.legal_name.strip():
        yield Gap(side, name, f"The {side}'s legal name is missing.")
    if not party.address.city:
        yield Gap(side, city, f"The {side}'s town is missing.")
    if party.address.country not in COUNTRIES:
        yield Gap(side, country, f"The {side}'s country is missing.")


def _number_gaps(side: str, party: Party, *, vat: str, address: str) -> Iterator[Gap]:
    number = party.vat_id
    if number and not (_VAT_ID.fullmatch(number) and number[:2] in _PREFIXES):
        yield Gap(side, vat, f"The {side}'s VAT number has no form of one.")
    if not _is_address(party.electronic_address):
        yield Gap(side, address, f"The {side}'s electronic address has an unknown kind.")


def _is_address(address: Identifier | None) -> bool:
    return address is None or address.scheme == MAIL or address.scheme in EAS
