"""An issued invoice as a document: its own rows and frozen copies, never today's parties."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Final

from djmoney.money import Money

from accounts.enums import PartyKind
from accounts.models import Organisation
from common.money import amount_text, from_minor, quantize, to_minor
from common.party_numbers import LEITWEG
from invoicing.documents.language import vat_label
from invoicing.documents.legends import legend_in
from invoicing.documents.mentions import (
    mentions_of,
    place_of_supply,
    self_billing_mentions_of,
)
from invoicing.documents.model import (
    ZERO,
    Address,
    Category,
    Contact,
    Document,
    Identifier,
    Language,
    Line,
    Note,
    Party,
    Payment,
    Preceding,
    References,
    Tax,
    Totals,
    TypeCode,
)
from invoicing.enums import TaxCategory
from invoicing.models import Invoice, InvoiceLine, InvoiceTax
from invoicing.selectors import first_part
from invoicing.tax import parts_of

ISSUER: Final = "Tranche"
TYPE_CODES: Final = {
    (False, False): TypeCode.INVOICE,
    (False, True): TypeCode.CREDIT_NOTE,
    (True, False): TypeCode.SELF_BILLED,
    (True, True): TypeCode.SELF_BILLED_CREDIT_NOTE,
}
"""By whether the buyer bills himself, and whether it is a credit note."""
CHARGED: Final = frozenset({TaxCategory.STANDARD, TaxCategory.ZERO})

CLEARING: Final = "97"
ONLINE: Final = "68"
SEPA: Final = "58"
TRANSFER: Final = "30"
ABN: Final = "0151"

_LANGUAGES: Final = {
    Language.GERMAN: frozenset(["AT", "CH", "DE", "LI"]),
    Language.FRENCH: frozenset(["FR", "MC"]),
    Language.SPANISH: frozenset(["AR", "CL", "CO", "EC", "ES", "MX", "PE", "UY"]),
}


def document_of(invoice: Invoice) -> Document:
    """What the invoice's page and files say. DocumentError when its figures do not agree.

    Reads the invoice with its lines, taxes, payments, project and milestone, and what it credits.
    """
    is_note = invoice.credits is not None
    language = language_of(invoice.buyer_copy)
    taxes = sorted(invoice.taxes.all(), key=lambda row: row.pk)
    sold, bought = invoice.seller_copy, invoice.buyer_copy
    is_outside = any(row.category == TaxCategory.OUTSIDE for row in taxes)
    seller, buyer = parties_of(sold, bought, is_outside=is_outside)
    type_code = TYPE_CODES[invoice.project.is_self_billed, is_note]
    totals = _totals(invoice)
    return Document(
        type_code=type_code,
        number=invoice.number,
        issued_on=invoice.issued_on,
        delivered_on=_delivered_on(invoice),
        due_on=invoice.due_on,
        preceding=_preceding(invoice),
        currency=invoice.total.currency.code,
        language=language,
        seller=seller,
        buyer=buyer,
        lines=tuple(
            _line(line) for line in sorted(invoice.lines.all(), key=lambda row: row.position)
        ),
        taxes=tuple(_tax(row, language) for row in taxes),
        totals=totals,
        notes=_notes(invoice, taxes, is_self_billed=type_code.is_self_billed),
        payment=_payment(invoice, totals),
        references=_references(invoice),
        issued_by="" if type_code.is_self_billed else ISSUER,
        logo=(bought if type_code.is_self_billed else sold).get("logo", ""),
    )


def parties_of(
    sold: Mapping[str, str], bought: Mapping[str, str], *, is_outside: bool
) -> tuple[Party, Party]:
    """Seller and buyer; outside the scope of VAT the seller's VAT number is text alone."""
    if not is_outside:
        return seller_of(sold), party_of(bought)
    words = _vat_in_words(sold, language_of(bought))
    seller = replace(seller_of(_without_vat_id(sold)), legal_info=words)
    return seller, party_of(_without_vat_id(bought))


def language_of(buyer: Mapping[str, str]) -> Language:
    """The language of the buyer's country; English where it is none of those that we write."""
    country = buyer["country"]
    return next(
        (language for language, countries in _LANGUAGES.items() if country in countries),
        Language.ENGLISH,
    )


def reference_of(buyer: Mapping[str, str]) -> str:
    """What the buyer wants to read on invoices: a German authority's Leitweg-ID, or nothing."""
    is_authority = buyer["electronic_address_scheme"] == LEITWEG
    return buyer["electronic_address"] if is_authority else ""


