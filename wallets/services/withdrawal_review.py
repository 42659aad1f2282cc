"""What staff decide about withdrawals. Never about their own, and never without a reason."""

from datetime import datetime
from typing import Final

from django.db import transaction

from accounts.models import User
from gigs.policies import require
from wallets import policies
from wallets.enums import WithdrawalStatus
from wallets.exceptions import ReasonRequired, WithdrawalTransitionRefused
from wallets.models import Withdrawal
from wallets.services.withdrawal_sending import pay, take_back, unfreeze
from wallets.services.withdrawals import approve, end_unpaid, locked, refuse_frozen, remark

ENDED_UNPAID: Final = (
    WithdrawalStatus.RETURNED,
    WithdrawalStatus.REJECTED,
    WithdrawalStatus.CANCELLED,
)


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
def withdrawal_resolve(
    *, withdrawal_id: int, is_paid: bool, reason: str, by: User, at: datetime
) -> Withdrawal:
    """Say what became of a withdrawal that is frozen or whose outcome nobody knows.

    Staff have looked at the bank's own statement. Paid means exactly the net amount; returned
    money goes back to the wallet and the user reads the reason. PermissionRefused,
    WithdrawalTransitionRefused.
    """
    withdrawal = _reviewed(withdrawal_id, reason, by=by)
    is_open = withdrawal.status in (WithdrawalStatus.SENDING, WithdrawalStatus.UNCERTAIN)
    if withdrawal.frozen_at is None and not is_open:
        raise WithdrawalTransitionRefused("There is nothing to resolve about this withdrawal.")
    unfreeze(withdrawal)
    _note(withdrawal, reason, by=by, at=at)
    if not is_paid and withdrawal.status not in ENDED_UNPAID:
        take_back(withdrawal, reason=reason.strip()[:300], by=by, at=at)
    elif is_paid and withdrawal.status != WithdrawalStatus.PAID:
        pay([withdrawal], by=by, at=at)
    return withdrawal


def _reviewed(withdrawal_id: int, reason: str, *, by: User) -> Withdrawal:
    withdrawal = locked(withdrawal_id)
    require(
        policies.may_review_withdrawal(by, withdrawal),
        "Only staff decide about withdrawals, and never about their own.",
    )
    if not reason.strip():
        raise ReasonRequired
    return withdrawal


def _note(withdrawal: Withdrawal, note: str, *, by: User, at: datetime) -> None:
    remark(withdrawal, "withdrawal.reviewed", note.strip()[:300], by=by, at=at)
