"""Asking for a withdrawal, seeing it before, taking it back."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from django.conf import settings
from django.db import IntegrityError, transaction
from django.urls import reverse
from djmoney.money import Money

from accounts import audit
from accounts.models import User
from accounts.policies import require
from accounts.services.mail import Mail, Values, mail_enqueue, mail_enqueue_many
from common.failpoints import failpoint
from common.formats import money_for_people
from common.money import from_minor, to_minor
from outbox.services import enqueue
from wallets import ledger, policies
from wallets.enums import AccountKind, Rail, WithdrawalStatus
from wallets.exceptions import (
    PayoutMethodCoolingOff,
    PayoutMethodUnknown,
    WithdrawalsClosed,
    WithdrawalTooSmall,
    WithdrawalTransitionRefused,
)
from wallets.ledger import AccountSpec
from wallets.models import PayoutMethod, Withdrawal
from wallets.selectors import wallet_balances
from wallets.services.debts import Arrived, debts_pay
from wallets.services.held import wake_waiting

SEND: Final = "withdrawal.send"


@dataclass(frozen=True, slots=True)
class WithdrawalPreview:
    """What a withdrawal would do; nothing has."""

    amount: Money
    fee: Money
    net: Money
    available_after: Money
    needs_approval: bool


@transaction.atomic
def withdrawal_request(
    *, method_id: int, amount: Money, by: User, at: datetime, request_key: UUID | None = None
) -> Withdrawal:
    """Reserve the amount and ask for it to be paid; up to the limit it is approved at once.

    A second call with the same `request_key` gives the first withdrawal. InsufficientFunds,
    PayoutMethodCoolingOff, PayoutMethodUnknown, PermissionRefused, WithdrawalTooSmall,
    WithdrawalsClosed.
    """
    require(policies.may_withdraw(by), "Only freelancers can withdraw money.")
    if settings.PAYOUT_RAIL not in Rail.values:
        raise WithdrawalsClosed
    method = _usable_method(method_id, by=by, at=at)
    terms = policies.payout_terms(amount.currency.code)
    if to_minor(amount) < terms.minimum:
        least = from_minor(terms.minimum, amount.currency.code)
        raise WithdrawalTooSmall(f"Withdraw {money_for_people(least)} or more.")
    withdrawal = Withdrawal(
        user=by,
        method=method,
        rail=settings.PAYOUT_RAIL,
        currency=amount.currency.code,
        amount_minor=to_minor(amount),
        fee_minor=terms.fee,
        status=WithdrawalStatus.REQUESTED,
        request_key=request_key,
        requested_at=at,
    )
    known = save_once(withdrawal)
    if known is not None:
        return known
    failpoint("withdraw.saved")
    debts_pay([arrived(withdrawal, withdrawal.public_id)], at=at)
    reserve(withdrawal)
    failpoint("withdraw.reserved")
    begin(withdrawal, by=by, at=at)
    failpoint("withdraw.requested")
    return withdrawal


def save_once(withdrawal: Withdrawal) -> Withdrawal | None:
    """Write a new withdrawal, unless its user made one with its request key: then that one."""
    try:
        with transaction.atomic():
            withdrawal.save()
    except IntegrityError:
        key = withdrawal.request_key
        known = Withdrawal.objects.of(withdrawal.user).filter(request_key=key).first()
        if key is None or known is None:
            raise
        return known
    return None


def reserve(withdrawal: Withdrawal) -> None:
    """Keep its amount back from now on. InsufficientFunds."""
    ledger.reserve(account=source_account(withdrawal), amount=withdrawal.amount_minor)


def begin(withdrawal: Withdrawal, *, by: User, at: datetime) -> None:
    """Note what is saved and reserved as asked for; up to the limit it is approved at once."""
    record(withdrawal, "withdrawal.requested", by=by, at=at)
    if withdrawal.amount_minor <= policies.payout_terms(withdrawal.currency).approval_above:
        approve(withdrawal, by=None, at=at)
    _tell_of_request(withdrawal)


@transaction.atomic
def withdrawal_cancel(*, withdrawal_id: int, by: User, at: datetime) -> Withdrawal:
    """Take back what is not on its way yet. PermissionRefused, WithdrawalTransitionRefused."""
    withdrawal = locked(withdrawal_id)
    require(policies.may_cancel_withdrawal(by, withdrawal), "This is not your withdrawal.")
    refuse_frozen(withdrawal)
    end_unpaid(withdrawal, WithdrawalStatus.CANCELLED, reason="", by=by, at=at)
    return withdrawal


def withdrawal_preview(
    *, method_id: int, amount: Money, by: User, at: datetime
) -> WithdrawalPreview:
    """What the withdrawal would do; changes nothing. The refusals of `withdrawal_request`."""
    with transaction.atomic():
        try:
            withdrawal = withdrawal_request(method_id=method_id, amount=amount, by=by, at=at)
            currency = withdrawal.currency
            after = next(row for row in wallet_balances(by.pk) if row.currency == currency)
        finally:
            transaction.set_rollback(True)
    return WithdrawalPreview(
        amount=amount,
        fee=from_minor(withdrawal.fee_minor, currency),
        net=from_minor(withdrawal.net_minor, currency),
        available_after=from_minor(after.available, currency),
        needs_approval=withdrawal.status == WithdrawalStatus.REQUESTED,
    )


def locked(withdrawal_id: int) -> Withdrawal:
    """The withdrawal with its user and method, locked."""
    return Withdrawal.objects.select_related("user", "method").locked().get(pk=withdrawal_id)


def locked_many(withdrawal_ids: Collection[int]) -> list[Withdrawal]:
    """Several, in primary-key order, each locked."""
    rows = Withdrawal.objects.select_related("user", "method").among(withdrawal_ids)
    return list(rows.locked())


def refuse_frozen(withdrawal: Withdrawal) -> None:
    """WithdrawalTransitionRefused for one that waits for staff to find out what became of it."""
    if withdrawal.frozen_at is not None:
        raise WithdrawalTransitionRefused("This withdrawal is frozen until we know more about it.")


def approve(withdrawal: Withdrawal, *, by: User | None, at: datetime) -> None:
    """Move a locked or new withdrawal on to be sent; `by` is None below the limit."""
    withdrawal.move_to(WithdrawalStatus.APPROVED)
    withdrawal.approved_at, withdrawal.approved_by = at, by
    withdrawal.save(update_fields=["status", "approved_at", "approved_by"])
    record(withdrawal, "withdrawal.approved", by=by, at=at)
    if withdrawal.rail == Rail.SANDBOX:
        enqueue(SEND, key=withdrawal.public_id, payload={"withdrawal": withdrawal.pk})


def send(withdrawals: Sequence[Withdrawal], *, by: User | None, at: datetime) -> None:
    """Note that locked withdrawals that were approved are on their way."""
    for withdrawal in withdrawals:
        withdrawal.move_to(WithdrawalStatus.SENDING)
        withdrawal.sent_at = at
    Withdrawal.objects.among(withdrawal.pk for withdrawal in withdrawals).update(
        status=WithdrawalStatus.SENDING, sent_at=at
    )
    steps = [Step(withdrawal, "withdrawal.sending") for withdrawal in withdrawals]
    record_steps(steps, by=by, at=at)


def end_unpaid(
    withdrawal: Withdrawal,
    status: WithdrawalStatus,
    *,
    reason: str,
    by: User | None,
    at: datetime,
) -> None:
    """End a locked withdrawal whose money never left: what was reserved is available again."""
    before = withdrawal.status
    withdrawal.move_to(status)
    withdrawal.ended_at, withdrawal.reason = at, reason
    withdrawal.save(update_fields=["status", "ended_at", "reason"])
    ledger.release(account=source_account(withdrawal), amount=withdrawal.amount_minor)
    record(withdrawal, f"withdrawal.{status}", by=by, at=at, before=before)
    event = f"{withdrawal.public_id}:{status}"
    use_again(withdrawal, event=event, at=at)
    tell_of_end([(withdrawal, event)])


def use_again(withdrawal: Withdrawal, *, event: str, at: datetime) -> None:
    """What money that did not leave, or came back, does first: pay what is owed or what waits."""
    if withdrawal.source == AccountKind.AVAILABLE:
        debts_pay([arrived(withdrawal, event)], at=at)
    else:
        wake_waiting(buyer_id=withdrawal.user_id, currency=withdrawal.currency, key=event)


def source_of(withdrawal: Withdrawal) -> AccountSpec:
    """The ledger's account that the money is taken from."""
    return AccountSpec(f"user:{withdrawal.user_id}", withdrawal.source, withdrawal.currency)


