"""The platform's own document to a freelancer for the fees of a month, or for what it gave back."""

import calendar
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Final

from common.money import decimal_of, from_minor
from invoicing.documents.language import wording_of
from invoicing.documents.legends import legend_in
from invoicing.documents.model import (
    Category,
    Contact,
    Document,
    Language,
    Line,
    Note,
    Payment,
    Period,
    Preceding,
    References,
    Tax,
    Totals,
    TypeCode,
)
from invoicing.documents.snapshot import (
    CHARGED,
    CLEARING,
    language_of,
    parties_of,
    reference_of,
)
from invoicing.enums import FeeKind, TaxCategory
from invoicing.tax import Decision, parts_of

TYPE_CODES: Final = {FeeKind.FEE: TypeCode.INVOICE, FeeKind.CREDIT: TypeCode.CREDIT_NOTE}
CONTACT_FIELDS: Final = ("contact_name", "contact_phone", "contact_email")
NAMED: Final = 12
"""How many numbers a line names."""
WORDS: Final = {
    Language.ENGLISH: (
        "Platform fee on invoices paid in {month}",
        "Fees of withdrawals in {month}",
        "Platform fee given back in {month}",
        "Fees of withdrawals given back in {month}",
    ),
    Language.GERMAN: (
        "Plattformgebühr auf im {month} bezahlte Rechnungen",
        "Gebühren der Auszahlungen im {month}",
        "Im {month} erstattete Plattformgebühr",
        "Im {month} erstattete Gebühren von Auszahlungen",
    ),
    Language.FRENCH: (
        "Frais de plateforme sur les factures réglées en {month}",
        "Frais des retraits en {month}",
        "Frais de plateforme restitués en {month}",
        "Frais de retraits restitués en {month}",
    ),
    Language.SPANISH: (
        "Comisión de la plataforma por las facturas pagadas en {month}",
        "Comisiones de los retiros de {month}",
        "Comisión de la plataforma devuelta en {month}",
        "Comisiones de retiros devueltas en {month}",
    ),
}


@dataclass(frozen=True, slots=True)
class FeeCharge:
    """What the ledger took from somebody in a month, or gave back: minor units, tax included.

    `numbers` names the invoices; `corrected` the months whose fees went back.
    """

    kind: FeeKind
    user_id: int
    currency: str
    month: date
    of_invoices: int
    of_withdrawals: int
    numbers: tuple[str, ...] = ()
    corrected: tuple[date, ...] = ()

    @property
    def total(self) -> int:
        return self.of_invoices + self.of_withdrawals


@dataclass(frozen=True, slots=True)
class FeeSums:
    """Minor units: the basis of both parts, the tax of their sum, and the cent that is missing."""

    of_invoices: int
    of_withdrawals: int
    tax: int
    rounding: int

    @property
    def subtotal(self) -> int:
        return self.of_invoices + self.of_withdrawals

    @property
    def total(self) -> int:
        return self.subtotal + self.tax + self.rounding


@dataclass(frozen=True, slots=True, kw_only=True)
class FeeParts:
    """What a fee document is made of. `numbers` names the invoices that its fees are of."""

    kind: FeeKind
    number: str
    issued_on: date
    month: date
    currency: str
    seller: Mapping[str, str]
    buyer: Mapping[str, str]
    decision: Decision | None
    sums: FeeSums
    numbers: Sequence[str]
    corrects: Sequence[tuple[str, date]] = ()
    logo: str = ""


