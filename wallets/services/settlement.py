"""Settlement: what a successful payment does, all of it in one transaction."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from accounts import audit
from accounts.models import User
from accounts.services.mail import Addressee, Mail, Page, Values, mail_enqueue_many
from common.money import from_minor, minor_of
from common.public_ids import format_public_id
from gigs.models import Milestone, Project
from gigs.services import milestones_settle, projects_complete
from invoicing.enums import InvoiceStatus
from invoicing.models import Invoice
from invoicing.services import InvoiceRow, invoices_mark_paid
from wallets import ledger
from wallets.enums import AccountKind, PaymentStatus
from wallets.ledger import AccountSpec, Posted, Settlement
from wallets.models import Clearing, Payment
from wallets.services.clearing import available_at, clearings_begin

COLUMNS = (
    "pk",
    "uuid",
    "number",
    "status",
    "project",
    "project__clearing_days",
    "milestone",
    "milestone__title",
    "currency",
    "total",
    "tax",
    "fee",
    "net",
    "seller",
    "seller__email",
    "seller__name",
    "seller__uuid",
)


@dataclass(frozen=True, slots=True)
class Due:
    """A locked payment, and what its settlement needs of the locked invoice; minor units."""

    payment: Payment
    invoice: InvoiceRow
    project_id: int
    clearing_days: int
    milestone_id: int
    milestone_title: str
    currency: str
    total: int
    tax: int
    fee: int
    net: int
    seller_id: int
    seller: Addressee

    @property
    def accounts(self) -> tuple[AccountSpec, AccountSpec, AccountSpec]:
        """Where the money comes from, the freelancer's account, the platform's."""
        credited = AccountKind.PENDING if self.clearing_days else AccountKind.AVAILABLE
        return (
            AccountSpec(f"provider:{self.payment.provider}", AccountKind.OUTSIDE, self.currency),
            AccountSpec(f"user:{self.seller_id}", credited, self.currency),
            AccountSpec("platform", AccountKind.FEES, self.currency),
        )


def locked_for_settlement(payment_ids: Sequence[int]) -> list[Due]:
    """The payments, locked after their projects, milestones and invoices, in primary-key order."""
    invoices = Invoice.objects.filter(payments__in=payment_ids)
    for rows in (
        Project.objects.filter(pk__in=invoices.values("project")),
        Milestone.objects.filter(pk__in=invoices.values("milestone")),
    ):
        list(rows.locked().values_list("pk"))
    found = {row[0]: row for row in invoices.locked().values_list(*COLUMNS)}
    payments = Payment.objects.filter(pk__in=payment_ids).locked()
    return [_due(payment, found[payment.invoice_id]) for payment in payments]


def _due(payment: Payment, row: tuple[Any, ...]) -> Due:
    pk, uuid, number, status, project, days, milestone, title, currency, *amounts_and_seller = row
    total, tax, fee, net, seller, email, name, seller_uuid = amounts_and_seller
    return Due(
        payment=payment,
        invoice=InvoiceRow(
            pk, format_public_id(Invoice.PREFIX, uuid), number, InvoiceStatus(status)
        ),
        project_id=project,
        clearing_days=days,
        milestone_id=milestone,
        milestone_title=title,
        currency=currency,
        total=minor_of(total, currency),
        tax=minor_of(tax, currency),
        fee=minor_of(fee, currency),
        net=minor_of(net, currency),
        seller_id=seller,
        seller=Addressee(email, name, format_public_id(User.PREFIX, seller_uuid)),
    )


def settle(*, dues: Sequence[Due], at: datetime) -> None:
    """Credit the wallets for payments locked by `locked_for_settlement`.

    One balanced journal each under the key settle:<invoice>: outside -total, available +net,
    fees +fee; pending +net where the project has a clearing period. Payment succeeded, invoice paid, milestone settled, the project completed when it
    was the last; audit rows and mails with them. All or nothing.
    """
    posted = ledger.settle_batch(_settlements(dues))
    _begin_clearing(dues, at=at)
    for due in dues:
        due.payment.move_to(PaymentStatus.SUCCEEDED)
        due.payment.ended_at = at
    Payment.objects.filter(pk__in=[due.payment.pk for due in dues]).update(
        status=PaymentStatus.SUCCEEDED, ended_at=at
    )
    invoices_mark_paid(invoices=[due.invoice for due in dues], at=at)
    milestones_settle(milestone_ids=[due.milestone_id for due in dues], at=at)
    projects_complete(project_ids=sorted({due.project_id for due in dues}), at=at)
    audit.record_many(
        [_record(due, journal) for due, journal in zip(dues, posted, strict=True)], by=None, at=at
    )
    mail_enqueue_many(Mail.INVOICE_PAID, [_mail(due, at=at) for due in dues])


def _settlements(dues: Sequence[Due]) -> list[Settlement]:
    ids = ledger.open_accounts(sorted({spec for due in dues for spec in due.accounts}))
    settlements = []
    for due in dues:
        outside, available, fees = (ids[spec] for spec in due.accounts)
        settlements.append(
            Settlement(
                key=f"settle:{due.invoice.public_id}",
                about_type="invoice",
                about_id=due.invoice.pk,
                source_account=outside,
                available_account=available,
                fee_account=fees,
                total=due.total,
                net=due.net,
                fee=due.fee,
                lifetime=due.net - due.tax,
            )
        )
    return settlements


def _begin_clearing(dues: Sequence[Due], *, at: datetime) -> None:
    waiting = [due for due in dues if due.clearing_days and due.net]
    if waiting:
        clearings_begin(
            [
                Clearing(
                    invoice_id=due.invoice.pk,
                    user_id=due.seller_id,
                    amount_minor=due.net,
                    currency=due.currency,
                    available_at=available_at(at, days=due.clearing_days),
                )
                for due in waiting
            ],
            public_ids={due.invoice.pk: due.invoice.public_id for due in waiting},
        )


def _record(due: Due, journal: Posted) -> audit.Record:
    return audit.Record(
        event="payment.settled",
        target=due.payment,
        before={"status": PaymentStatus.PROCESSING},
        after={
            "status": due.payment.status,
            "invoice": due.invoice.number,
            "total": due.total,
            "fee": due.fee,
            "net": due.net,
            "currency": due.currency,
        },
        journal_key=journal.key,
    )


def _mail(due: Due, *, at: datetime) -> tuple[Addressee, str, Values]:
    values: Values = {
        "number": due.invoice.number,
        "milestone": due.milestone_title,
        "total": from_minor(due.total, due.currency),
        "fee": from_minor(due.fee, due.currency),
        "net": from_minor(due.net, due.currency),
        "path": Page("wallets:wallet"),
    }
    if due.clearing_days:
        values = {**values, "available_on": available_at(at, days=due.clearing_days).date()}
    return due.seller, due.invoice.public_id, values
