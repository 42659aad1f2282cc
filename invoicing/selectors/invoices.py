"""Reads of invoices: lists, an invoice's page, and sums by month and currency."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Final

from django.conf import settings
from django.db.models import (
    Case,
    Count,
    DecimalField,
    F,
    Func,
    OuterRef,
    Q,
    Subquery,
    Sum,
    Value,
    When,
)
from django.db.models.expressions import CombinedExpression
from django.db.models.functions import Cast, Greatest, Least, TruncMonth
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
    InvoiceDraft,
    InvoiceDraftQuerySet,
    InvoiceLine,
    InvoiceObjection,
    InvoiceReminder,
    InvoiceReport,
)
from invoicing.selectors.parts import PART, Received, received

PAGE_SIZE: Final = 20
FILE_ORDER: Final[list[str]] = list(DocumentKind)
EXACT: "Final[DecimalField[Decimal, Decimal]]" = DecimalField(max_digits=30, decimal_places=4)
LEFT: Final = Cast("total", EXACT) - F("credited") - F("credited_tax")
ZERO: Final = Value(Decimal(0), output_field=EXACT)
DUE: Final = LEFT - F("part_paid")
EARNED: Final = Cast(F("subtotal") - F("fee"), EXACT) - F("credited") + F("credited_fee")
"""What notes have left of an invoice, with tax, and of what its freelancer earned by it."""
FEE_LEFT: Final = Cast("fee", EXACT) - F("credited_fee")
PART_SPENT: Final = Least(F("part_paid"), LEFT)
PART_EARNED: Final = Least(Greatest(F("part_paid") - FEE_LEFT, ZERO), EARNED)
"""What of that a part payment paid: the fee first, the tax last."""


@dataclass(frozen=True, slots=True)
class InvoiceFilters:
    """What somebody looks for in their invoices; empty means anything."""

    side: Side
    kind: str = ""
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
    credit_notes: list[Invoice]
    received: list[Received]
    corrected_by: Invoice | None
    can_credit: bool


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
    return Invoice.objects.select_related("project", "milestone", "credits")


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
    if filters.kind:
        invoices = invoices.filter(kind=filters.kind)
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
        .annotate(count=Count("pk"), amount=Sum(DUE))
        .order_by("currency")
    )
    return [
        Outstanding(count=row["count"], amount=_money(row["amount"], row["currency"]))
        for row in rows
    ]


def drafts_of(user: User) -> InvoiceDraftQuerySet:
    """A freelancer's own drafts with their projects, the newest on top."""
    drafts = InvoiceDraft.objects.filter(seller=user).order_by("-created_at", "-pk")
    return drafts.select_related("project__commissioner", "invoice")


def invoices_of(user: User) -> LockableQuerySet[Invoice]:
    """A party's invoices, with what an invoice's page shows of work and people."""
    return Invoice.objects.for_user(user).select_related(
        "project", "milestone", "seller", "buyer", "credits"
    )


def invoice_page(invoice: Invoice) -> InvoicePage:
    """The rest of the invoice's page; the fee's working counts in the order of issue."""
    currency = invoice.total.currency.code
    is_note = Q(kind=InvoiceKind.CREDIT_NOTE)
    notes = list(invoice.credit_notes.order_by("pk"))
    before = Invoice.objects.filter(project=invoice.project_id, pk__lt=invoice.pk).aggregate(
        gross=Sum(_signed("subtotal", is_note), default=0),
        fees=Sum(_signed("fee", is_note), default=0),
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
        credit_notes=notes,
        received=received(invoice, notes),
        corrected_by=_corrected_by(invoice, notes),
        can_credit=can_credit(invoice),
    )


def transfer_of(invoice: Invoice) -> Transfer | None:
    """How to pay an invoice by bank transfer; None for one that cannot be paid that way."""
    is_held = invoice.project.payment_mode == PaymentMode.HELD and not invoice.part_paid
    is_open = invoice.status in PAYABLE and not is_held
    if not (settings.BANK_ACCOUNT_IBAN and is_open) or invoice.kind == InvoiceKind.CREDIT_NOTE:
        return None
    return Transfer(
        holder=settings.BANK_ACCOUNT_HOLDER,
        iban="".join(settings.BANK_ACCOUNT_IBAN.split()),
        bic=settings.BANK_ACCOUNT_BIC,
        reference=invoice.number,
    )


def _corrected_by(invoice: Invoice, notes: Sequence[Invoice]) -> Invoice | None:
    """The invoice that was issued anew with the last note of one that was credited."""
    if invoice.status != InvoiceStatus.CREDITED:
        return None
    with_the_note = Invoice.objects.filter(
        project=invoice.project_id, kind=invoice.kind, milestone=invoice.milestone_id
    ).filter(pk__gt=notes[-1].pk, issued_at=notes[-1].issued_at)
    return with_the_note.order_by("pk").first()


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


def can_credit(invoice: Invoice) -> bool:
    """Whether something is left of it to credit, and no payment of it is under way."""
    is_running = invoice.project.is_by_completion and invoice.project.completed_at is None
    if is_running and not has_objection(invoice):
        return False
    is_over = invoice.status in (InvoiceStatus.CREDITED, InvoiceStatus.ISSUED)
    return not is_over and not _is_being_paid(invoice)


def has_objection(invoice: Invoice) -> bool:
    """Whether its freelancer objects to it, so that a corrected one is issued for it."""
    return InvoiceObjection.objects.filter(invoice=invoice).exists()


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
    """What was credited for the user's invoices, without tax, by month and currency."""
    sent = of_side(Invoice.objects.all(), user, Side.SENT)
    return _by_month(sent, amount=EARNED, part=PART_EARNED, since=since)


def spent_by_month(user: User, *, since: datetime) -> list[MonthAmount]:
    """What the user paid for invoices, by month and currency."""
    received = of_side(Invoice.objects.all(), user, Side.RECEIVED)
    return _by_month(received, amount=LEFT, part=PART_SPENT, since=since)


def _by_month(
    invoices: LockableQuerySet[Invoice],
    *,
    amount: CombinedExpression,
    part: Func,
    since: datetime,
) -> list[MonthAmount]:
    """By the month of the payment, a part by that of its own.

    What a note has left of a part stays in the month in which it was paid first, as what notes
    leave of all that was paid does.
    """
    rest = Case(When(part_paid=0, then=amount), default=amount - part)
    paid = invoices.filter(status=InvoiceStatus.PAID, paid_at__gte=since)
    parts = Invoice.objects.filter(pk=OuterRef("pk"), payments__outcome=PART)
    first = parts.order_by("payments__pk").values("payments__created_at")[:1]
    in_part = (
        invoices.filter(part_paid__gt=0)
        .exclude(status=InvoiceStatus.CREDITED)
        .annotate(part_paid_at=Subquery(first))
        .filter(part_paid_at__gte=since)
    )
    rows = [
        *paid.values("currency", month=TruncMonth("paid_at")).annotate(amount=Sum(rest)),
        *in_part.values("currency", month=TruncMonth("part_paid_at")).annotate(amount=Sum(part)),
    ]
    sums: defaultdict[tuple[str, datetime], Decimal] = defaultdict(Decimal)
    for row in rows:
        sums[row["currency"], row["month"]] += row["amount"]
    return [
        MonthAmount(month=month, amount=_money(sums[currency, month], currency))
        for currency, month in sorted(sums)
    ]


def _signed(amount: str, is_note: Q) -> Case:
    return Case(When(is_note, then=-Cast(amount, EXACT)), default=Cast(amount, EXACT))


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