def fee_document(parts: FeeParts) -> Document:
    """The document: nothing is due, for the fees were taken as the money came."""
    language = language_of(parts.buyer)
    decision = parts.decision
    is_outside = decision is not None and decision.category == TaxCategory.OUTSIDE
    seller, buyer = parties_of(parts.seller, parts.buyer, is_outside=is_outside)
    seller = replace(seller, contact=_contact(parts.seller))
    last = parts.month.replace(day=calendar.monthrange(parts.month.year, parts.month.month)[1])
    lines, taxes = _lines(parts, language), _taxes(parts, language)
    return Document(
        type_code=TYPE_CODES[parts.kind],
        number=parts.number,
        issued_on=parts.issued_on,
        delivered_on=last,
        period=Period(start=parts.month, end=last),
        currency=parts.currency,
        language=language,
        seller=seller,
        buyer=buyer,
        lines=lines,
        taxes=taxes,
        totals=_totals(parts, lines, taxes),
        payment=Payment(means=CLEARING),
        references=References(buyer=reference_of(parts.buyer) or parts.buyer["id"]),
        preceding=tuple(
            Preceding(number=number, issued_on=issued_on) for number, issued_on in parts.corrects
        ),
        notes=_notes(parts, language),
        logo=parts.logo,
    )


def _contact(seller: Mapping[str, str]) -> Contact | None:
    """Whom to ask: without all three a German document is no Peppol one (DE-R-002)."""
    name, phone, email = (seller.get(field, "") for field in CONTACT_FIELDS)
    return Contact(name=name, phone=phone, email=email) if name or phone or email else None


def _lines(parts: FeeParts, language: Language) -> tuple[Line, ...]:
    wording = wording_of(language)
    month = f"{wording.months[parts.month.month - 1]} {parts.month.year}"
    first = 0 if parts.kind == FeeKind.FEE else 2
    names = [name.format(month=month) for name in WORDS[language][first : first + 2]]
    amounts = (parts.sums.of_invoices, parts.sums.of_withdrawals)
    described = (_named(parts.numbers), "")
    found = [
        (name, amount, words)
        for name, amount, words in zip(names, amounts, described, strict=True)
        if amount
    ]
    return tuple(
        Line(
            id=str(position),
            name=name,
            description=words,
            quantity=Decimal(1),
            unit_price=_exact(amount, parts),
            amount=_exact(amount, parts),
            category=Category(parts.decision.category) if parts.decision else None,
            rate=_rate(parts.decision),
        )
        for position, (name, amount, words) in enumerate(found, start=1)
    )


def _named(numbers: Sequence[str]) -> str:
    more = f" (+ {len(numbers) - NAMED})" if len(numbers) > NAMED else ""
    return ", ".join(numbers[:NAMED]) + more


def _taxes(parts: FeeParts, language: Language) -> tuple[Tax, ...]:
    decision = parts.decision
    if decision is None:
        return ()
    is_reason = decision.category not in CHARGED
    return (
        Tax(
            category=Category(decision.category),
            rate=_rate(decision),
            base=_exact(parts.sums.subtotal, parts),
            amount=_exact(parts.sums.tax, parts),
            reason=legend_in(decision.legend, decision.category, language) if is_reason else "",
            reason_code=decision.vatex if is_reason else "",
            name=decision.name,
        ),
    )


def _totals(parts: FeeParts, lines: tuple[Line, ...], taxes: tuple[Tax, ...]) -> Totals:
    rounding = _exact(parts.sums.rounding, parts) if parts.sums.rounding else None
    return Totals.of(lines, taxes, paid=_exact(parts.sums.total, parts), rounding=rounding)


def _notes(parts: FeeParts, language: Language) -> tuple[Note, ...]:
    decision = parts.decision
    if decision is None or decision.category not in CHARGED:
        return ()
    shares = [
        f"{name} {percent.normalize() + 0} %: {from_minor(minor, parts.currency)}"
        for name, percent, minor in parts_of(decision.name, decision.rate, parts.sums.tax)
    ]
    legend = legend_in(decision.legend, decision.category, language)
    texts = [legend, "; ".join(shares)]
    return tuple(Note(text=text) for text in texts if text)


def _rate(decision: Decision | None) -> Decimal | None:
    if decision is None or decision.rate is None:
        return None
    return decision.rate.normalize() + 0


def _exact(minor: int, parts: FeeParts) -> Decimal:
    return decimal_of(minor, parts.currency)
