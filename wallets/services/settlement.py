"""Settlement: what paying an invoice does, all of it in one transaction."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import chain
from typing import Any, Final, NamedTuple

from django.db.models import Q

from accounts import audit
from accounts.services.mail import TOPIC as MAIL
from common import context
from common.arrays import bigints, texts
from common.database import fetch_rows
from common.failpoints import failpoint
from common.models import LockableQuerySet
from common.money import fee_left, minor_of
from common.public_ids import format_public_id
from gigs.enums import MilestoneStatus
from gigs.models import Milestone, Project
from gigs.services import milestones_settle, projects_complete, projects_start
from invoicing.enums import InvoiceKind, InvoiceStatus
from invoicing.models import Invoice
from invoicing.services import InvoiceRow, invoices_mark_paid
from outbox.services import nudge_for
from wallets import ledger
from wallets.enums import AccountKind, PaymentPurpose, PaymentSource, PaymentStatus
from wallets.ledger import AccountSpec, Settlement
from wallets.models import Clearing, MilestoneFunding, Payment
from wallets.selectors import owing
from wallets.services.clearing import available_at, clearings_begin
from wallets.services.debts import Arrived, debts_pay

COLUMNS = (
    "pk",
    "uuid",
    "number",
    "kind",
    "status",
    "project",
    "project__clearing_days",
    "milestone",
    "milestone__title",
    "currency",
    "total",
    "tax",
    "fee",
    "subtotal",
    "credited",
    "credited_tax",
    "credited_fee",
    "part_paid",
    "milestone__status",
    "buyer",
    "seller",
)
TELL: Final = """
SELECT wallets_tell_settled(
  %s::text[], %s::text[], %s::text[], %s::text[], %s::text[], %s::text[], %s::text[], %s::text[],
  %s::bigint[], %s::bigint[], %s::bigint[], %s::bigint[], %s::date[], %s, %s, %s::inet
)
"""


class Bill(NamedTuple):
    """What the settlement of a locked invoice needs of it.

    Minor units, after its credit notes and without what was paid in part.
    """

    invoice: InvoiceRow
    kind: InvoiceKind
    project_id: int
    clearing_days: int
    milestone_id: int | None
    subject: str
    currency: str
    total: int
    tax: int
    fee: int
    net: int
    buyer_id: int
    seller_id: int
    is_corrected: bool
    """Its milestone was settled by an invoice that was credited, and this one stands for it."""

    @property
    def credited_kind(self) -> AccountKind:
        """Where the seller's part arrives."""
        return AccountKind.PENDING if self.clearing_days else AccountKind.AVAILABLE


class Share(NamedTuple):
    """What a part of what an invoice comes to is made of, in minor units."""

    total: int
    tax: int
    fee: int

    @property
    def net(self) -> int:
        return self.total - self.fee


def share_of(part: int, *, total: int, tax: int, fee: int) -> Share:
    """A part pays the fee first, then the rest of the price, and the tax last."""
    return Share(part, tax=max(part - (total - tax), 0), fee=min(fee, part))


@dataclass(frozen=True, slots=True)
class HeldPayment(audit.Subject):
    """A payment out of held funds that was written in this transaction, without its model."""

    pk: int
    payer_id: int
    currency: str
    provider: PaymentSource = PaymentSource.HELD
    status: PaymentStatus = PaymentStatus.SUCCEEDED


@dataclass(frozen=True, slots=True)
class Due:
    """A locked payment, and the locked invoice that it is for."""

    payment: Payment | HeldPayment
    bill: Bill

    @property
    def accounts(self) -> tuple[AccountSpec, AccountSpec, AccountSpec]:
        """Where the money comes from, the freelancer's account, the platform's."""
        bill = self.bill
        return (
            source_of(self.payment, milestone_id=bill.milestone_id),
            AccountSpec(f"user:{bill.seller_id}", bill.credited_kind, bill.currency),
            AccountSpec("platform", AccountKind.FEES, bill.currency),
        )


@dataclass(frozen=True, slots=True)
class Locked:
    """Payments, locked after all that they are about: invoices, or milestones to fund."""

    payments: list[Payment]
    dues: dict[int, Due]
    fundings: dict[int, list[MilestoneFunding]]


def source_of(payment: Payment | HeldPayment, *, milestone_id: int | None = None) -> AccountSpec:
    """The account that the payment's money comes from."""
    match payment.provider:
        case PaymentSource.HELD:
            return AccountSpec(f"milestone:{milestone_id}", AccountKind.HELD, payment.currency)
        case PaymentSource.CREDIT:
            return credit_of(payment)
    return AccountSpec(f"provider:{payment.provider}", AccountKind.OUTSIDE, payment.currency)


def credit_of(payment: Payment | HeldPayment) -> AccountSpec:
    """The payer's credit in the payment's currency."""
    return AccountSpec(f"user:{payment.payer_id}", AccountKind.CREDIT, payment.currency)


