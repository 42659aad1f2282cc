"""Leaving a withdrawal to staff, and going on with it."""

import logging
from datetime import datetime
from typing import Final

from accounts.models import User
from wallets.models import Withdrawal
from wallets.services.withdrawals import remark

logger = logging.getLogger(__name__)

RESOLUTION: Final = (
    "resolution",
    "resolution_reason",
    "resolved_at",
    "resolved_by",
    "confirmed_by",
)


def freeze(withdrawal: Withdrawal, because: str, *, by: User | None = None, at: datetime) -> None:
    """Leave a locked withdrawal to staff: something about it does not fit, or they are looking."""
    withdrawal.frozen_at, withdrawal.frozen_because = at, because
    withdrawal.save(update_fields=["frozen_at", "frozen_because"])
    _forget_resolution(withdrawal)
    remark(withdrawal, "withdrawal.frozen", because, by=by, at=at)
    logger.error("withdrawal frozen", extra={"key": withdrawal.public_id, "because": because})


def overtake(withdrawal: Withdrawal) -> None:
    """Go on with a locked withdrawal as if it had not been frozen; what nobody confirmed is void."""
    if withdrawal.frozen_at is not None:
        _forget_resolution(withdrawal)
        unfreeze(withdrawal)


def _forget_resolution(withdrawal: Withdrawal) -> None:
    withdrawal.resolution = withdrawal.resolution_reason = ""
    withdrawal.resolved_at = withdrawal.resolved_by = withdrawal.confirmed_by = None
    withdrawal.save(update_fields=RESOLUTION)


def unfreeze(withdrawal: Withdrawal) -> None:
    """Go on with a locked withdrawal that staff have looked at."""
    withdrawal.frozen_at, withdrawal.frozen_because = None, ""
    withdrawal.save(update_fields=["frozen_at", "frozen_because"])
