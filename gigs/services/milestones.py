"""Delivering and reviewing milestones."""

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction
from djmoney.money import Money

from accounts import audit
from accounts.models import User
from accounts.policies import require
from accounts.services.mail import Mail, Page, mail_enqueue
from common.exceptions import FieldError, Invalid
from common.failpoints import failpoint
from common.money import MAX_MINOR, amount_text, to_minor
from gigs import policies
from gigs.enums import MilestoneStatus, PaymentMode, ProjectStatus
from gigs.exceptions import MilestoneNotFunded, ProjectNotStarted
from gigs.models import Milestone, Project, Submission
from gigs.services import funds
from gigs.services.funds import Change
from gigs.services.refund_requests import refund_lapse
from gigs.services.review_clock import review_begin
from outbox.services import enqueue

APPROVED = "milestone.approved"


@transaction.atomic
def milestone_start(*, milestone_id: int, by: User, at: datetime) -> Milestone:
    """Say that work has begun; optional.

    ProjectNotStarted before the upfront invoice is paid, MilestoneNotFunded in a project with held
    funds, MilestoneTransitionRefused, PermissionRefused.
    """
    milestone = locked_milestone(milestone_id)
    require(
        policies.may_deliver(by, milestone), "Only the project's freelancer can start a milestone."
    )
    _refuse_unless_open(milestone)
    before = milestone.status
    milestone.move_to(MilestoneStatus.IN_PROGRESS)
    milestone.save(update_fields=["status"])
    _audit_move("milestone.started", milestone, before, by=by, at=at)
    return milestone


@transaction.atomic
def milestone_submit(
    *, milestone_id: int, message: str, links: Sequence[str], by: User, at: datetime
) -> Milestone:
    """Deliver work for review as the next version; the review's clock starts, and a refund request
    lapses.

    ProjectNotStarted before the upfront invoice is paid, MilestoneNotFunded in a project with held
    funds, MilestoneTransitionRefused (a second submit while in review included), PermissionRefused.
    """
    milestone = locked_milestone(milestone_id)
    require(policies.may_deliver(by, milestone), "Only the project's freelancer can submit work.")
    _refuse_unless_open(milestone)
    before = milestone.status
    milestone.move_to(MilestoneStatus.IN_REVIEW)
    milestone.version += 1
    milestone.submitted_at = at
    review_begin(milestone)
    milestone.save(
        update_fields=[
            "status",
            "version",
            "submitted_at",
            "review_ends_at",
            "review_extended_at",
        ]
    )
    submission = Submission.objects.create(
        milestone=milestone,
        version=milestone.version,
        message=message,
        links=list(links),
        created_at=at,
    )
    _audit_move("milestone.submitted", milestone, before, by=by, at=at)
    if milestone.project.payment_mode == PaymentMode.HELD:
        refund_lapse(milestone, by=by, at=at)
    _ask_for_review(milestone, submission)
    return milestone


def _ask_for_review(milestone: Milestone, submission: Submission) -> None:
    project = milestone.project
    mail_enqueue(
        Mail.MILESTONE_SUBMITTED,
        to=project.commissioner,
        key=submission.public_id,
        context={
            "milestone": milestone.title,
            "project": project.title,
            "freelancer": project.freelancer.name,
            "path": Page("milestones:review", (milestone.public_id,)),
        },
    )


@transaction.atomic
def milestone_request_changes(
    *, milestone_id: int, comment: str, by: User, at: datetime
) -> Milestone:
    """Hand the work back with a comment. MilestoneTransitionRefused, PermissionRefused."""
    milestone = locked_milestone(milestone_id)
    require(
        policies.may_review(by, milestone), "Only the project's commissioner can request changes."
    )
    before = milestone.status
    milestone.move_to(MilestoneStatus.CHANGES_REQUESTED)
    milestone.review_ends_at = None
    milestone.save(update_fields=["status", "review_ends_at"])
    submission = milestone.submissions.locked().get(version=milestone.version)
    submission.change_request, submission.changes_requested_at = comment, at
    submission.save(update_fields=["change_request", "changes_requested_at"])
    _audit_move("milestone.changes_requested", milestone, before, by=by, at=at)
    project = milestone.project
    mail_enqueue(
        Mail.CHANGES_REQUESTED,
        to=project.freelancer,
        key=submission.public_id,
        context={
            "milestone": milestone.title,
            "project": project.title,
            "commissioner": project.commissioner.name,
            "comment": comment,
            "path": Page("milestones:submit", (milestone.public_id,)),
        },
    )
    return milestone