def source_account(withdrawal: Withdrawal) -> int:
    """Its id in the ledger."""
    spec = source_of(withdrawal)
    return ledger.open_accounts([spec])[spec]


@dataclass(frozen=True, slots=True)
class Step:
    """What the audit log says of one step of a withdrawal."""

    withdrawal: Withdrawal
    event: str
    before: str = ""
    journal_key: str | None = None

    def as_record(self) -> audit.Record:
        withdrawal = self.withdrawal
        return audit.Record(
            event=self.event,
            target=withdrawal,
            before={"status": self.before} if self.before else {},
            after={
                "status": withdrawal.status,
                "amount_minor": withdrawal.amount_minor,
                "fee_minor": withdrawal.fee_minor,
                "currency": withdrawal.currency,
                "reason": withdrawal.reason,
            },
            journal_key=self.journal_key,
        )


def record_steps(steps: Sequence[Step], *, by: User | None, at: datetime) -> None:
    """Write the audit rows of steps, in one statement."""
    audit.record_many([step.as_record() for step in steps], by=by, at=at)


def record(
    withdrawal: Withdrawal,
    event: str,
    *,
    by: User | None,
    at: datetime,
    before: str = "",
    journal_key: str | None = None,
) -> None:
    """Write the audit row of one step."""
    record_steps([Step(withdrawal, event, before, journal_key)], by=by, at=at)


