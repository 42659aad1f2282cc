"""Reads of invoices: lists, an invoice's page, and sums by month and currency."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Final

from django.conf import settings
from django.db.models import Count, DecimalField, F, Q, Sum
from django.db.models.functions import Cast, TruncMonth
from djmoney.money import Money

from accounts.models import User
from common.formats import percent_for_people
from common.models import LockableQuerySet
from common.money import fee_on, from_minor, quantize, to_minor
from common.pages import Page, newest_first
from gigs.enums import PaymentMode
from invoicing.enums import PAYABLE, DocumentKind, InvoiceKind, InvoiceStatus, Side
from invoicing.exceptions import (
    DocumentNotReady,
    NoElectronicInvoice,
)
from invoicing.models import (
    REMINDERS_BEFORE_REPORT,
    Invoice,
    InvoiceDocument,
    InvoiceLine,
    InvoiceObjection,
    InvoiceReminder,
    InvoiceReport,
    IssuingMandate,
)

PAGE_SIZE: Final = 20
MANDATE_VERSION: Final = "2026-11"
"""The current text; each is a file of templates/invoicing/mandate."""
FILE_ORDER: Final[list[str]] = list(DocumentKind)
EXACT: "Final[DecimalField[Decimal, Decimal]]" = DecimalField(max_digits=30, decimal_places=4)


@dataclass(frozen=True, slots=True)
class InvoiceFilters:
    """What somebody looks for in their invoices; empty means anything."""

    side: Side
    status: str = ""
    number: str = ""
    issued_from: date | None = None
    issued_until: date | None = None


@dataclass(frozen=True, slots=True)
class FeeWorking:
    """How a fee comes about (product rule 3.3), in the figures that people can check."""

    rate: str
    gross_so_far: Money
    fee_so_far: Money
    fees_before: Money
    fee: Money


@dataclass(frozen=True, slots=True)
class Chasing:
    """The reminders of an open invoice, when the next is possible, and what staff were told."""

    reminded_at: list[datetime]
    next_at: datetime | None
    may_report: bool
    report: InvoiceReport | None

    def may_remind(self, *, at: datetime) -> bool:
        return self.next_at is None or self.next_at <= at


@dataclass(frozen=True, slots=True)
class InvoicePage:
    """An invoice and what its page says beside the document itself."""

    invoice: Invoice
    lines: list[InvoiceLine]
    working: FeeWorking
    files: list[InvoiceDocument]
    has_payment_under_way: bool
    objection: InvoiceObjection | None
    objection_ends_on: date


@dataclass(frozen=True, slots=True)
class Transfer:
    """Where an invoice can be paid to by bank transfer, and what to write on it."""

    holder: str
    iban: str
    bic: str
    reference: str

    @property
    def iban_in_groups(self) -> str:
        """The IBAN as people read it, in groups of four."""
        starts = range(0, len(self.iban), 4)
        return " ".join(self.iban[start : start + 4] for start in starts)


@dataclass(frozen=True, slots=True)
class MandatePage:
    """The mandate of a freelancer, and the text that there is to accept."""

    mandate: IssuingMandate | None
    is_in_force: bool
    is_required: bool
    version: str
    template: str
    reason: str


@dataclass(frozen=True, slots=True)
class Outstanding:
    """What is open in one currency."""

    count: int
    amount: Money


@dataclass(frozen=True, slots=True)
class MonthAmount:
    """A sum of one calendar month (UTC)."""

    month: datetime
    amount: Money


def invoice_rows() -> LockableQuerySet[Invoice]:
    """Invoices with what a row of a list shows."""
    return Invoice.objects.select_related("project", "milestone")


def invoices_page(
    user: User, filters: InvoiceFilters, *, before: str = "", after: str = ""
) -> Page[Invoice]:
    """The invoices that the user issued or received, newest first."""
    invoices = filtered(user, filters)
    return newest_first(invoices, column="issued_at", limit=PAGE_SIZE, before=before, after=after)


def invoices_in_order(user: User, filters: InvoiceFilters) -> Iterator[Invoice]:
    """All that fit, in the order of issue, read little by little."""
    return filtered(user, filters).order_by("issued_at", "pk").iterator(chunk_size=500)


def filtered(user: User, filters: InvoiceFilters) -> LockableQuerySet[Invoice]:
    """The invoices that fit, with what a row of a list shows."""
    invoices = of_side(invoice_rows(), user, filters.side)
    if filters.status:
        invoices = invoices.filter(status=filters.status)
    if filters.number:
        invoices = invoices.filter(number__icontains=filters.number)
    if filters.issued_from:
        invoices = invoices.filter(issued_on__gte=filters.issued_from)
    if filters.issued_until:
        invoices = invoices.filter(issued_on__lte=filters.issued_until)
    return invoices


def latest_invoices(user: User, side: Side, *, limit: int) -> list[Invoice]:
    """The newest invoices on that side."""
    return list(of_side(invoice_rows(), user, side).order_by("-issued_at", "-pk")[:limit])


def invoices_to_pay(user: User, *, limit: int) -> list[Invoice]:
    """What the user has not paid yet, the first due on top."""
    payable = of_side(invoice_rows(), user, Side.RECEIVED).filter(status__in=PAYABLE)
    return list(payable.order_by("due_on", "pk")[:limit])


def outstanding(user: User, side: Side) -> list[Outstanding]:
    """Open invoices on that side, a row for each currency."""
    rows = (
        of_side(Invoice.objects.all(), user, side)
        .filter(status__in=PAYABLE)
        .values("currency")
        .annotate(count=Count("pk"), amount=Sum(Cast("total", EXACT)))
        .order_by("currency")
    )
    return [
        Outstanding(count=row["count"], amount=_money(row["amount"], row["currency"]))
        for row in rows
    ]


def invoices_of(user: User) -> LockableQuerySet[Invoice]:
    """A party's invoices, with what an invoice's page shows of work and people."""
    return Invoice.objects.for_user(user).select_related("project", "milestone", "seller", "buyer")


def invoice_page(invoice: Invoice) -> InvoicePage:
    """The rest of the invoice's page; the fee's working counts in the order of issue."""
    currency = invoice.total.currency.code
    before = Invoice.objects.filter(project=invoice.project_id, pk__lt=invoice.pk).aggregate(
        gross=Sum(Cast("subtotal", EXACT), default=0), fees=Sum(Cast("fee", EXACT), default=0)
    )
    return InvoicePage(
        invoice=invoice,
        lines=list(invoice.lines.order_by("position")),
        working=fee_working(
            rate=invoice.fee_rate,
            gross_before=_money(before["gross"], currency),
            fees_before=_money(before["fees"], currency),
            gross=invoice.subtotal,
            fee=invoice.fee,
        ),
        files=files_of(invoice),
        has_payment_under_way=_is_being_paid(invoice),
        objection=objection_of(invoice),
        objection_ends_on=objection_ends_on(invoice),
    )


def transfer_of(invoice: Invoice) -> Transfer | None:
    """How to pay an invoice by bank transfer; None for one that cannot be paid that way."""
    is_open = invoice.status in PAYABLE and invoice.project.payment_mode != PaymentMode.HELD
    if not (settings.BANK_ACCOUNT_IBAN and is_open) or invoice.kind == InvoiceKind.CREDIT_NOTE:
        return None
    return Transfer(
        holder=settings.BANK_ACCOUNT_HOLDER,
        iban="".join(settings.BANK_ACCOUNT_IBAN.split()),
        bic=settings.BANK_ACCOUNT_BIC,
        reference=invoice.number,
    )


def chasing_of(invoice: Invoice) -> Chasing | None:
    """What has been done and can be done about an invoice that is open; None for any other."""
    if invoice.status not in PAYABLE:
        return None
    reminded_at = list(invoice.reminders.order_by("position").values_list("sent_at", flat=True))
    report = InvoiceReport.objects.filter(invoice=invoice).first()
    return Chasing(
        reminded_at=reminded_at,
        next_at=InvoiceReminder.next_at(reminded_at),
        may_report=report is None and len(reminded_at) >= REMINDERS_BEFORE_REPORT,
        report=report,
    )


def files_of(invoice: Invoice) -> list[InvoiceDocument]:
    """The invoice's files for its parties, the page first, without their bytes; none while they
    are being made.
    """
    files = invoice.documents.exclude(kind=DocumentKind.DATA).defer("content")
    return sorted(files, key=lambda file: FILE_ORDER.index(file.kind))


def file_of(invoice: Invoice, kind: DocumentKind) -> InvoiceDocument:
    """One file with its bytes. DocumentNotReady while it is being made, NoElectronicInvoice."""
    file = invoice.documents.select_related("invoice").filter(kind=kind).first()
    if file is not None:
        return file
    if invoice.documents.exists():
        raise NoElectronicInvoice
    raise DocumentNotReady


def objection_ends_on(invoice: Invoice) -> date:
    """The last day on which the seller can object."""
    return invoice.issued_on + timedelta(days=settings.OBJECTION_DAYS)


def objection_of(invoice: Invoice) -> InvoiceObjection | None:
    """The seller's objection to the invoice, if there is one."""
    return InvoiceObjection.objects.filter(invoice=invoice).first()


