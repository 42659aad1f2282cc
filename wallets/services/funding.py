"""Funding: the commissioner sets the money of milestones aside before work on them begins."""

from collections.abc import Sequence
from datetime import date, datetime

from django.db import transaction
from djmoney.money import Money

from accounts import audit
from accounts.models import User
from accounts.policies import require
from common.money import amount_text, from_minor, to_minor
from gigs import policies as gig_policies
from gigs.enums import MilestoneStatus, PaymentMode, ProjectStatus
from gigs.exceptions import MilestoneTransitionRefused
from gigs.models import Milestone, Project
from invoicing.services import totals_on
from wallets.enums import FundingStatus, PaymentPurpose
from wallets.exceptions import AmountMismatch, NotHeld, NothingToFund, PaymentInProgress
from wallets.models import MilestoneFunding, Payment
from wallets.services.payments import MethodChoice, note_down, payment_of


@transaction.atomic
def funding_begin(
    *,
    project_id: int,
    milestone_ids: Sequence[int] | None = None,
    method: MethodChoice,
    amount: Money | None = None,
    by: User,
    at: datetime,
) -> Payment:
    """Note down that milestones are about to be funded; the caller commits, then asks.

    Those named, or without names all that are planned. What is set aside is each one's price with
    the tax that its invoice would carry today. NotHeld, NothingToFund, MilestoneTransitionRefused for one that is not
    planned, PaymentInProgress, AmountMismatch, PaymentMethodUnknown, PermissionRefused. From
    credit the milestones are funded at once: InsufficientFunds.
    """
    project = Project.objects.locked().get(pk=project_id)
    require(gig_policies.may_fund(by, project), "Only the project's commissioner can fund it.")
    milestones = _to_fund(project, milestone_ids)
    currency = project.budget.currency.code
    amounts = funding_amounts(project, milestones, on=at.date())
    total = from_minor(sum(amounts.values()), currency)
    if amount is not None and amount != total:
        raise AmountMismatch(f"Funding these milestones takes {amount_text(total)} exactly.")
    payment = payment_of(method, total, by=by, at=at)
    payment.purpose, payment.project = PaymentPurpose.FUNDING, project
    fundings = [
        MilestoneFunding(
            payment=payment,
            milestone=milestone,
            amount_minor=amounts[milestone.pk],
            status=FundingStatus.PENDING,
        )
        for milestone in milestones
    ]
    about: audit.Values = {"project": project.public_id, "milestones": len(fundings)}
    return note_down(payment, fundings=fundings, about=about, by=by, at=at)


def funding_amounts(
    project: Project, milestones: Sequence[Milestone], *, on: date
) -> dict[int, int]:
    """What is set aside for each milestone if it is funded that day, in minor units by its id."""
    prices = {milestone.pk: to_minor(milestone.amount) for milestone in milestones}
    return totals_on(project, prices, on=on)


def _to_fund(project: Project, milestone_ids: Sequence[int] | None) -> list[Milestone]:
    """The milestones to fund of a locked project, locked."""
    if project.payment_mode != PaymentMode.HELD:
        raise NotHeld
    milestones = list(Milestone.objects.filter(project=project).locked())
    on_their_way = set(
        MilestoneFunding.objects.filter(
            milestone__in=milestones, status=FundingStatus.PENDING
        ).values_list("milestone", flat=True)
    )
    if milestone_ids is None:
        chosen = [
            milestone
            for milestone in milestones
            if milestone.status == MilestoneStatus.PLANNED and milestone.pk not in on_their_way
        ]
    else:
        chosen = [milestone for milestone in milestones if milestone.pk in milestone_ids]
    if any(milestone.pk in on_their_way for milestone in chosen):
        raise PaymentInProgress("A payment that funds this milestone is on its way.")
    if project.status != ProjectStatus.ACTIVE or not chosen:
        raise PaymentInProgress if on_their_way else NothingToFund
    for milestone in chosen:
        if milestone.status != MilestoneStatus.PLANNED:
            raise MilestoneTransitionRefused(f"“{milestone.title}” is funded already.")
    return sorted(chosen, key=lambda milestone: milestone.position)