def remark(withdrawal: Withdrawal, event: str, text: str, *, by: User | None, at: datetime) -> None:
    """Write the audit row of something that was said, without a step."""
    after = {"status": withdrawal.status, "note": text}
    audit.record(audit.Record(event=event, target=withdrawal, after=after), by=by, at=at)


def tell_of_end(ended: Sequence[tuple[Withdrawal, str]]) -> None:
    """Tell the users how their withdrawals ended, all in the same way, and by which event each.

    A withdrawal that comes back, or is paid after all, ends again: they are told again.
    """
    is_paid = {withdrawal.status for withdrawal, _ in ended} == {WithdrawalStatus.PAID}
    mail_enqueue_many(
        Mail.WITHDRAWAL_PAID if is_paid else Mail.WITHDRAWAL_NOT_PAID,
        [(withdrawal.user, event, _end_of(withdrawal)) for withdrawal, event in ended],
    )


def _end_of(withdrawal: Withdrawal) -> Values:
    return {
        "amount": from_minor(withdrawal.amount_minor, withdrawal.currency),
        "fee": from_minor(withdrawal.fee_minor, withdrawal.currency),
        "net": from_minor(withdrawal.net_minor, withdrawal.currency),
        "method": withdrawal.method.label,
        "outcome": withdrawal.get_status_display().lower(),
        "reason": withdrawal.reason or "You took it back yourself.",
        "back": "in your wallet" if withdrawal.payment_id is None else "your credit",
        "path": reverse("wallets:withdrawal", args=[withdrawal.public_id]),
    }


def arrived(withdrawal: Withdrawal, event: str) -> Arrived:
    """What pays what is owed before money leaves, and each time that it has come back."""
    return Arrived(
        withdrawal.user_id,
        withdrawal.currency,
        key=event,
        about_type="withdrawal",
        about_id=withdrawal.pk,
        target=audit.Subject(withdrawal.public_id, str(withdrawal)),
    )


def _tell_of_request(withdrawal: Withdrawal) -> None:
    mail_enqueue(
        Mail.WITHDRAWAL_REQUESTED,
        to=withdrawal.user,
        key=withdrawal.public_id,
        context={
            "amount": from_minor(withdrawal.amount_minor, withdrawal.currency),
            "method": withdrawal.method.label,
            "path": reverse("wallets:withdrawal", args=[withdrawal.public_id]),
        },
    )


def _usable_method(method_id: int, *, by: User, at: datetime) -> PayoutMethod:
    method = PayoutMethod.objects.locked().get(pk=method_id)
    if method.user_id != by.pk or method.removed_at is not None:
        raise PayoutMethodUnknown
    if not method.is_usable(at):
        raise PayoutMethodCoolingOff(
            f"Money can go to {method.label} from {method.usable_at:%Y-%m-%d %H:%M} UTC on."
        )
    return method
