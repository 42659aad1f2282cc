"""Under which rules beyond EN 16931 an XML file is sent: only where the data satisfy them.

A profile that a document claims and does not meet is refused by the receiver's access point, so
each is claimed only when everything that it asks for is there; else the file is a plain EN 16931
one (docs/adr/0011).
"""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal, localcontext
from typing import Final

from common.party_numbers import LEITWEG, MAIL
from invoicing.documents.model import Category, Contact, Document, Identifier, Party, TypeCode

_EAS: Final = """
0002 0007 0009 0060 0088 0096 0097 0106 0130 0135 0142 0151 0183 0184 0188 0190 0191 0192 0195
0196 0198 0199 0200 0201 0204 0208 0209 0210 0211 0216 0218 0221 0225 0230 0235 0240 0242 0244
0245 0246 0248 9910 9913 9914 9915 9918 9919 9920 9922 9923 9924 9925 9926 9927 9928 9929 9930
9931 9932 9933 9934 9935 9936 9937 9938 9939 9940 9941 9942 9943 9944 9945 9946 9947 9948 9949
9950 9951 9952 9953 9957 9959
"""
EAS: Final = frozenset(_EAS.split())
"""Schemes of electronic addresses that Peppol accepts (PEPPOL-EN16931-CL008)."""

SIREN: Final = "0002"
FRENCH_DIRECTORY: Final = "0225"
OTHER_NATIONAL_RULES: Final = frozenset(["DK", "GR", "IS", "IT", "NO", "SE"])
"""Sellers whose national Peppol rules ask for more than a document here knows."""

LINE_SLACK: Final = Decimal("0.02")
"""How far a line may be from quantity times price (PEPPOL-EN16931-R120)."""

KVK_OR_OIN: Final = frozenset(["0106", "0190"])
FRENCH_MENTIONS: Final = frozenset(["PMT", "PMD", "AAB"])


@dataclass(frozen=True, slots=True)
class Profile:
    """The identifiers that a file claims; empty ones are those of EN 16931 alone."""

    name: str
    customization: str = ""
    process: str = ""
    joins_notes: bool = False

    def business_process(self, document: Document) -> str:
        """BT-23 in both files: S1 services to be paid, S2 services already paid, in France."""
        if self is not FRENCH:
            return ""
        return "S1" if document.totals.due else "S2"

    def due_on(self, document: Document) -> date | None:
        """BT-9; nothing is due of what is paid, but France wants the day on which it was."""
        if document.totals.due:
            return document.due_on
        return document.issued_on if self is FRENCH else None


PLAIN: Final = Profile("EN 16931")
FRENCH: Final = Profile("CTC-FR")
PEPPOL: Final = Profile(
    "Peppol BIS Billing 3.0",
    "urn:cen.eu:en16931:2017#compliant#urn:fdc:peppol.eu:2017:poacc:billing:3.0",
    "urn:fdc:peppol.eu:2017:poacc:billing:01:1.0",
    joins_notes=True,
)
SELF_BILLING: Final = Profile(
    "Peppol BIS Self-Billing 3.0",
    "urn:cen.eu:en16931:2017#compliant#urn:fdc:peppol.eu:2017:poacc:selfbilling:3.0",
    "urn:fdc:peppol.eu:2017:poacc:selfbilling:01:1.0",
    joins_notes=True,
)
XRECHNUNG: Final = Profile(
    "XRechnung 3.0",
    "urn:cen.eu:en16931:2017#compliant#urn:xeinkauf.de:kosit:xrechnung_3.0",
    "urn:fdc:peppol.eu:2017:poacc:billing:01:1.0",
)


def profile_of(document: Document) -> Profile:
    """The strictest profile whose rules the document meets."""
    if _is_french(document):
        return FRENCH
    if not _has_exact_lines(document):
        return PLAIN
    if _is_xrechnung(document):
        return XRECHNUNG
    if _is_peppol(document):
        return SELF_BILLING if document.type_code.is_self_billed else PEPPOL
    return PLAIN


def _has_exact_lines(document: Document) -> bool:
    """Not so 1.75 hours at 5,001 yen: the currency has no sub-units, the line is half a yen off."""
    with localcontext(prec=60):
        return all(
            abs(line.quantity * line.unit_price - line.amount) <= LINE_SLACK
            for line in document.lines
        )


def _countries(document: Document) -> tuple[str, str]:
    return document.seller.address.country, document.buyer.address.country


def _has_address(party: Party, schemes: frozenset[str]) -> bool:
    address = party.electronic_address
    return address is not None and bool(address.value) and address.scheme in schemes


def _is_siren(registration: Identifier | None) -> bool:
    return registration is not None and registration.scheme == SIREN


def _is_french(document: Document) -> bool:
    parties = document.seller, document.buyer
    return (
        _countries(document) == ("FR", "FR")
        and all(_is_siren(party.registration) for party in parties)
        and all(_has_address(party, frozenset([FRENCH_DIRECTORY])) for party in parties)
        and {note.subject for note in document.notes} >= FRENCH_MENTIONS
        and "EUR" in (document.currency, document.local_tax and document.local_tax.currency)
    )


def _is_whole(contact: Contact | None) -> bool:
    return contact is not None and all([contact.name, contact.phone, contact.email])


def _has_german_fields(document: Document) -> bool:
    seller, buyer = document.seller, document.buyer
    places = (seller.address, buyer.address)
    return (
        _is_whole(seller.contact)
        and bool(document.references.buyer)
        and document.payment is not None
        and all(place.city and place.postcode for place in places)
        and not any(row.category is Category.OUTSIDE for row in document.taxes)
    )


def _is_xrechnung(document: Document) -> bool:
    return (
        _has_address(document.buyer, frozenset([LEITWEG]))
        and _has_address(document.seller, EAS | {MAIL})
        and _has_german_fields(document)
        and document.type_code is not TypeCode.SELF_BILLED_CREDIT_NOTE
    )


def _is_peppol(document: Document) -> bool:
    seller, buyer = _countries(document)
    if not (_has_address(document.seller, EAS) and _has_address(document.buyer, EAS)):
        return False
    if not (document.references.buyer or document.references.order):
        return False
    if seller == buyer == "DE":
        return _has_german_fields(document)
    if seller == "NL":
        return _has_dutch_fields(document)
    return seller not in OTHER_NATIONAL_RULES


def _has_dutch_fields(document: Document) -> bool:
    parties = [document.seller]
    if document.buyer.address.country == "NL":
        parties.append(document.buyer)
    return document.payment is not None and all(
        party.address.street
        and party.address.city
        and party.address.postcode
        and party.registration is not None
        and party.registration.scheme in KVK_OR_OIN
        for party in parties
    )
