"""Settlement: what a successful payment does, all of it in one transaction."""

from collections.abc import Sequence
from datetime import datetime

from django.urls import reverse

from accounts import audit
from accounts.services.mail import Mail, mail_enqueue_many
from common.money import to_minor
from gigs.models import Milestone, Project
from gigs.services import milestones_settle, projects_complete
from invoicing.models import Invoice
from invoicing.services import invoices_mark_paid
from wallets import ledger
from wallets.enums import AccountKind, PaymentStatus
from wallets.ledger import AccountSpec, Settlement
from wallets.models import Payment


def locked_for_settlement(payment_ids: Sequence[int]) -> list[Payment]:
    """The payments with invoice, milestone and project, all locked in the project's lock order."""
    invoices = Invoice.objects.filter(payments__in=payment_ids)
    projects = {
        project.pk: project
        for project in Project.objects.filter(pk__in=invoices.values("project")).locked()
    }
    milestones = {
        milestone.pk: milestone
        for milestone in Milestone.objects.filter(pk__in=invoices.values("milestone")).locked()
    }
    locked = {
        invoice.pk: invoice
        for invoice in Invoice.objects.filter(payments__in=payment_ids)
        .select_related("seller", "buyer")
        .locked()
    }
    payments = list(Payment.objects.filter(pk__in=payment_ids).locked())
    for invoice in locked.values():
        invoice.project = projects[invoice.project_id]
        invoice.milestone = milestones[invoice.milestone_id]
    for payment in payments:
        payment.invoice = locked[payment.invoice_id]
    return payments


def settle(*, payments: Sequence[Payment], at: datetime) -> None:
    """Credit the wallets for payments locked by `locked_for_settlement`.

    One balanced journal each under the key settle:<invoice>: outside -total, available +net,
    fees +fee. Payment succeeded, invoice paid, milestone settled, the project completed when it
    was the last; audit rows and mails with them. All or nothing.
    """
    invoices = [payment.invoice for payment in payments]
    posted = ledger.settle_batch(_settlements(payments))
    for payment in payments:
        payment.move_to(PaymentStatus.SUCCEEDED)
        payment.ended_at = at
    Payment.objects.filter(pk__in=[payment.pk for payment in payments]).update(
        status=PaymentStatus.SUCCEEDED, ended_at=at
    )
    invoices_mark_paid(invoices=invoices, at=at)
    milestones_settle(milestones=[invoice.milestone for invoice in invoices], at=at)
    projects_complete(
        projects=list({invoice.project_id: invoice.project for invoice in invoices}.values()), at=at
    )
    audit.record_many(
        [
            audit.Record(
                event="payment.settled",
                target=payment,
                before={"status": PaymentStatus.PROCESSING},
                after={
                    "status": payment.status,
                    "invoice": payment.invoice.number,
                    "total": to_minor(payment.invoice.total),
                    "fee": to_minor(payment.invoice.fee),
                    "net": to_minor(payment.invoice.net),
                    "currency": payment.currency,
                },
                journal_key=journal.key,
            )
            for payment, journal in zip(payments, posted, strict=True)
        ],
        by=None,
        at=at,
    )
    _tell(invoices)


def _settlements(payments: Sequence[Payment]) -> list[Settlement]:
    specs = {payment.pk: _accounts(payment) for payment in payments}
    ids = ledger.open_accounts(sorted({spec for trio in specs.values() for spec in trio}))
    settlements = []
    for payment in payments:
        invoice = payment.invoice
        outside, available, fees = (ids[spec] for spec in specs[payment.pk])
        net, tax = to_minor(invoice.net), to_minor(invoice.tax)
        settlements.append(
            Settlement(
                key=f"settle:{invoice.public_id}",
                about_type="invoice",
                about_id=invoice.pk,
                outside_account=outside,
                available_account=available,
                fee_account=fees,
                total=to_minor(invoice.total),
                net=net,
                fee=to_minor(invoice.fee),
                lifetime=net - tax,
            )
        )
    return settlements


def _accounts(payment: Payment) -> tuple[AccountSpec, AccountSpec, AccountSpec]:
    currency = payment.currency
    return (
        AccountSpec(f"provider:{payment.provider}", AccountKind.OUTSIDE, currency),
        AccountSpec(f"user:{payment.invoice.seller_id}", AccountKind.AVAILABLE, currency),
        AccountSpec("platform", AccountKind.FEES, currency),
    )


def _tell(invoices: Sequence[Invoice]) -> None:
    mail_enqueue_many(
        Mail.INVOICE_PAID,
        [
            (
                invoice.seller,
                invoice.public_id,
                {
                    "number": invoice.number,
                    "milestone": invoice.milestone.title,
                    "total": invoice.total,
                    "fee": invoice.fee,
                    "net": invoice.net,
                    "path": reverse("wallets:wallet"),
                },
            )
            for invoice in invoices
        ],
    )
