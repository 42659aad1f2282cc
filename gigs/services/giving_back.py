"""Giving up what was agreed on a milestone whose money is held: all of it, or a part."""

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from djmoney.money import Money

from accounts import audit
from accounts.models import User
from accounts.policies import require
from common.exceptions import FieldError, Invalid
from common.money import amount_text, to_minor
from gigs import policies
from gigs.enums import AmendmentReason, MilestoneStatus, PaymentMode, RefundStatus
from gigs.exceptions import GiveBackTooLate, NothingHeld
from gigs.models import Milestone, Project
from gigs.services.amendments import price_amend
from gigs.services.refund_requests import refund_end_open
from gigs.services.settlement import projects_complete

TOO_LATE = frozenset({MilestoneStatus.APPROVED, MilestoneStatus.SETTLED})
WITHOUT_FUNDS = frozenset({MilestoneStatus.PLANNED, MilestoneStatus.CANCELLED})


@dataclass(frozen=True, slots=True)
class GivenUp:
    """A locked milestone, and its price before and after in minor units; nothing once cancelled."""

    milestone: Milestone
    before: int
    after: int


@transaction.atomic
def milestone_give_back(
    *, milestone_id: int, amount: Money | None = None, by: User, at: datetime
) -> GivenUp:
    """Give up a part of the price, or without an amount all of it, which cancels the milestone.

    What the project has agreed shrinks by as much. The money is the caller's to move, in the same
    transaction. NothingHeld, GiveBackTooLate, PermissionRefused; Invalid for an amount that is no
    part of the price.
    """
    milestone = locked_with_project(milestone_id)
    require(
        policies.may_deliver(by, milestone),
        "Only the project's freelancer can give money back.",
    )
    refuse_unless_held(milestone)
    price = to_minor(milestone.amount)
    if amount is None or amount == milestone.amount:
        refund_end_open(milestone, RefundStatus.AGREED, by=by, at=at)
        return milestone_cancel(milestone, by=by, at=at)
    rest = price - _part(milestone, amount)
    _shrink(milestone.project, by_minor=price - rest)
    price_amend(milestone, milestone.amount - amount, AmendmentReason.GIVEN_BACK, by=by, at=at)
    return GivenUp(milestone, before=price, after=rest)


def locked_with_project(milestone_id: int) -> Milestone:
    """The milestone, locked after its project, with the parties."""
    project = (
        Project.objects.select_related("commissioner", "freelancer")
        .locked()
        .get(milestones=milestone_id)
    )
    milestone = Milestone.objects.locked().get(pk=milestone_id)
    milestone.project = project
    return milestone


def refuse_unless_held(milestone: Milestone) -> None:
    """GiveBackTooLate for an approved milestone, NothingHeld for one that is not funded."""
    if milestone.project.payment_mode != PaymentMode.HELD or milestone.status in WITHOUT_FUNDS:
        raise NothingHeld
    if milestone.status in TOO_LATE:
        raise GiveBackTooLate


def milestone_cancel(milestone: Milestone, *, by: User | None, at: datetime) -> GivenUp:
    """Cancel a milestone that is locked after its project; by nobody when time ran out.

    Its price stays on record and is no longer agreed. The project completes when nothing is left
    to do. MilestoneTransitionRefused.
    """
    before, price = milestone.status, to_minor(milestone.amount)
    milestone.move_to(MilestoneStatus.CANCELLED)
    milestone.cancelled_at, milestone.review_ends_at = at, None
    milestone.save(update_fields=["status", "cancelled_at", "review_ends_at"])
    agreed = milestone.project.agreed_minor
    _shrink(milestone.project, by_minor=price)
    audit.record(
        audit.Record(
            event="milestone.cancelled",
            target=milestone,
            before={"status": before, "agreed_minor": agreed},
            after={
                "status": milestone.status,
                "agreed_minor": milestone.project.agreed_minor,
                "amount": amount_text(milestone.amount),
                "currency": milestone.amount.currency.code,
            },
        ),
        by=by,
        at=at,
    )
    projects_complete(project_ids=[milestone.project_id], at=at)
    return GivenUp(milestone, before=price, after=0)


def _part(milestone: Milestone, amount: Money) -> int:
    if amount.currency != milestone.amount.currency:
        message = "Money goes back in the currency of the price."
        raise Invalid([FieldError("amount", "currency_mismatch", message)])
    if not 0 < to_minor(amount) < to_minor(milestone.amount):
        message = f"Give back more than nothing and at most {amount_text(milestone.amount)}."
        raise Invalid([FieldError("amount", "out_of_range", message)])
    return to_minor(amount)


def _shrink(project: Project, *, by_minor: int) -> None:
    project.agreed_minor -= by_minor
    project.save(update_fields=["agreed_minor"])
