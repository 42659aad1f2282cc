"""An issued invoice as a document: its own rows and frozen copies, never today's parties."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Final

from djmoney.money import Money

from common.money import quantize
from gigs.enums import PaymentMode
from invoicing.documents.model import (
    ZERO,
    Address,
    Document,
    Identifier,
    Language,
    Line,
    Party,
    Payment,
    References,
    Totals,
    TypeCode,
)
from invoicing.models import Invoice, InvoiceLine

ISSUER: Final = "Tranche"

CLEARING: Final = "97"
ONLINE: Final = "68"
SEPA: Final = "58"
TRANSFER: Final = "30"
LEITWEG: Final = "0204"
ABN: Final = "0151"

_LANGUAGES: Final = {
    Language.GERMAN: frozenset(["AT", "CH", "DE", "LI"]),
    Language.FRENCH: frozenset(["FR", "MC"]),
    Language.SPANISH: frozenset(["AR", "CL", "CO", "EC", "ES", "MX", "PE", "UY"]),
}


def document_of(invoice: Invoice) -> Document:
    """What the invoice's page and files say. DocumentError when its figures do not agree.

    Reads the invoice with its lines, project and milestone.
    """
    is_paid = invoice.project.payment_mode != PaymentMode.ON_INVOICE
    return Document(
        type_code=TypeCode.INVOICE,
        number=invoice.number,
        issued_on=invoice.issued_on,
        delivered_on=_delivered_on(invoice),
        due_on=invoice.due_on,
        currency=invoice.total.currency.code,
        language=language_of(invoice.buyer_copy),
        seller=seller_of(invoice.seller_copy),
        buyer=party_of(invoice.buyer_copy),
        lines=tuple(
            _line(line) for line in sorted(invoice.lines.all(), key=lambda row: row.position)
        ),
        totals=_totals(invoice, is_paid=is_paid),
        payment=_payment(invoice, is_paid=is_paid),
        references=_references(invoice),
        issued_by=ISSUER,
    )


def language_of(buyer: Mapping[str, str]) -> Language:
    """The language of the buyer's country; English where it is none of those that we write."""
    country = buyer["country"]
    return next(
        (language for language, countries in _LANGUAGES.items() if country in countries),
        Language.ENGLISH,
    )


def party_of(copy: Mapping[str, str]) -> Party:
    """A frozen copy in terms of the standard.

    What some countries call a VAT number and is not one in Europe (an ABN, a GSTIN) has no prefix
    of a country: it is a local tax number and, where there is no other, the registration.
    """
    number = copy["vat_id"]
    is_european = number[:2].isalpha()
    local = "" if is_european else number
    return Party(
        legal_name=copy["legal_name"],
        trading_name=copy["name"],
        address=Address(
            street=copy["street"],
            postcode=copy["postcode"],
            city=copy["city"],
            region=copy["region"],
            country=copy["country"],
        ),
        registration=_registration(copy, local),
        vat_id=number if is_european else "",
        tax_number=local or copy["tax_number"],
        electronic_address=_identifier(
            copy["electronic_address"], copy["electronic_address_scheme"]
        ),
    )


def seller_of(copy: Mapping[str, str]) -> Party:
    """The same for a seller, who has to be identified (BR-CO-26): at least by our own number."""
    party = party_of(copy)
    if party.vat_id or party.registration or not party.address.country:
        return party
    return replace(party, identifiers=(Identifier(value=copy["id"]),))


def _registration(copy: Mapping[str, str], local: str) -> Identifier | None:
    if copy["register_number"] or not local:
        return _identifier(copy["register_number"], copy["register_scheme"])
    return Identifier(value=local, scheme=ABN if copy["country"] == "AU" else "")


def _identifier(value: str, scheme: str) -> Identifier | None:
    return Identifier(value=value, scheme=scheme) if value else None


def _delivered_on(invoice: Invoice) -> date:
    approved_at = invoice.milestone.approved_at
    return approved_at.date() if approved_at else invoice.issued_on


def _exact(money: Money) -> Decimal:
    return quantize(money).amount


def _line(line: InvoiceLine) -> Line:
    return Line(
        id=str(line.position),
        name=line.description,
        quantity=line.quantity.normalize() + 0,
        unit_price=_exact(line.unit_price),
        amount=_exact(line.amount),
    )


def _totals(invoice: Invoice, *, is_paid: bool) -> Totals:
    gross = _exact(invoice.total)
    return Totals(
        net=_exact(invoice.subtotal),
        tax=_exact(invoice.tax),
        gross=gross,
        paid=gross if is_paid else ZERO,
        due=ZERO if is_paid else gross,
    )


def _payment(invoice: Invoice, *, is_paid: bool) -> Payment:
    iban = invoice.seller_copy["iban"]
    if is_paid:
        return Payment(means=CLEARING)
    if not iban:
        return Payment(means=ONLINE)
    means = SEPA if invoice.total.currency.code == "EUR" else TRANSFER
    return Payment(means=means, iban=iban, account_name=invoice.seller_copy["legal_name"])


def _references(invoice: Invoice) -> References:
    """BT-10 is what a German authority routes by, when the buyer is one; else our project."""
    buyer = invoice.buyer_copy
    is_authority = buyer["electronic_address_scheme"] == LEITWEG
    project = invoice.project.public_id
    return References(
        buyer=buyer["electronic_address"] if is_authority else project,
        order=invoice.milestone.public_id,
    )
