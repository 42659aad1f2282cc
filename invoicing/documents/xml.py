"""A document as CII (Factur-X) and UBL, made by factur-x from one table of business terms.

What the library gets wrong or leaves to its caller is settled here and nowhere else: it changes
the table it is given (each call gets a new one), rounds prices to four decimals, knows no
profile but EN 16931, writes every rounding in euros, and needs the day of supply.
"""

import logging
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

from facturx.generate_xml import generate_cii_xml, generate_ubl_xml

from invoicing.documents.model import (
    Address,
    Category,
    Contact,
    Document,
    Identifier,
    Line,
    Party,
    Payment,
    Tax,
)
from invoicing.documents.profiles import Profile, profile_of
from invoicing.documents.text import for_xml, notes_of

UNDEFINED_MEANS: Final = "1"
"""UNTDID 4461: the instrument of payment is not defined."""

_UNCHECKED: Final = {"level": "en16931", "check_xsd": False, "check_schematron": False}
_ROUNDING: Final = b'<cbc:PayableRoundingAmount currencyID="%s">'
_CUSTOMIZATION: Final = b"<cbc:CustomizationID>urn:cen.eu:en16931:2017</cbc:CustomizationID>"

logging.getLogger("factur-x").setLevel(logging.ERROR)


def cii_of(document: Document) -> bytes:
    """The Cross Industry Invoice that is embedded in the PDF: Factur-X 1.0, profile EN 16931."""
    terms = _terms(document, profile_of(document))
    xml: bytes = generate_cii_xml(terms, **_UNCHECKED)
    return xml


def ubl_of(document: Document) -> bytes:
    """The UBL 2.1 Invoice or CreditNote, under the strictest profile that the data allow."""
    profile = profile_of(document)
    xml: bytes = generate_ubl_xml(_terms(document, profile), **_UNCHECKED)
    xml = xml.replace(_ROUNDING % b"EUR", _ROUNDING % document.currency.encode("ascii"))
    return _claiming(xml, profile)


def _claiming(xml: bytes, profile: Profile) -> bytes:
    """The same with the identifiers of the profile, which the library cannot write."""
    if not profile.customization:
        return xml
    claimed = f"<cbc:CustomizationID>{profile.customization}</cbc:CustomizationID>"
    if profile.process:
        claimed += f"\n  <cbc:ProfileID>{profile.process}</cbc:ProfileID>"
    return xml.replace(_CUSTOMIZATION, claimed.encode("ascii"), 1)


def _terms(document: Document, profile: Profile) -> dict[str, Any]:
    """The table of business terms, without those that have no value."""
    totals = document.totals
    money = _Money(document.exponent)
    terms = {
        "BT-1": document.number,
        "BT-2": document.issued_on,
        "BT-3": str(document.type_code),
        "BT-5": document.currency,
        "BT-9": profile.due_on(document),
        "BT-10": document.references.buyer,
        "BT-11": document.references.project,
        "BT-12": document.references.contract,
        "BT-13": document.references.order,
        "BT-23": profile.business_process(document),
        "BT-72": document.delivered_on,
        "BT-73": document.period.start if document.period else None,
        "BT-74": document.period.end if document.period else None,
        "BT-106": money(totals.net),
        "BT-109": money(totals.net),
        "BT-110": money(totals.tax),
        "BT-112": money(totals.gross),
        "BT-113": money(totals.paid) if totals.paid else None,
        "BT-114": money(totals.rounding) if totals.rounding else None,
        "BT-115": money(totals.due),
        "BG-1": _notes(document, profile),
        "BG-3": [
            {"BT-25": former.number, "BT-26": former.issued_on} for former in document.preceding
        ],
        "BG-4": _party(document.seller, document),
        "BG-7": _party(document.buyer, document),
        "BG-23": [_tax(row, money) for row in document.taxes],
        "BG-25": [_line(line, money) for line in document.lines],
    }
    cleaned: dict[str, Any] = _clean({**terms, **_payment(document), **_local_tax(document)})
    return cleaned


class _Money:
    """Writes amounts with the decimals of their currency."""

    def __init__(self, exponent: int) -> None:
        self._exponent = exponent

    def __call__(self, amount: Decimal) -> str:
        return f"{amount:.{self._exponent}f}"

    def price(self, amount: Decimal) -> str:
        """With the decimals it has, four at most, and no fewer than the currency."""
        written = f"{amount:.4f}".rstrip("0")
        decimals = len(written.partition(".")[2])
        return f"{amount:.{max(decimals, self._exponent)}f}"


