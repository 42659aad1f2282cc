"""What an action would do: the real services in a transaction that is rolled back."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

from django.db import transaction
from djmoney.money import Money

from accounts.models import User
from accounts.policies import require
from common.money import from_minor, to_minor, zero
from gigs.enums import PaymentMode
from gigs.models import Milestone, Project, RefundRequest
from gigs.selectors import project_view, projects_with_figures
from gigs.services import Part, milestone_approve, milestone_approve_part, refund_request
from invoicing import policies as invoice_policies
from invoicing.models import Invoice
from invoicing.services import invoice_issue_for, invoices_issue
from wallets.enums import AccountKind, PaymentPurpose, PaymentSource, PaymentStatus
from wallets.models import Payment
from wallets.selectors import (
    WalletBalance,
    credit_balance,
    credit_balances,
    taken_by,
    wallet_balances,
)
from wallets.services.credit import (
    credit_top_up_begin,
    take_back_begin,
    take_back_conclude,
)
from wallets.services.crediting import invoice_credit
from wallets.services.funding import funding_begin
from wallets.services.held import held_settle
from wallets.services.payments import (
    TAKEN,
    MethodChoice,
    payments_conclude,
    refuse_unless_payable,
)
from wallets.services.releases import (
    Returned,
    funds_give_back,
    refund_agree,
    refund_conclude,
)
from wallets.services.settlement import locked_invoice


@dataclass(frozen=True, slots=True)
class Preview:
    """The invoice as it would be, how its fee comes about, and the wallet once it is paid.

    `charged` is what is paid of it now, and `credited` what of that the freelancer gets: less than total
    and net where a part was paid before, or stays open.
    `from_credit` and `to_credit` are what the commissioner's credit loses or gains by held funds that
    were not what the invoice takes; `left_open` what neither covers. `is_by_hand` where no invoice
    follows by itself: the one that the freelancer may then make.
    """

    milestone_title: str
    bonus: Money
    subtotal: Money
    tax: Money
    total: Money
    fee: Money
    net: Money
    charged: Money
    credited: Money
    fee_rate: Decimal
    gross_before: Money
    fees_before: Money
    available_after: Money
    lifetime_after: Money
    clearing_days: int
    completes_project: bool
    from_credit: Money
    to_credit: Money
    left_open: Money
    is_by_hand: bool = False


@dataclass(frozen=True, slots=True)
class FundingPreview:
    """What would be charged and set aside, and what would be left of the credit."""

    milestones: list[Milestone]
    amount: Money
    held_after: Money
    credit_after: Money


@dataclass(frozen=True, slots=True)
class GiveBackPreview:
    """What would become credit again, and what of the milestone would be left."""

    milestone: Milestone
    returned: Money
    held_after: Money
    agreed_after: Money
    completes_project: bool


@dataclass(frozen=True, slots=True)
class CreditPreview:
    """What would be charged or given back, to which method, and the credit afterwards."""

    amount: Money
    method: str
    credit_after: Money


@dataclass(frozen=True, slots=True)
class NotePreview:
    """The note as it would be, and what it does to the invoice and to both wallets.

    The first three after the note are what is taken off the freelancer's wallet, and from where.
    `returned` becomes the commissioner's credit; `is_paid_now` where what is left of the invoice is
    paid from held funds, or from what was paid of it in part, at once.
    """

    note: Invoice
    from_pending: Money
    from_available: Money
    as_debt: Money
    returned: Money
    left_after: Money
    due_after: Money
    gross_before: Money
    fees_before: Money
    pending_after: Money
    available_after: Money
    debt_after: Money
    lifetime_after: Money
    is_paid_now: bool
    corrected: Invoice | None


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

    With a bonus, or for a part of the price. By the completion method, while other milestones are
    not approved, what the freelancer's invoice by hand would do. The refusals of `milestone_approve` and of
    `milestone_approve_part`.
    """
    with _rolled_back():
        Project.objects.locked().get(milestones=milestone_id)
        before = {row.currency: row.available for row in credit_balances(by.pk)}
        if part is None:
            milestone = milestone_approve(milestone_id=milestone_id, bonus=bonus, by=by, at=at)
        else:
            milestone = milestone_approve_part(milestone_id=milestone_id, part=part, by=by, at=at)
        issued = invoices_issue(milestone_ids=[milestone_id], at=at)
        if issued:
            return _with_credit(_paid(_invoice(issued[0]), by=by, at=at), milestone, before)
        freelancer = milestone.project.freelancer
        invoice_id, _ = invoice_issue_for(milestone_id=milestone_id, by=freelancer, at=at)
        return replace(_paid(_invoice(invoice_id), by=by, at=at), is_by_hand=True)