def mandate_template(version: str) -> str:
    """The text of that version."""
    return f"invoicing/mandate/{version}.html"


def mandate_page(user: User) -> MandatePage:
    """Where a freelancer stands with the mandate to issue invoices in their name."""
    mandate = IssuingMandate.objects.filter(user=user, revoked_at=None).first()
    is_in_force = bool(mandate and mandate.covers(version=MANDATE_VERSION, vat_id=user.vat_id))
    reason = ""
    if mandate is not None and not is_in_force:
        is_old = mandate.version != MANDATE_VERSION
        reason = "The text has changed." if is_old else "Your VAT or GST number has changed."
    return MandatePage(
        mandate=mandate,
        is_in_force=is_in_force,
        is_required=settings.REQUIRE_LEGAL_DATA,
        version=MANDATE_VERSION,
        template=mandate_template(MANDATE_VERSION),
        reason=reason,
    )


def fee_working(
    *, rate: Decimal, gross_before: Money, fees_before: Money, gross: Money, fee: Money
) -> FeeWorking:
    """The working of a fee that was taken, or would be, after those sums of its project."""
    currency = gross.currency.code
    so_far = to_minor(gross_before) + to_minor(gross)
    return FeeWorking(
        rate=percent_for_people(rate),
        gross_so_far=from_minor(so_far, currency),
        fee_so_far=from_minor(fee_on(rate, so_far), currency),
        fees_before=quantize(fees_before),
        fee=quantize(fee),
    )


