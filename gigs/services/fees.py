"""The platform's fee rate, by date."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Final

from django.db import IntegrityError, transaction

from accounts import audit
from accounts.models import User
from accounts.policies import may_administer, require
from common.exceptions import FieldError, Invalid
from gigs.models import FeePolicy

SMALLEST_STEP: Final = Decimal("0.0001")


@dataclass(frozen=True, slots=True)
class FeeChange:
    """A rate as a fraction of the price, and the moment from which projects start with it."""

    rate: Decimal
    valid_from: datetime
    reason: str


@transaction.atomic
def fee_policy_announce(*, change: FeeChange, by: User, at: datetime) -> FeePolicy:
    """Set the rate of projects that start from a moment in the future on.

    Rates that were ever in force stay as they are, and so do projects: each keeps the rate with
    which it started. Invalid, PermissionRefused.
    """
    require(may_administer(by), "Only staff can change the platform's fee.")
    errors = _errors(change, at=at)
    if errors:
        raise Invalid(errors)
    try:
        with transaction.atomic():
            policy = FeePolicy.objects.create(rate=change.rate, valid_from=change.valid_from)
    except IntegrityError as error:
        message = "Another rate starts at that moment already."
        raise Invalid([FieldError("valid_from", "already_taken", message)]) from error
    audit.record(
        audit.Record(
            event="fee_policy.announced",
            target=audit.Subject(f"fee_policy_{policy.pk}", str(policy)),
            after={
                "rate": str(change.rate),
                "valid_from": change.valid_from.isoformat(),
                "reason": change.reason,
            },
        ),
        by=by,
        at=at,
    )
    return policy


def _errors(change: FeeChange, *, at: datetime) -> list[FieldError]:
    errors = []
    if not 0 <= change.rate < 1 or change.rate % SMALLEST_STEP:
        message = "A rate is at least 0 % and below 100 %, with two decimals at most."
        errors.append(FieldError("rate", "out_of_range", message))
    if change.valid_from <= at:
        message = "A rate starts in the future: what has been agreed stays as it is."
        errors.append(FieldError("valid_from", "in_the_past", message))
    if not change.reason.strip():
        errors.append(FieldError("reason", "blank", "Say why the fee changes."))
    return errors