def _with_credit(preview: Preview, milestone: Milestone, before: dict[str, Money]) -> Preview:
    """What held funds did to the commissioner's credit; a provider's payment leaves it alone."""
    project, currency = milestone.project, milestone.amount.currency.code
    if project.payment_mode != PaymentMode.HELD:
        return preview
    nothing = zero(currency)
    gained = credit_balance(project.commissioner_id, currency) - before.get(currency, nothing)
    return replace(preview, from_credit=max(-gained, nothing), to_credit=max(gained, nothing))


def payment_preview(*, invoice_id: int, by: User, at: datetime) -> Preview:
    """What paying the invoice would do; changes nothing.

    AlreadyPaid, PaymentInProgress, PermissionRefused.
    """
    with _rolled_back():
        invoice = locked_invoice(invoice_id)
        require(invoice_policies.may_pay(by, invoice), "Only the invoice's buyer can pay it.")
        refuse_unless_payable(invoice)
        return _paid(invoice, by=by, at=at)


def funding_preview(
    *,
    project_id: int,
    milestone_ids: Sequence[int] | None,
    method: MethodChoice,
    by: User,
    at: datetime,
) -> FundingPreview:
    """What funding milestones would do; changes nothing. The refusals of `funding_begin`."""
    with _rolled_back():
        payment = funding_begin(
            project_id=project_id, milestone_ids=milestone_ids, method=method, by=by, at=at
        )
        payments_conclude(answers={payment.pk: TAKEN}, at=at)
        project = projects_with_figures().get(pk=project_id)
        return FundingPreview(
            milestones=list(
                Milestone.objects.filter(fundings__payment=payment)
                .select_related("project")
                .order_by("position")
            ),
            amount=from_minor(payment.amount_minor, payment.currency),
            held_after=project_view(project).held,
            credit_after=credit_balance(by.pk, payment.currency),
        )


def give_back_preview(
    *, milestone_id: int, amount: Money | None = None, by: User, at: datetime
) -> GiveBackPreview:
    """What giving money back would do; changes nothing. The refusals of `funds_give_back`."""
    with _rolled_back():
        return _given_back(funds_give_back(milestone_id=milestone_id, amount=amount, by=by, at=at))


def refund_agree_preview(*, milestone_id: int, by: User, at: datetime) -> GiveBackPreview:
    """What agreeing to a refund request would do; changes nothing. The refusals of `refund_agree`."""
    with _rolled_back():
        return _given_back(refund_agree(milestone_id=milestone_id, by=by, at=at))


def refund_preview(
    *, milestone_id: int, reason: str, by: User, at: datetime
) -> tuple[RefundRequest, GiveBackPreview]:
    """What asking for money back would do if nobody answers; changes nothing.

    The refusals of `refund_request`.
    """
    with _rolled_back():
        request = refund_request(milestone_id=milestone_id, reason=reason, by=by, at=at)
        returned = refund_conclude(request_id=request.pk, at=request.ends_at)
        if returned is None:
            raise ValueError("a request that was just made waits for its end")
        return request, _given_back(returned)


def top_up_preview(*, amount: Money, method: MethodChoice, by: User, at: datetime) -> CreditPreview:
    """What a top-up would do; changes nothing. The refusals of `credit_top_up_begin`."""
    with _rolled_back():
        payment = credit_top_up_begin(amount=amount, method=method, by=by, at=at)
        payments_conclude(answers={payment.pk: TAKEN}, at=at)
        return _credit_after(payment, payment.amount_minor)


def take_back_preview(
    *, payment_id: int, amount: Money | None = None, by: User, at: datetime
) -> CreditPreview:
    """What taking credit back would do; changes nothing. The refusals of `take_back_begin`."""
    with _rolled_back():
        taken = take_back_begin(payment_id=payment_id, amount=amount, by=by, at=at)
        take_back_conclude(take_back_id=taken.pk, answer=TAKEN, at=at)
        return _credit_after(taken.payment, taken.amount_minor)


def _credit_after(payment: Payment, amount_minor: int) -> CreditPreview:
    return CreditPreview(
        amount=from_minor(amount_minor, payment.currency),
        method=payment.label,
        credit_after=credit_balance(payment.payer_id, payment.currency),
    )


def _given_back(returned: Returned) -> GiveBackPreview:
    view = project_view(projects_with_figures().get(pk=returned.milestone.project_id))
    return GiveBackPreview(
        milestone=returned.milestone,
        returned=returned.amount,
        held_after=view.held,
        agreed_after=view.agreed,
        completes_project=view.project.completed_at is not None,
    )