def locked_invoice(invoice_id: int) -> Invoice:
    """The invoice that is about to be paid, locked after its project and the milestones on it."""
    columns = ("project", "milestone", "kind")
    project, milestone, kind = Invoice.objects.values_list(*columns).get(pk=invoice_id)
    of_invoice = Q(project=project) if kind == InvoiceKind.FINAL else Q(pk=milestone)
    list(Project.objects.filter(pk=project).locked().values_list("pk"))
    list(Milestone.objects.filter(of_invoice).locked().values_list("pk"))
    rows = Invoice.objects.select_related("project", "milestone", "buyer")
    return rows.locked().get(pk=invoice_id)


def locked_payments(payment_ids: Sequence[int]) -> Locked:
    """The payments, locked after their projects, milestones and invoices, in primary-key order."""
    columns = ("invoice", "project", "invoice__project", "invoice__kind")
    about = list(Payment.objects.among(payment_ids).values_list(*columns).order_by())
    invoices = Invoice.objects.among(row[0] for row in about if row[0])
    of_projects = Q(pk__in=invoices.values("project"))
    of_milestones = Q(pk__in=invoices.values("milestone"))
    if finished := [row[2] for row in about if row[3] == InvoiceKind.FINAL]:
        of_milestones |= Q(project__in=finished)
    if funded := [row[1] for row in about if row[1]]:
        of_projects |= Q(pk__in=funded)
        of_milestones |= Q(fundings__payment__in=payment_ids)
    list(Project.objects.filter(of_projects).locked().values_list("pk"))
    milestones = Milestone.objects.filter(of_milestones).values("pk")
    list(Milestone.objects.filter(pk__in=milestones).locked().values_list("pk"))
    bills = {bill.invoice.pk: bill for bill in locked_bills(invoices)}
    payments = list(Payment.objects.among(payment_ids).locked())
    return Locked(
        payments=payments,
        dues={
            payment.pk: Due(payment, bills[payment.invoice_id])
            for payment in payments
            if payment.invoice_id is not None
        },
        fundings=_fundings(payments) if funded else {},
    )


def _fundings(payments: Sequence[Payment]) -> dict[int, list[MilestoneFunding]]:
    found: dict[int, list[MilestoneFunding]] = {
        payment.pk: [] for payment in payments if payment.purpose == PaymentPurpose.FUNDING
    }
    rows = MilestoneFunding.objects.filter(payment__in=found).select_related("milestone")
    for funding in rows.order_by("milestone__position"):
        found[funding.payment_id].append(funding)
    return found


def locked_bills(invoices: LockableQuerySet[Invoice]) -> list[Bill]:
    """The invoices, locked by their rows alone: the caller holds their projects and milestones."""
    return [_bill(row) for row in invoices.locked().values_list(*COLUMNS)]


def _bill(row: tuple[Any, ...]) -> Bill:
    pk, uuid, number, kind, status, project, days, milestone, title, *rest = row
    currency, *amounts_and_people = rest
    *amounts, milestone_status, buyer, seller = amounts_and_people
    total, tax, fee, *after_notes, part_paid = amounts
    total, tax, fee = (minor_of(amount, currency) for amount in (total, tax, fee))
    if after_notes[1]:
        gross, credited, credited_tax, credited_fee = (
            minor_of(amount, currency) for amount in after_notes
        )
        total, tax = total - credited - credited_tax, tax - credited_tax
        fee = fee_left(fee=fee, given_back=credited_fee, gross_left=gross - credited)
    if part_paid:
        part = share_of(minor_of(part_paid, currency), total=total, tax=tax, fee=fee)
        total, tax, fee = total - part.total, tax - part.tax, fee - part.fee
    return Bill(
        invoice=InvoiceRow(
            pk, format_public_id(Invoice.PREFIX, uuid), number, InvoiceStatus(status)
        ),
        kind=InvoiceKind(kind),
        project_id=project,
        clearing_days=days,
        milestone_id=milestone,
        subject=title or InvoiceKind(kind).label,
        currency=currency,
        total=total,
        tax=tax,
        fee=fee,
        net=total - fee,
        buyer_id=buyer,
        seller_id=seller,
        is_corrected=milestone_status == MilestoneStatus.SETTLED,
    )


def settle(*, dues: Sequence[Due], at: datetime) -> None:
    """Credit the wallets for invoices that are paid exactly; the payments' rows are the caller's.

    One balanced journal each under the key settle:<invoice>: source -total, available +net,
    fees +fee; pending +net where the project has a clearing period. All or nothing.
    """
    ledger.settle_batch(_settlements(dues))
    finish(dues=dues, at=at)