def party_of(copy: Mapping[str, str]) -> Party:
    """A frozen copy in terms of the standard.

    What some countries call a VAT number and is not one in Europe (an ABN, a GSTIN) has no prefix
    of a country: it is a local tax number and, where there is no other, the registration. The
    name that a person shows is no trading name; that of an organisation is one.
    """
    number = copy["vat_id"]
    is_european = number[:2].isalpha()
    local = "" if is_european else number
    return Party(
        legal_name=copy["legal_name"],
        trading_name=copy["name"] if copy["id"].startswith(Organisation.PREFIX) else "",
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
    party = replace(party_of(copy), contact=_contact(copy))
    if party.vat_id or party.registration or not party.address.country:
        return party
    return replace(party, identifiers=(Identifier(value=copy["id"]),))


def _contact(copy: Mapping[str, str]) -> Contact | None:
    """Whom to ask; copies from before these fields have none."""
    phone, email = copy.get("contact_phone", ""), copy.get("contact_email", "")
    return Contact(name=copy["name"], phone=phone, email=email) if phone or email else None


def _registration(copy: Mapping[str, str], local: str) -> Identifier | None:
    if copy["register_number"] or not local:
        return _identifier(copy["register_number"], copy["register_scheme"])
    return Identifier(value=local, scheme=ABN if copy["country"] == "AU" else "")


def _identifier(value: str, scheme: str) -> Identifier | None:
    return Identifier(value=value, scheme=scheme) if value else None


def _preceding(invoice: Invoice) -> tuple[Preceding, ...]:
    corrected = invoice.credits
    if corrected is None:
        return ()
    return (Preceding(number=corrected.number, issued_on=corrected.issued_on),)


def _delivered_on(invoice: Invoice) -> date:
    approved_at = invoice.milestone and invoice.milestone.approved_at
    return approved_at.date() if approved_at else invoice.issued_on


def _exact(money: Money) -> Decimal:
    return quantize(money).amount


def _notes(
    invoice: Invoice, taxes: Sequence[InvoiceTax], *, is_self_billed: bool
) -> tuple[Note, ...]:
    sold, bought = invoice.seller_copy, invoice.buyer_copy
    language = language_of(bought)
    mentions = mentions_of(
        sold["country"], bought["country"], is_business=bought["kind"] == PartyKind.BUSINESS
    )
    if is_self_billed:
        is_taxed = bool(invoice.tax.amount)
        mentions += self_billing_mentions_of(sold["country"], is_taxed=is_taxed)
    return (
        *([Note(text=invoice.reason)] if invoice.reason else []),
        *(Note(text=text) for row in taxes for text in _tax_notes(row, language)),
        *mentions,
        *(place_of_supply(sold, bought) if taxes else ()),
    )


def _line(line: InvoiceLine) -> Line:
    return Line(
        id=str(line.position),
        name=line.description,
        quantity=line.quantity.normalize() + 0,
        unit_price=_exact(line.unit_price),
        amount=_exact(line.amount),
        unit=line.unit,
        category=Category(line.tax_category) if line.tax_category else None,
        rate=_rate(line.tax_rate),
    )


def _rate(percent: Decimal | None) -> Decimal | None:
    return None if percent is None else percent.normalize() + 0


def _tax(row: InvoiceTax, language: Language) -> Tax:
    is_reason = row.category not in CHARGED
    return Tax(
        category=Category(row.category),
        rate=_rate(row.rate),
        base=_exact(row.basis),
        amount=_exact(row.amount),
        reason=legend_in(row.legend, row.category, language) if is_reason else "",
        reason_code=row.vatex_code if is_reason else "",
        name=row.name,
    )


def _tax_notes(row: InvoiceTax, language: Language) -> list[str]:
    """What the law wants said of tax that is charged, and the two taxes of an Indian state."""
    notes = []
    if row.legend and row.category in CHARGED:
        notes.append(legend_in(row.legend, row.category, language))
    currency = row.amount.currency.code
    shares = [
        f"{name} {percent.normalize() + 0} %: {amount_text(from_minor(minor, currency))} {currency}"
        for name, percent, minor in parts_of(row.name, row.rate, to_minor(row.amount))
    ]
    return [*notes, "; ".join(shares)] if shares else notes


def _without_vat_id(copy: Mapping[str, str]) -> Mapping[str, str]:
    """Outside the scope of VAT the field of the VAT number must be empty (BR-O-02, BR-O-03)."""
    return {**copy, "vat_id": ""} if copy["vat_id"][:2].isalpha() else copy


def _vat_in_words(copy: Mapping[str, str], language: Language) -> str:
    """The seller's VAT number as text (BT-33): the law wants it on the invoice all the same."""
    if not copy["vat_id"][:2].isalpha():
        return ""
    return f"{vat_label(copy['country'], language)} {copy['vat_id']}"


def _paid(invoice: Invoice) -> Decimal:
    """What is paid with the issue: from held funds, or what an invoice before it had brought.

    In part where these do not suffice, also if a note has undone that since.
    """
    if invoice.credits is not None:
        return ZERO
    part = first_part(invoice)
    if part is not None:
        return _exact(part)
    return _exact(invoice.total) if invoice.paid_at == invoice.issued_at else ZERO


def _totals(invoice: Invoice) -> Totals:
    gross, paid = _exact(invoice.total), _paid(invoice)
    return Totals(
        net=_exact(invoice.subtotal),
        tax=_exact(invoice.tax),
        gross=gross,
        paid=paid,
        due=gross - paid,
    )


def _payment(invoice: Invoice, totals: Totals) -> Payment:
    if invoice.credits is not None or not totals.due:
        return Payment(means=CLEARING)
    iban = invoice.seller_copy["iban"]
    if not iban:
        return Payment(means=ONLINE)
    means = SEPA if invoice.total.currency.code == "EUR" else TRANSFER
    return Payment(means=means, iban=iban, account_name=invoice.seller_copy["legal_name"])


def _references(invoice: Invoice) -> References:
    """BT-10 is the buyer's own where there is one; else our project."""
    return References(
        buyer=reference_of(invoice.buyer_copy) or invoice.project.public_id,
        order=invoice.milestone.public_id if invoice.milestone else "",
    )
