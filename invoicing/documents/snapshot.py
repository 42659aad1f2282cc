"""What an invoice's document says, as plain text, from frozen data only."""

from collections.abc import Mapping
from decimal import Decimal
from typing import TypedDict

from common.countries import COUNTRIES
from common.formats import amount_for_people
from invoicing.models import Invoice, InvoiceLine


class Party(TypedDict):
    """Seller or buyer as they were when the invoice was issued."""

    name: str
    legal_name: str
    street: str
    postcode: str
    city: str
    region: str
    country: str
    vat_id: str
    tax_number: str
    register_number: str
    iban: str


class Line(TypedDict):
    """One line, its figures as they are printed."""

    description: str
    quantity: str
    unit_price: str
    amount: str


class Snapshot(TypedDict):
    """Everything that the document prints: dates in ISO 8601, amounts as people read them."""

    number: str
    issued_on: str
    due_on: str
    currency: str
    seller: Party
    buyer: Party
    lines: list[Line]
    subtotal: str
    tax: str
    total: str


def snapshot_of(invoice: Invoice) -> Snapshot:
    """The document's content. Reads the invoice and its lines, never the parties as they are today."""
    return Snapshot(
        number=invoice.number,
        issued_on=invoice.issued_on.isoformat(),
        due_on=invoice.due_on.isoformat(),
        currency=invoice.total.currency.code,
        seller=_party(invoice.seller_copy),
        buyer=_party(invoice.buyer_copy),
        lines=[_line(line) for line in sorted(invoice.lines.all(), key=lambda line: line.position)],
        subtotal=amount_for_people(invoice.subtotal),
        tax=amount_for_people(invoice.tax),
        total=amount_for_people(invoice.total),
    )


def _party(copy: Mapping[str, str]) -> Party:
    return Party(
        name=copy["name"],
        legal_name=copy["legal_name"],
        street=copy["street"],
        postcode=copy["postcode"],
        city=copy["city"],
        region=copy["region"],
        country=COUNTRIES.get(copy["country"], copy["country"]),
        vat_id=copy["vat_id"],
        tax_number=copy["tax_number"],
        register_number=copy["register_number"],
        iban=copy["iban"],
    )


def _line(line: InvoiceLine) -> Line:
    return Line(
        description=line.description,
        quantity=_quantity(line.quantity),
        unit_price=amount_for_people(line.unit_price),
        amount=amount_for_people(line.amount),
    )


def _quantity(quantity: Decimal) -> str:
    """1 for 1.00, 2.5 for 2.50, 1,200 for 1200.00."""
    text = f"{quantity:,.2f}"
    return text.rstrip("0").rstrip(".")
