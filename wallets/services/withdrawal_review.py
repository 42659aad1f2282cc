"""What staff decide about withdrawals: never about their own, never without a reason, and above the
limit never one of them alone.
"""

from datetime import datetime, timedelta
from typing import Final

from django.conf import settings
from django.db import transaction

from accounts.models import User
from accounts.policies import require
from outbox.registry import BRISK_LEASE
from outbox.services import enqueue
from wallets import policies
from wallets.enums import Rail, Resolution, WithdrawalStatus
from wallets.exceptions import ReasonRequired, WithdrawalTransitionRefused
from wallets.models import Withdrawal
from wallets.services.withdrawal_freezing import RESOLUTION, freeze, overtake, unfreeze
from wallets.services.withdrawal_journals import pay, pay_after_all, take_back
from wallets.services.withdrawal_sending import RESOLVE, UNDER_WAY
from wallets.services.withdrawals import SEND, approve, end_unpaid, locked, refuse_frozen, remark

ENDED_UNPAID: Final = (
    WithdrawalStatus.RETURNED,
    WithdrawalStatus.REJECTED,
    WithdrawalStatus.CANCELLED,
)
GOES_ON: Final = (WithdrawalStatus.APPROVED, *UNDER_WAY)


@transaction.atomic
def withdrawal_approve(*, withdrawal_id: int, note: str, by: User, at: datetime) -> Withdrawal:
    """Let an amount above the limit go. PermissionRefused, WithdrawalTransitionRefused."""
    withdrawal = _reviewed(withdrawal_id, note, by=by)
    refuse_frozen(withdrawal)
    approve(withdrawal, by=by, at=at)
    _note(withdrawal, note, by=by, at=at)
    return withdrawal


@transaction.atomic
def withdrawal_reject(*, withdrawal_id: int, reason: str, by: User, at: datetime) -> Withdrawal:
    """Give back what is not on its way yet; the user reads the reason.

    PermissionRefused, WithdrawalTransitionRefused.
    """
    withdrawal = _reviewed(withdrawal_id, reason, by=by)
    if withdrawal.frozen_at is not None:
        unfreeze(withdrawal)
    end_unpaid(withdrawal, WithdrawalStatus.REJECTED, reason=reason.strip()[:300], by=by, at=at)
    return withdrawal


@transaction.atomic
def withdrawal_freeze(*, withdrawal_id: int, reason: str, by: User, at: datetime) -> Withdrawal:
    """Keep every job off a withdrawal that is on its way, to find out what became of it.

    PermissionRefused, WithdrawalTransitionRefused.
    """
    withdrawal = _reviewed(withdrawal_id, reason, by=by)
    refuse_frozen(withdrawal)
    if withdrawal.status not in UNDER_WAY:
        raise WithdrawalTransitionRefused("Only what is on its way can be frozen.")
    freeze(withdrawal, reason.strip()[:300], by=by, at=at)
    return withdrawal


@transaction.atomic
def withdrawal_unfreeze(*, withdrawal_id: int, reason: str, by: User, at: datetime) -> Withdrawal:
    """Let a frozen withdrawal go on from where it was, with the key that its provider knows.

    What does not fit freezes it again. A resolution that nobody confirmed is void.
    PermissionRefused, WithdrawalTransitionRefused.
    """
    withdrawal = _reviewed(withdrawal_id, reason, by=by)
    frozen_at = withdrawal.frozen_at
    if frozen_at is None:
        raise WithdrawalTransitionRefused("This withdrawal is not frozen.")
    if withdrawal.status not in GOES_ON:
        raise WithdrawalTransitionRefused("It has ended: resolve it as paid or as returned.")
    overtake(withdrawal)
    _note(withdrawal, reason, by=by, at=at, event="withdrawal.unfrozen")
    if withdrawal.rail == Rail.SANDBOX:
        topic = RESOLVE if withdrawal.status == WithdrawalStatus.UNCERTAIN else SEND
        key = f"{withdrawal.public_id}:{frozen_at.isoformat()}"
        enqueue(topic, key=key, payload={"withdrawal": withdrawal.pk})
    return withdrawal