def _plain(number: Decimal) -> str:
    """Without idle zeros: 19, 5.5, 1200."""
    written = f"{number:f}"
    return written.rstrip("0").rstrip(".") if "." in written else written


def _clean(value: Any) -> Any:
    """The value with XML's own characters only, and without parts that are empty."""
    if isinstance(value, str):
        return for_xml(value)
    if isinstance(value, Mapping):
        cleaned = {key: _clean(part) for key, part in value.items()}
        return {key: part for key, part in cleaned.items() if part not in (None, "", [], {})}
    if isinstance(value, list):
        return [_clean(part) for part in value]
    return value


def _notes(document: Document, profile: Profile) -> list[dict[str, str]]:
    notes = notes_of(document)
    if profile.joins_notes and len(notes) > 1:
        return [{"BT-22": "\n".join(note.text for note in notes)}]
    return [{"BT-21": note.subject, "BT-22": note.text} for note in notes]


def _party(party: Party, document: Document) -> dict[str, Any]:
    identifiers: dict[str | None, str] = {
        identifier.scheme or None: identifier.value for identifier in party.identifiers
    }
    vat_id = party.vat_id
    if vat_id and _is_outside(document):
        identifiers.setdefault(None, vat_id)
        vat_id = ""
    return {
        "name": party.legal_name,
        "biz_name": party.trading_name if party.trading_name != party.legal_name else "",
        "identifiers": identifiers,
        "vat_identifier": vat_id,
        "tax_identifier": party.tax_number,
        "legal_info": party.legal_info,
        **_registration(party.registration),
        **_address(party.address),
        **_electronic_address(party.electronic_address),
        "contacts": _contacts(party.contact),
    }


def _is_outside(document: Document) -> bool:
    """BR-O-02: no VAT identifiers on what is outside the scope of VAT; they become plain ones."""
    return any(row.category is Category.OUTSIDE for row in document.taxes)


def _registration(registration: Identifier | None) -> dict[str, str]:
    if registration is None:
        return {}
    return {
        "legal_identifier": registration.value,
        "legal_identifier_schemeid": registration.scheme,
    }


def _electronic_address(address: Identifier | None) -> dict[str, str]:
    if address is None:
        return {}
    return {"einvoicing_addr": address.value, "einvoicing_addr_schemeid": address.scheme}


def _address(address: Address) -> dict[str, str]:
    return {
        "addr_l1": address.street,
        "addr_l2": address.street_2,
        "postcode": address.postcode,
        "city": address.city,
        "country_subdivision": address.region,
        "country_code": address.country,
    }


def _contacts(contact: Contact | None) -> list[dict[str, str]]:
    if contact is None:
        return []
    return [{"name": contact.name, "phone": contact.phone, "email": contact.email}]


def _tax(row: Tax, money: _Money) -> dict[str, str | None]:
    return {
        "BT-116": money(row.base),
        "BT-117": money(row.amount),
        "BT-118": str(row.category),
        "BT-119": None if row.rate is None else _plain(row.rate),
        "BT-120": row.reason,
        "BT-121": row.reason_code,
    }


def _line(line: Line, money: _Money) -> dict[str, str | None]:
    return {
        "BT-126": line.id,
        "BT-129": _plain(line.quantity),
        "BT-130": line.unit,
        "BT-131": money(line.amount),
        "BT-146": money.price(line.unit_price),
        "BT-151": None if line.category is None else str(line.category),
        "BT-152": None if line.rate is None else _plain(line.rate),
        "BT-153": line.name,
        "BT-154": line.description,
    }


def _payment(document: Document) -> dict[str, str]:
    payment = document.payment or Payment(means=UNDEFINED_MEANS)
    return {
        "BT-20": payment.terms,
        "BT-81": payment.means,
        "BT-82": payment.text,
        "BT-83": document.number if document.totals.due else "",
        "BT-84": payment.iban,
        "BT-85": payment.account_name,
        "BT-86": payment.bic,
    }


def _local_tax(document: Document) -> dict[str, str]:
    local = document.local_tax
    if local is None:
        return {}
    return {"BT-6": local.currency, "BT-111": _Money(local.exponent)(local.amount)}