@transaction.atomic
def milestone_approve(
    *, milestone_id: int, bonus: Money | None = None, by: User, at: datetime
) -> Milestone:
    """Accept the delivered work; everything that follows from it is a job, not a call.

    A bonus is added to what the project has agreed, whose row is then locked first; where the price
    is held, so is the bonus, from credit. MilestoneTransitionRefused, PermissionRefused; Invalid for
    a bonus in another currency or beyond the limit of one invoice, CreditShort.
    """
    if bonus is not None:
        Project.objects.locked().get(milestones=milestone_id)
    milestone = locked_milestone(milestone_id)
    failpoint("approve.locked")
    require(policies.may_review(by, milestone), "Only the project's commissioner can approve.")
    before = milestone.status
    milestone.move_to(MilestoneStatus.APPROVED)
    failpoint("approve.allowed")
    milestone.review_ends_at = None
    milestone.approved_at, milestone.approved_by = at, by
    if bonus is not None:
        _add_bonus(milestone, bonus, by=by, at=at)
    milestone.save(
        update_fields=["status", "review_ends_at", "approved_at", "approved_by", "bonus_minor"]
    )
    failpoint("approve.saved")
    _audit_move("milestone.approved", milestone, before, by=by, at=at)
    enqueue(APPROVED, key=milestone.public_id, payload={"milestone": milestone.pk})
    failpoint("approve.job_written")
    return milestone


def _add_bonus(milestone: Milestone, bonus: Money, *, by: User, at: datetime) -> None:
    """Raise what is agreed and billed. The project is locked; the caller saves the milestone."""
    if bonus.currency != milestone.amount.currency:
        raise Invalid(
            [FieldError("bonus", "currency_mismatch", "A bonus is in the currency of the price.")]
        )
    minor = to_minor(bonus)
    if to_minor(milestone.amount) + minor > MAX_MINOR:
        message = "The price and the bonus together are more than one invoice can be about."
        raise Invalid([FieldError("bonus", "out_of_range", message)])
    project = Project.objects.get(pk=milestone.project_id)
    before = project.agreed_minor
    project.agreed_minor += minor
    project.save(update_fields=["agreed_minor"])
    milestone.bonus_minor = minor
    audit.record(
        audit.Record(
            event="milestone.bonus_given",
            target=milestone,
            before={"agreed_minor": before},
            after={
                "agreed_minor": project.agreed_minor,
                "bonus": amount_text(bonus),
                "currency": bonus.currency.code,
            },
        ),
        by=by,
        at=at,
    )
    price = to_minor(milestone.amount)
    funds.move(Change(milestone, before=price, after=price + minor), by=by, at=at)
    _tell_of_bonus(milestone, bonus)


def _tell_of_bonus(milestone: Milestone, bonus: Money) -> None:
    mail_enqueue(
        Mail.BONUS_GIVEN,
        to=milestone.project.freelancer,
        key=milestone.public_id,
        context={
            "milestone": milestone.title,
            "project": milestone.project.title,
            "commissioner": milestone.project.commissioner.name,
            "amount": milestone.amount,
            "bonus": bonus,
            "path": Page("projects:detail", (milestone.project.public_id,)),
        },
    )


def locked_milestone(milestone_id: int) -> Milestone:
    """The milestone, locked, with its project and the parties."""
    return (
        Milestone.objects.select_related("project__commissioner", "project__freelancer")
        .locked()
        .get(pk=milestone_id)
    )


def _refuse_unless_open(milestone: Milestone) -> None:
    if milestone.project.status == ProjectStatus.AWAITING_UPFRONT:
        raise ProjectNotStarted
    if milestone.is_waiting_for_funds(milestone.project.payment_mode):
        raise MilestoneNotFunded


def _audit_move(event: str, milestone: Milestone, before: str, *, by: User, at: datetime) -> None:
    audit.record(
        audit.Record(
            event=event,
            target=milestone,
            before={"status": before},
            after={"status": milestone.status, "version": milestone.version},
        ),
        by=by,
        at=at,
    )