@transaction.atomic
def withdrawal_resolve(
    *, withdrawal_id: int, is_paid: bool, reason: str, by: User, at: datetime
) -> Withdrawal:
    """Say what became of a frozen withdrawal; above the limit it waits for a second person.

    Staff have looked at the bank's own statement, and nobody has asked the provider since the
    freeze. Paid means exactly the net amount; returned money goes back to the wallet and the user
    reads the reason. PermissionRefused, WithdrawalTransitionRefused.
    """
    withdrawal = _reviewed(withdrawal_id, reason, by=by)
    _refuse_unless_settled_down(withdrawal, at=at)
    withdrawal.resolution = Resolution.PAID if is_paid else Resolution.RETURNED
    withdrawal.resolution_reason = reason.strip()[:300]
    withdrawal.resolved_at, withdrawal.resolved_by = at, by
    withdrawal.save(update_fields=RESOLUTION)
    _note(withdrawal, reason, by=by, at=at)
    limit = policies.payout_terms(withdrawal.currency).approval_above
    if withdrawal.amount_minor <= limit:
        _take_effect(withdrawal, by=by, at=at)
    return withdrawal


@transaction.atomic
def withdrawal_confirm(
    *, withdrawal_id: int, is_paid: bool, reason: str, by: User, at: datetime
) -> Withdrawal:
    """Let a resolution that waits take effect; never by who made it.

    Only if it still says what they read: it may have been changed since.
    PermissionRefused, WithdrawalTransitionRefused.
    """
    withdrawal = _reviewed(withdrawal_id, reason, by=by)
    if withdrawal.frozen_at is None or not withdrawal.resolution:
        raise WithdrawalTransitionRefused("Nothing waits to be confirmed about this withdrawal.")
    if is_paid != (withdrawal.resolution == Resolution.PAID):
        said = withdrawal.get_resolution_display().lower()
        raise WithdrawalTransitionRefused(f"It is resolved as {said} by now. Look again.")
    require(withdrawal.resolved_by_id != by.pk, "Somebody else has to confirm it.")
    withdrawal.confirmed_by = by
    withdrawal.save(update_fields=["confirmed_by"])
    _note(withdrawal, reason, by=by, at=at)
    _take_effect(withdrawal, by=by, at=at)
    return withdrawal


def _refuse_unless_settled_down(withdrawal: Withdrawal, *, at: datetime) -> None:
    """WithdrawalTransitionRefused unless frozen so long that no call to the provider is under way.

    Who was about to ask when it was frozen has asked by then, and the provider has answered.
    """
    if withdrawal.frozen_at is None:
        raise WithdrawalTransitionRefused("Freeze it first, then look what became of it.")
    from_when = withdrawal.frozen_at + quiet_after()
    if at < from_when:
        raise WithdrawalTransitionRefused(
            f"The provider may still be asked about it. Look again at {from_when:%H:%M:%S} UTC."
        )


def quiet_after() -> timedelta:
    """How long after a freeze the provider may still be asked: a lease and one time-out."""
    return BRISK_LEASE + timedelta(seconds=settings.PAYOUT_TIMEOUT_SECONDS)


def _take_effect(withdrawal: Withdrawal, *, by: User, at: datetime) -> None:
    """Do what staff said of a frozen withdrawal, unless it is so already."""
    unfreeze(withdrawal)
    if withdrawal.resolution == Resolution.RETURNED:
        if withdrawal.status not in ENDED_UNPAID:
            take_back(withdrawal, reason=withdrawal.resolution_reason, by=by, at=at)
    elif withdrawal.status == WithdrawalStatus.RETURNED:
        pay_after_all(withdrawal, by=by, at=at)
    elif withdrawal.status != WithdrawalStatus.PAID:
        pay([withdrawal], by=by, at=at)


def _reviewed(withdrawal_id: int, reason: str, *, by: User) -> Withdrawal:
    withdrawal = locked(withdrawal_id)
    require(
        policies.may_review_withdrawal(by, withdrawal),
        "Only staff decide about withdrawals, and never about their own.",
    )
    if not reason.strip():
        raise ReasonRequired
    return withdrawal


def _note(
    withdrawal: Withdrawal,
    note: str,
    *,
    by: User,
    at: datetime,
    event: str = "withdrawal.reviewed",
) -> None:
    remark(withdrawal, event, note.strip()[:300], by=by, at=at)