def earned_by_month(user: User, *, since: datetime) -> list[MonthAmount]:
    """What was credited for the user's paid invoices, without tax, by month and currency."""
    paid = of_side(Invoice.objects.all(), user, Side.SENT)
    return _by_month(paid, amount=Cast(F("net") - F("tax"), EXACT), since=since)


def spent_by_month(user: User, *, since: datetime) -> list[MonthAmount]:
    """What the user paid for invoices, by month and currency."""
    paid = of_side(Invoice.objects.all(), user, Side.RECEIVED)
    return _by_month(paid, amount=Cast("total", EXACT), since=since)


def _by_month(
    invoices: LockableQuerySet[Invoice], *, amount: Cast, since: datetime
) -> list[MonthAmount]:
    rows = (
        invoices.filter(status=InvoiceStatus.PAID, paid_at__gte=since)
        .values("currency", month=TruncMonth("paid_at"))
        .annotate(amount=Sum(amount))
        .order_by("currency", "month")
    )
    return [
        MonthAmount(month=row["month"], amount=_money(row["amount"], row["currency"]))
        for row in rows
    ]


def of_side(
    invoices: LockableQuerySet[Invoice], user: User, side: Side
) -> LockableQuerySet[Invoice]:
    """Those that the user issued, or received."""
    return invoices.filter(Q(seller=user) if side == Side.SENT else Q(buyer=user))


def _is_being_paid(invoice: Invoice) -> bool:
    """Payments belong to an app above, reached by the reverse relation."""
    return invoice.payments.filter(status__in=["processing", "uncertain"]).exists()


def _money(amount: Decimal, currency: str) -> Money:
    return quantize(Money(amount, currency))
