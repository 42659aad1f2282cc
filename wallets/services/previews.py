"""What an action would do: the real services in a transaction that is rolled back."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.db import transaction
from djmoney.money import Money

from accounts.models import User
from common.money import from_minor, to_minor
from gigs.policies import require
from gigs.services import Part, milestone_approve, milestone_approve_part
from invoicing import policies as invoice_policies
from invoicing.models import Invoice
from invoicing.services import invoices_issue
from wallets.enums import PaymentStatus, Provider
from wallets.models import Payment
from wallets.selectors import wallet_balances
from wallets.services.payments import refuse_unless_payable
from wallets.services.settlement import locked_for_settlement, settle


@dataclass(frozen=True, slots=True)
class Preview:
    """The invoice as it would be, how its fee comes about, and the wallet once it is paid."""

    milestone_title: str
    bonus: Money
    subtotal: Money
    tax: Money
    total: Money
    fee: Money
    net: Money
    fee_rate: Decimal
    gross_before: Money
    fees_before: Money
    available_after: Money
    lifetime_after: Money
    clearing_days: int
    completes_project: bool


@contextmanager
def _rolled_back() -> Iterator[None]:
    with transaction.atomic():
        try:
            yield
        finally:
            transaction.set_rollback(True)


def approval_preview(
    *,
    milestone_id: int,
    bonus: Money | None = None,
    part: Part | None = None,
    by: User,
    at: datetime,
) -> Preview:
    """What approving the milestone, and then paying its invoice, would do; changes nothing.

    With a bonus, or for a part of the price. The refusals of `milestone_approve` and of
    `milestone_approve_part`.
    """
    with _rolled_back():
        if part is None:
            milestone_approve(milestone_id=milestone_id, bonus=bonus, by=by, at=at)
        else:
            milestone_approve_part(milestone_id=milestone_id, part=part, by=by, at=at)
        [invoice_id] = invoices_issue(milestone_ids=[milestone_id], at=at)
        return _paid(_invoice(invoice_id), by=by, at=at)


def payment_preview(*, invoice_id: int, by: User, at: datetime) -> Preview:
    """What paying the invoice would do; changes nothing.

    AlreadyPaid, PaymentInProgress, PermissionRefused.
    """
    with _rolled_back():
        invoice = _invoice(invoice_id)
        require(invoice_policies.may_pay(by, invoice), "Only the invoice's buyer can pay it.")
        refuse_unless_payable(invoice)
        return _paid(invoice, by=by, at=at)


def _invoice(invoice_id: int) -> Invoice:
    return Invoice.objects.select_related("project", "milestone").locked().get(pk=invoice_id)


def _paid(invoice: Invoice, *, by: User, at: datetime) -> Preview:
    currency = invoice.total.currency.code
    payment = Payment.objects.create(
        invoice=invoice,
        payer=by,
        provider=Provider.SANDBOX,
        token="preview",  # noqa: S106 - rolled back with the row
        label="Preview",
        amount_minor=to_minor(invoice.total),
        currency=currency,
        status=PaymentStatus.PROCESSING,
        created_at=at,
    )
    settle(dues=locked_for_settlement([payment.pk]), at=at)
    balance = next(row for row in wallet_balances(invoice.seller_id) if row.currency == currency)
    project = invoice.project
    project.refresh_from_db()
    return Preview(
        milestone_title=invoice.milestone.title,
        bonus=invoice.milestone.bonus,
        subtotal=invoice.subtotal,
        tax=invoice.tax,
        total=invoice.total,
        fee=invoice.fee,
        net=invoice.net,
        fee_rate=invoice.fee_rate,
        gross_before=from_minor(project.invoiced_minor - to_minor(invoice.subtotal), currency),
        fees_before=from_minor(project.fees_minor - to_minor(invoice.fee), currency),
        available_after=from_minor(balance.available, currency),
        lifetime_after=from_minor(balance.lifetime_earnings, currency),
        clearing_days=project.clearing_days,
        completes_project=project.completed_at is not None,
    )
