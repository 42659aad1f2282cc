"""Documents as the tests want them: valid by default, each part to be changed by name."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

from invoicing.documents.model import (
    Address,
    Category,
    Contact,
    Document,
    Identifier,
    Language,
    Line,
    Party,
    Payment,
    Preceding,
    References,
    Tax,
    Totals,
    TypeCode,
    rounded,
)

EXPONENTS = {"JPY": 0, "KWD": 3}

GERMAN_SELLER = Party(
    legal_name="Lovelace Engines GmbH",
    trading_name="Lovelace Engines",
    address=Address(street="Torstraße 140", postcode="10119", city="Berlin", country="DE"),
    registration=Identifier(value="HRB 123456 B"),
    vat_id="DE136695976",
    electronic_address=Identifier(value="DE136695976", scheme="9930"),
    contact=Contact(name="Ada Lovelace", phone="+49 30 1234567", email="ada@lovelace.example"),
)
GERMAN_BUYER = Party(
    legal_name="Museum der Scheiben AG",
    address=Address(street="Inselstraße 1", postcode="10178", city="Berlin", country="DE"),
    vat_id="DE129274202",
    electronic_address=Identifier(value="DE129274202", scheme="9930"),
)


def lines_of(
    *prices: str, category: Category | None, rate: str | None, **changes: Any
) -> tuple[Line, ...]:
    return tuple(
        Line(
            id=str(position),
            name=changes.get("name", f"Museum web site: Part {position}"),
            description=changes.get("description", ""),
            quantity=Decimal(1),
            unit_price=Decimal(price),
            amount=Decimal(price),
            category=category,
            rate=None if rate is None else Decimal(rate),
        )
        for position, price in enumerate(prices, start=1)
    )


def taxes_of(
    lines: tuple[Line, ...], *, exponent: int = 2, reason: str = "", code: str = ""
) -> tuple[Tax, ...]:
    groups: dict[tuple[Category, Decimal | None], Decimal] = {}
    for line in lines:
        if line.category is not None:
            key = line.category, line.rate
            groups[key] = groups.get(key, Decimal(0)) + line.amount
    return tuple(
        Tax(
            category=category,
            rate=rate,
            base=base,
            amount=rounded(base * (rate or 0) / 100, exponent),
            reason=reason,
            reason_code=code,
        )
        for (category, rate), base in groups.items()
    )


def document(
    *prices: str,
    category: Category | None = Category.STANDARD,
    rate: str | None = "19",
    reason: str = "",
    code: str = "",
    paid: bool = False,
    **changes: Any,
) -> Document:
    """A German domestic invoice at 19 %, unless something else is said."""
    lines = changes.pop("lines", None) or lines_of(
        *(prices or ("3333.34",)), category=category, rate=rate
    )
    exponent = EXPONENTS.get(changes.get("currency", "EUR"), 2)
    taxes = changes.pop("taxes", None)
    if taxes is None:
        taxes = taxes_of(lines, exponent=exponent, reason=reason, code=code)
    totals = Totals.of(lines, taxes)
    if paid:
        totals = Totals.of(lines, taxes, paid=totals.gross)
    values: dict[str, Any] = {
        "type_code": TypeCode.INVOICE,
        "number": "K7QM-2026-00012",
        "issued_on": date(2026, 11, 23),
        "delivered_on": date(2026, 11, 22),
        "due_on": date(2026, 11, 30),
        "currency": "EUR",
        "language": Language.ENGLISH,
        "seller": GERMAN_SELLER,
        "buyer": GERMAN_BUYER,
        "lines": lines,
        "taxes": taxes,
        "totals": totals,
        "payment": Payment(means="97" if paid else "68"),
        "references": References(project="prj_4b1d", order="mst_9c2e", contract="prj_4b1d"),
        "issued_by": "Tranche",
    }
    return Document(**{**values, **changes})


def credited(original: Document, **changes: Any) -> Document:
    """The credit note of all of that document."""
    self_billed = original.type_code.is_self_billed
    values: dict[str, Any] = {
        "type_code": TypeCode.SELF_BILLED_CREDIT_NOTE if self_billed else TypeCode.CREDIT_NOTE,
        "number": original.number.replace("-2026-", "C-2026-"),
        "preceding": (Preceding(number=original.number, issued_on=original.issued_on),),
    }
    return replace(original, **{**values, **changes})
