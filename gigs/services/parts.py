"""Approving a part of a milestone's price; the rest goes on or goes back."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.db import transaction
from djmoney.money import Money

from accounts.models import User
from accounts.policies import require
from accounts.services.mail import Mail, Page, mail_enqueue
from common.exceptions import FieldError, Invalid
from common.money import MAX_MINOR, amount_text, from_minor, to_minor
from gigs import policies
from gigs.enums import AmendmentReason, MilestoneStatus, Remainder
from gigs.exceptions import NoNextMilestone, PriceFixed
from gigs.models import Milestone, Project
from gigs.services import funds
from gigs.services.amendments import price_amend
from gigs.services.funds import Change
from gigs.services.milestones import milestone_approve

OPEN: Final = frozenset(
    {MilestoneStatus.PLANNED, MilestoneStatus.FUNDED, MilestoneStatus.IN_PROGRESS}
)


@dataclass(frozen=True, slots=True)
class Part:
    """How much of a price is approved, and where the rest goes."""

    amount: Money
    remainder: Remainder


@transaction.atomic
def milestone_approve_part(*, milestone_id: int, part: Part, by: User, at: datetime) -> Milestone:
    """Accept the delivered work for a part of its price.

    The rest is added to the next milestone that nobody has delivered, or taken off what the project
    has agreed; where the price is held, the money moves with it, or becomes credit. The project and
    all its milestones are locked; each price moves by an amendment on record.
    MilestoneTransitionRefused, NoNextMilestone, PriceFixed, CreditShort, FundingUnderWay,
    PermissionRefused; Invalid for an amount that is no part of the price.
    """
    project = Project.objects.locked().get(milestones=milestone_id)
    milestones = list(Milestone.objects.filter(project=project).locked())
    milestone = next(one for one in milestones if one.pk == milestone_id)
    for one in milestones:
        one.project = project
    require(policies.may_review(by, milestone), "Only the project's commissioner can approve.")
    if milestone.status == MilestoneStatus.IN_REVIEW:
        _divide(milestone, part, milestones, by=by, at=at)
    return milestone_approve(milestone_id=milestone_id, by=by, at=at)


def _divide(
    milestone: Milestone, part: Part, milestones: Sequence[Milestone], *, by: User, at: datetime
) -> None:
    project = milestone.project
    price, amount = to_minor(milestone.amount), _amount(milestone, part)
    if project.is_by_completion:
        raise PriceFixed
    rest = from_minor(price - amount, milestone.amount.currency.code)
    next_one: Change | None = None
    if part.remainder == Remainder.NEXT_MILESTONE:
        following = _next_open(milestone, milestones)
        total = from_minor(to_minor(following.amount) + price - amount, rest.currency.code)
        if to_minor(total) > MAX_MINOR:
            message = "The remainder and the next price are more than one invoice can be about."
            raise Invalid([FieldError("remainder", "out_of_range", message)])
        next_one = Change(following, before=to_minor(following.amount), after=to_minor(total))
        price_amend(following, total, AmendmentReason.REMAINDER, by=by, at=at)
    else:
        project.agreed_minor -= price - amount
        project.save(update_fields=["agreed_minor"])
    price_amend(milestone, part.amount, AmendmentReason.APPROVED_IN_PART, by=by, at=at)
    change = Change(milestone, before=price, after=amount, following=next_one)
    funds.move(change, by=by, at=at)
    _tell(milestone, rest, part)


def _amount(milestone: Milestone, part: Part) -> int:
    if part.amount.currency != milestone.amount.currency:
        message = "A part is in the currency of the price."
        raise Invalid([FieldError("amount", "currency_mismatch", message)])
    if not 0 < to_minor(part.amount) < to_minor(milestone.amount):
        message = f"A part is more than nothing and less than {amount_text(milestone.amount)}."
        raise Invalid([FieldError("amount", "out_of_range", message)])
    return to_minor(part.amount)


def _next_open(milestone: Milestone, milestones: Sequence[Milestone]) -> Milestone:
    later = [one for one in milestones if one.position > milestone.position and one.status in OPEN]
    if not later:
        raise NoNextMilestone
    return min(later, key=lambda one: one.position)


def _tell(milestone: Milestone, rest: Money, part: Part) -> None:
    project = milestone.project
    goes_on = part.remainder == Remainder.NEXT_MILESTONE
    mail_enqueue(
        Mail.APPROVED_IN_PART,
        to=project.freelancer,
        key=milestone.public_id,
        context={
            "milestone": milestone.title,
            "project": project.title,
            "commissioner": project.commissioner.name,
            "amount": part.amount,
            "rest": rest,
            "fate": "goes to the next milestone" if goes_on else "is taken off what is agreed",
            "path": Page("projects:detail", (project.public_id,)),
        },
    )
