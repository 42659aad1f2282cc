"""Moving a frozen price: by an amendment on record."""

from datetime import datetime

from djmoney.money import Money

from accounts import audit
from accounts.models import User
from common.money import amount_text
from gigs.enums import AmendmentReason
from gigs.models import Amendment, Milestone


def price_amend(
    milestone: Milestone, after: Money, reason: AmendmentReason, *, by: User, at: datetime
) -> None:
    """Write the amendment, then move the price; the milestone is locked."""
    before = milestone.amount
    milestone.amendment_count += 1
    Amendment.objects.create(
        milestone=milestone,
        number=milestone.amendment_count,
        before=before,
        after=after,
        reason=reason,
        by=by,
        created_at=at,
    )
    milestone.amount = after
    milestone.save(update_fields=["amount", "amendment_count"])
    audit.record(
        audit.Record(
            event="milestone.price_amended",
            target=milestone,
            before={"amount": amount_text(before)},
            after={
                "amount": amount_text(after),
                "currency": after.currency.code,
                "reason": reason,
            },
        ),
        by=by,
        at=at,
    )
