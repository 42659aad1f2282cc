"""Invoices as tables for spreadsheets: a list of them, and all of a calendar year for the tax office.

Amounts of credit notes are negative here, so that columns add up. No text is run as a formula.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Final, NamedTuple, TypeVar

from djmoney.money import Money

from accounts.models import User
from common.money import amount_text, fee_left, from_minor, to_minor, zero
from common.spreadsheets import harmless
from invoicing import selectors
from invoicing.enums import FeeKind, InvoiceKind, Side
from invoicing.models import FeeInvoice, Invoice

T = TypeVar("T")
COLUMNS: Final = (
    "Number",
    "Kind",
    "Status",
    "Issued",
    "Due",
    "Paid",
    "Seller",
    "Seller's country",
    "Seller's VAT number",
    "Buyer",
    "Buyer's country",
    "Buyer's VAT number",
    "Project",
    "Milestone",
    "Currency",
    "Subtotal",
    "Tax",
    "Total",
    "Open",
)
SELLERS_COLUMNS: Final = ("Fee", "Net")
TAX_COLUMNS: Final = (
    "Number",
    "Issued",
    "Category",
    "Rate in percent",
    "Name",
    "Currency",
    "Basis",
    "Tax",
    "Legend",
    "VATEX code",
    "Rule",
)
PAID_COLUMNS: Final = ("Number", "Issued", "Paid", "Seller", "Buyer", "Currency", "Total")
FEE_COLUMNS: Final = (
    "Number",
    "Kind",
    "Month",
    "Issued",
    "Currency",
    "Subtotal",
    "Tax",
    "Rounding",
    "Total",
    "Rule",
)
TOTAL_COLUMNS: Final = (
    "What",
    "Currency",
    "Category",
    "Rate in percent",
    "Documents",
    "Subtotal",
    "Tax",
    "Total",
)


class Table(NamedTuple):
    """Headings, and rows that are read little by little."""

    columns: Sequence[str]
    rows: Iterable[Sequence[str]]


class Paid(NamedTuple):
    """What was paid of an invoice on one day: subtotal, tax, total, fee and net."""

    invoice: Invoice
    on: date
    amounts: list[Money]


def invoice_table(invoices: Iterable[Invoice], side: Side) -> Table:
    """Invoices, one a row; fee and net are for the seller alone."""
    return Table(_with_own(COLUMNS, side), (cells(invoice, side) for invoice in invoices))


def year_tables(user: User, side: Side, year: int) -> Iterator[tuple[str, Table]]:
    """What the tax office asks of a year, by name; each is read before the next one.

    What was issued in the year, the tax of it, what was paid in the year, the platform's fee
    invoices to a seller, and the sums of these.
    """
    sums = _Sums()
    issued = _noted(selectors.invoices_of_year(user, side, year), sums.note_issued)
    yield "issued", Table(_with_own(COLUMNS, side), (cells(row, side) for row in issued))
    taxed = selectors.invoices_of_year(user, side, year)
    yield "tax", Table(TAX_COLUMNS, (cells for row in taxed for cells in _tax_cells(row)))
    invoices = selectors.invoices_paid_in(user, side, year)
    paid = _noted((one for row in invoices for one in _paid_in(row, year)), sums.note_paid)
    yield "paid", Table(_with_own(PAID_COLUMNS, side), (_paid_cells(one, side) for one in paid))
    if side == Side.SENT:
        fees = selectors.fee_invoices_issued_in(user, year)
        yield "fees", Table(FEE_COLUMNS, (_fee_cells(row) for row in fees))
    yield "totals", Table(_with_own(TOTAL_COLUMNS, side), sums.rows(side))


def cells(invoice: Invoice, side: Side) -> list[str]:
    """One invoice as a row of `COLUMNS`."""
    subtotal, tax, total, *own = _amounts(invoice)
    amounts = [subtotal, tax, total, invoice.due, *(own if side == Side.SENT else ())]
    return [
        invoice.number,
        invoice.get_kind_display(),
        invoice.status_words,
        invoice.issued_on.isoformat(),
        invoice.due_on.isoformat(),
        f"{invoice.paid_at:%Y-%m-%d}" if invoice.paid_at else "",
        *(
            harmless(party.get(name, ""))
            for party in (invoice.seller_copy, invoice.buyer_copy)
            for name in ("legal_name", "country", "vat_id")
        ),
        harmless(invoice.project.title),
        harmless(invoice.subject),
        invoice.total.currency.code,
        *map(amount_text, amounts),
    ]


def _amounts(invoice: Invoice) -> list[Money]:
    """Subtotal, tax, total, fee and net, as they add up over invoices and credit notes."""
    amounts = (invoice.subtotal, invoice.tax, invoice.total, invoice.fee, invoice.net)
    return [_signed(amount, invoice) for amount in amounts]


def _amounts_after(invoice: Invoice, notes: Sequence[Invoice]) -> list[Money]:
    """The same less what these notes took off. The fee is on what they left."""
    if not notes:
        return _amounts(invoice)
    currency = invoice.total.currency.code
    taken = [_amounts(note) for note in notes]
    subtotal, tax, total, fee, _ = (
        to_minor(amount) + sum(to_minor(row[place]) for row in taken)
        for place, amount in enumerate(_amounts(invoice))
    )
    given_back = to_minor(invoice.fee) - fee
    fee = fee_left(fee=to_minor(invoice.fee), given_back=given_back, gross_left=subtotal)
    return [from_minor(minor, currency) for minor in (subtotal, tax, total, fee, total - fee)]


def _paid_in(invoice: Invoice, year: int) -> Iterator[Paid]:
    """What was paid of it on each day of that year.

    A note that undoes a part pays it again for what is left, on the same day: that day has what
    the note changed, and the day of the part stays as it was.
    """
    days: defaultdict[date, list[list[Money]]] = defaultdict(list)
    for on, amounts in _payments_of(invoice):
        days[on].append(amounts)
    nothing = zero(invoice.total.currency.code)
    for on in sorted(on for on in days if on.year == year):
        sums = [sum(column, start=nothing) for column in zip(*days[on], strict=True)]
        if any(sums):
            yield Paid(invoice, on, sums)


def _payments_of(invoice: Invoice) -> Iterator[tuple[date, list[Money]]]:
    """Each part, what undid it, and the rest or all of it."""
    notes: list[Invoice] = getattr(invoice, "notes_before")  # noqa: B009 - prefetched
    rest = _amounts_after(invoice, notes)
    for part in selectors.part_payments(invoice, notes):
        amounts = _part_of(_amounts_after(invoice, part.notes_before), part.amount)
        yield part.paid_at.date(), amounts
        if part.undone_by is None:
            rest = [amount - taken for amount, taken in zip(rest, amounts, strict=True)]
        else:
            yield part.undone_by.issued_at.date(), [-amount for amount in amounts]
    if invoice.paid_at:
        yield invoice.paid_at.date(), rest


def _part_of(amounts: Sequence[Money], part: Money) -> list[Money]:
    """A part pays the fee first, then the rest of the price, and the tax last."""
    subtotal, _, _, fee, _ = amounts
    price, fee = min(part, subtotal), min(part, fee)
    return [price, part - price, part, fee, part - fee]


def _signed(amount: Money, invoice: Invoice) -> Money:
    return -amount if invoice.kind == InvoiceKind.CREDIT_NOTE else amount


def _with_own(columns: Sequence[str], side: Side) -> list[str]:
    return [*columns, *(SELLERS_COLUMNS if side == Side.SENT else ())]


def _tax_cells(invoice: Invoice) -> Iterator[list[str]]:
    for row in sorted(invoice.taxes.all(), key=lambda tax: tax.pk):
        yield [
            invoice.number,
            invoice.issued_on.isoformat(),
            row.category,
            _percent(row.rate),
            row.name,
            row.amount.currency.code,
            amount_text(_signed(row.basis, invoice)),
            amount_text(_signed(row.amount, invoice)),
            harmless(row.legend),
            row.vatex_code,
            row.rule,
        ]


def _paid_cells(paid: Paid, side: Side) -> list[str]:
    invoice, amounts = paid.invoice, paid.amounts[2:] if side == Side.SENT else paid.amounts[2:3]
    return [
        invoice.number,
        invoice.issued_on.isoformat(),
        paid.on.isoformat(),
        harmless(invoice.seller_copy["legal_name"]),
        harmless(invoice.buyer_copy["legal_name"]),
        invoice.total.currency.code,
        *map(amount_text, amounts),
    ]


def _fee_cells(invoice: FeeInvoice) -> list[str]:
    amounts = (invoice.subtotal, invoice.tax, invoice.rounding, invoice.total)
    is_back = invoice.kind == FeeKind.CREDIT
    return [
        invoice.number,
        invoice.get_kind_display(),
        f"{invoice.month:%Y-%m}",
        invoice.issued_on.isoformat(),
        invoice.currency,
        *(amount_text(-amount if is_back else amount) for amount in amounts),
        invoice.tax_rule,
    ]


def _percent(rate: Decimal | None) -> str:
    return "" if rate is None else f"{rate.normalize():f}"


def _noted(rows: Iterable[T], note: Callable[[T], None]) -> Iterator[T]:
    for row in rows:
        note(row)
        yield row


@dataclass(slots=True)
class _Sum:
    """Sums of one currency, or of one tax in it, in minor units."""

    documents: int = 0
    amounts: list[int] = field(default_factory=lambda: [0] * 5)

    def add(self, *amounts: Money) -> None:
        self.documents += 1
        for place, amount in enumerate(amounts):
            self.amounts[place] += to_minor(amount)


class _Sums:
    """What a year comes to: by currency, and by category and rate of the tax."""

    def __init__(self) -> None:
        self._sums: dict[tuple[str, str, str, str], _Sum] = defaultdict(_Sum)

    def note_issued(self, invoice: Invoice) -> None:
        self._add("issued", invoice, _amounts(invoice))
        for row in invoice.taxes.all():
            currency = row.amount.currency.code
            key = ("tax", currency, row.category, _percent(row.rate))
            self._sums[key].add(_signed(row.basis, invoice), _signed(row.amount, invoice))

    def note_paid(self, paid: Paid) -> None:
        self._add("paid", paid.invoice, paid.amounts)

    def rows(self, side: Side) -> Iterator[list[str]]:
        """One row for each sum, and no amounts where they mean nothing."""
        for key, found in sorted(self._sums.items()):
            what, currency, category, rate = key
            amounts = [amount_text(from_minor(minor, currency)) for minor in found.amounts]
            if what == "tax":
                amounts[2:] = [""] * 3
            own = amounts if side == Side.SENT else amounts[:3]
            yield [what, currency, category, rate, str(found.documents), *own]

    def _add(self, what: str, invoice: Invoice, amounts: Sequence[Money]) -> None:
        key = (what, invoice.total.currency.code, "", "")
        self._sums[key].add(*amounts)