def note_preview(
    *, invoice_id: int, amount: Money | None = None, reason: str, by: User, at: datetime
) -> NotePreview:
    """What crediting the invoice would do; changes nothing. The refusals of `invoice_credit`."""
    with _rolled_back():
        project = Project.objects.get(invoices=invoice_id)
        currency = project.budget.currency.code
        credit_before = credit_balance(project.commissioner_id, currency)
        in_part = Invoice.objects.get(pk=invoice_id).part_paid
        before = _wallet(project.freelancer_id, currency)
        note = invoice_credit(invoice_id=invoice_id, amount=amount, reason=reason, by=by, at=at)
        invoice = Invoice.objects.get(pk=invoice_id)
        gained = credit_balance(project.commissioner_id, currency) - credit_before
        after = _wallet(note.seller_id, currency)
        taken = taken_by(f"credit:{note.public_id}")
        if in_part:
            taken = _less(before, after)

        return NotePreview(
            note=note,
            from_pending=from_minor(taken[AccountKind.PENDING], currency),
            from_available=from_minor(taken[AccountKind.AVAILABLE], currency),
            as_debt=from_minor(taken[AccountKind.DEBT], currency),
            returned=note.total if note.paid_at else max(gained, zero(currency)),
            is_paid_now=invoice.paid_at == at and not note.paid_at,
            left_after=invoice.subtotal_left,
            due_after=invoice.due,
            gross_before=from_minor(project.invoiced_minor, currency),
            fees_before=from_minor(project.fees_minor, currency),
            pending_after=from_minor(after.pending, currency),
            available_after=from_minor(after.available, currency),
            debt_after=from_minor(after.debt, currency),
            lifetime_after=from_minor(after.lifetime_earnings, currency),
            corrected=Invoice.objects.filter(
                project=project, kind=invoice.kind, pk__gt=note.pk
            ).first(),
        )


def _wallet(user_id: int, currency: str) -> WalletBalance:
    rows = [row for row in wallet_balances(user_id) if row.currency == currency]
    return rows[0] if rows else WalletBalance(currency, 0, 0, 0, 0, 0, 0)


def _less(before: WalletBalance, after: WalletBalance) -> dict[AccountKind, int]:
    """What the wallet has less: a part that goes back is paid again for what is left."""
    return {
        AccountKind.PENDING: max(before.pending - after.pending, 0),
        AccountKind.AVAILABLE: max(before.available - after.available, 0),
        AccountKind.DEBT: max(after.debt - before.debt, 0),
    }


def _invoice(invoice_id: int) -> Invoice:
    return Invoice.objects.select_related("project", "milestone").locked().get(pk=invoice_id)


def _paid(invoice: Invoice, *, by: User, at: datetime) -> Preview:
    currency = invoice.total.currency.code
    paid_before, net_before = invoice.part_paid_amount, invoice.part_net
    completed_before = invoice.project.completed_at
    if invoice.project.payment_mode == PaymentMode.HELD and not invoice.part_paid:
        held_settle(invoice_ids=[invoice.pk], at=at)
    else:
        _pay(invoice, by=by, at=at)
    balance = next(row for row in wallet_balances(invoice.seller_id) if row.currency == currency)
    invoice.refresh_from_db(fields=["status", "paid_at", "part_paid"])
    project = invoice.project
    project.refresh_from_db()
    to_come = invoice.net_open if invoice.due.amount else zero(currency)
    return Preview(
        milestone_title=invoice.subject,
        bonus=invoice.milestone.bonus if invoice.milestone else zero(currency),
        subtotal=invoice.subtotal_left,
        tax=invoice.total_left - invoice.subtotal_left,
        total=invoice.total_left,
        fee=invoice.fee_left,
        net=invoice.net_left,
        charged=invoice.total_left - invoice.due - paid_before,
        credited=invoice.net_left - to_come - net_before,
        fee_rate=invoice.fee_rate,
        gross_before=from_minor(project.invoiced_minor - to_minor(invoice.subtotal_left), currency),
        fees_before=from_minor(project.fees_minor - to_minor(invoice.fee_left), currency),
        available_after=from_minor(balance.available, currency),
        lifetime_after=from_minor(balance.lifetime_earnings, currency),
        clearing_days=project.clearing_days,
        completes_project=project.completed_at != completed_before,
        from_credit=zero(currency),
        to_credit=zero(currency),
        left_open=invoice.due,
    )


def _pay(invoice: Invoice, *, by: User, at: datetime) -> None:
    payment = Payment.objects.create(
        purpose=PaymentPurpose.INVOICE,
        invoice=invoice,
        payer=by,
        provider=PaymentSource.SANDBOX,
        token="preview",  # noqa: S106 - rolled back with the row
        label="Preview",
        amount_minor=to_minor(invoice.open_left),
        currency=invoice.total.currency.code,
        status=PaymentStatus.PROCESSING,
        created_at=at,
    )
    payments_conclude(answers={payment.pk: TAKEN}, at=at)