def finish(*, dues: Sequence[Due], at: datetime) -> None:
    """What follows from settlements that were posted, in their transaction.

    Invoice paid, its milestones settled, the project started by the upfront payment and completed
    when all is settled; audit rows and mails with them.
    """
    bills = [due.bill for due in dues]
    upfront = [bill.project_id for bill in bills if bill.kind == InvoiceKind.UPFRONT]
    failpoint("settle.posted")
    begin_clearing(bills, at=at)
    invoices_mark_paid(invoices=[bill.invoice for bill in bills], at=at)
    failpoint("settle.invoices_paid")
    if upfront:
        projects_start(project_ids=upfront, at=at)
    milestones_settle(milestone_ids=_settled_by(bills), at=at)
    failpoint("settle.milestones_settled")
    projects_complete(project_ids=sorted({bill.project_id for bill in bills}), at=at)
    _tell(dues, at=at)
    earned = [bill for bill in bills if not bill.clearing_days]
    if owing({bill.seller_id for bill in earned}):
        pay_debts(earned, at=at)
    failpoint("settle.told")


def _settled_by(bills: Sequence[Bill]) -> list[int]:
    """The milestones that these invoices are about: a final one, all without one of their own.

    Those of one that was corrected are settled already.
    """
    settled = [
        bill.milestone_id
        for bill in bills
        if bill.milestone_id is not None and not bill.is_corrected
    ]
    if final := [bill.project_id for bill in bills if bill.kind == InvoiceKind.FINAL]:
        own = Invoice.objects.filter(
            project__in=final, kind=InvoiceKind.MANUAL, milestone__isnull=False
        )
        rest = Milestone.objects.filter(project__in=final, status=MilestoneStatus.APPROVED).exclude(
            pk__in=own.values("milestone")
        )
        settled += rest.values_list("pk", flat=True)
    return settled


def _settlements(dues: Sequence[Due]) -> list[Settlement]:
    accounts = [due.accounts for due in dues]
    ids = ledger.open_accounts(list(dict.fromkeys(chain.from_iterable(accounts))))
    settlements = []
    for due, specs in zip(dues, accounts, strict=True):
        source, available, fees = (ids[spec] for spec in specs)
        bill = due.bill
        settlements.append(
            Settlement(
                key=settlement_key(bill),
                about_type="invoice",
                about_id=bill.invoice.pk,
                source_account=source,
                available_account=available,
                fee_account=fees,
                total=bill.total,
                net=bill.net,
                fee=bill.fee,
                lifetime=bill.net - bill.tax,
            )
        )
    return settlements


def begin_clearing(bills: Sequence[Bill], *, at: datetime) -> None:
    waiting = [bill for bill in bills if bill.clearing_days and bill.net]
    if waiting:
        clearings_begin(
            [
                Clearing(
                    invoice_id=bill.invoice.pk,
                    user_id=bill.seller_id,
                    amount_minor=bill.net,
                    currency=bill.currency,
                    available_at=available_at(at, days=bill.clearing_days),
                )
                for bill in waiting
            ],
            keys={bill.invoice.pk: bill.invoice.public_id for bill in waiting},
        )


def pay_debts(bills: Sequence[Bill], *, at: datetime) -> None:
    """Take what the sellers owe off what these bills brought them."""
    debts_pay([arrived(bill, key=bill.invoice.public_id) for bill in bills], at=at)


def arrived(bill: Bill, *, key: str) -> Arrived:
    """What a bill brought its seller, by the event that brought it."""
    return Arrived(
        bill.seller_id,
        bill.currency,
        key=key,
        about_type="invoice",
        about_id=bill.invoice.pk,
        target=bill.invoice.subject,
    )


def settlement_key(bill: Bill) -> str:
    """The natural key of the journal that pays an invoice."""
    return f"settle:{bill.invoice.public_id}"


def _tell(dues: Sequence[Due], *, at: datetime) -> None:
    bills = [due.bill for due in dues]
    payments = [due.payment for due in dues]
    arguments = [
        texts([payment.public_id for payment in payments]),
        texts([str(payment) for payment in payments]),
        texts([payment.status for payment in payments]),
        texts([payment.provider for payment in payments]),
        texts([bill.invoice.public_id for bill in bills]),
        texts([bill.invoice.number for bill in bills]),
        texts([bill.subject for bill in bills]),
        texts([bill.currency for bill in bills]),
        bigints([bill.seller_id for bill in bills]),
        bigints([bill.total for bill in bills]),
        bigints([bill.net for bill in bills]),
        bigints([bill.fee for bill in bills]),
        texts([available_on(bill, at=at) for bill in bills]),
    ]
    fetch_rows(TELL, [*arguments, at, *context.served()])
    nudge_for({MAIL})


def available_on(bill: Bill, *, at: datetime) -> str | None:
    """The day that the mail names, where the money clears first."""
    if not bill.clearing_days:
        return None
    return available_at(at, days=bill.clearing_days).date().isoformat()
