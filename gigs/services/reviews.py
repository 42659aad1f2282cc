"""Reviews against the clock: the extension, the reminders, and the approval by silence."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F, Value
from django.db.models.functions import Greatest

from accounts import audit
from accounts.models import User
from accounts.policies import require
from accounts.services.mail import Mail, Page, Values, mail_enqueue, mail_enqueue_many
from gigs import policies
from gigs.enums import MilestoneStatus
from gigs.exceptions import MilestoneTransitionRefused, ReviewAlreadyExtended
from gigs.models import Milestone
from gigs.services.milestones import APPROVED, locked_milestone
from gigs.services.review_clock import WARNED_BEFORE, review_prolong
from outbox.services import enqueue_many


@dataclass(frozen=True, slots=True)
class Reminder:
    """A review as it was when the reminder was planned, so many days before its end."""

    milestone_id: int
    ends_at: datetime
    days: int


@transaction.atomic
def milestone_extend_review(*, milestone_id: int, by: User, at: datetime) -> Milestone:
    """Give the review of a delivery seven more days, once.

    MilestoneTransitionRefused when it is not in review, ReviewAlreadyExtended,
    PermissionRefused. Against the silent approval the milestone's lock decides.
    """
    milestone = locked_milestone(milestone_id)
    require(
        policies.may_review(by, milestone), "Only the project's commissioner can extend the review."
    )
    before = milestone.review_ends_at
    if milestone.status != MilestoneStatus.IN_REVIEW or before is None:
        raise MilestoneTransitionRefused("Only a review that is under way can be extended.")
    if milestone.review_extended_at is not None:
        raise ReviewAlreadyExtended
    ends_at = review_prolong(milestone, at=at)
    milestone.save(update_fields=["review_ends_at", "review_extended_at"])
    audit.record(
        audit.Record(
            event="milestone.review_extended",
            target=milestone,
            before={"review_ends_at": before.isoformat()},
            after={"review_ends_at": ends_at.isoformat()},
        ),
        by=by,
        at=at,
    )
    project = milestone.project
    mail_enqueue(
        Mail.REVIEW_EXTENDED,
        to=project.freelancer,
        key=f"{milestone.public_id}:{milestone.version}",
        context={
            "milestone": milestone.title,
            "project": project.title,
            "commissioner": project.commissioner.name,
            "ends_on": ends_at.date(),
            "path": Page("projects:detail", (project.public_id,)),
        },
    )
    return milestone


@transaction.atomic
def reviews_remind(*, reminders: Sequence[Reminder], at: datetime) -> None:
    """Remind the commissioners of reviews that still end when they were planned to.

    A reminder that comes so late that the next one is due is left out.
    """
    milestones = {
        milestone.pk: milestone
        for milestone in Milestone.objects.filter(
            pk__in=[reminder.milestone_id for reminder in reminders],
            status=MilestoneStatus.IN_REVIEW,
        ).select_related("project__commissioner", "project__freelancer")
    }
    mails: list[tuple[User, str, Values]] = []
    for reminder in reminders:
        milestone = milestones.get(reminder.milestone_id)
        if milestone is None or milestone.review_ends_at != reminder.ends_at:
            continue
        if reminder.ends_at - at <= timedelta(days=_next_before(reminder.days)):
            continue
        project = milestone.project
        mails.append(
            (
                project.commissioner,
                f"{milestone.public_id}:{milestone.version}:{reminder.ends_at.date()}:{reminder.days}",
                {
                    "milestone": milestone.title,
                    "project": project.title,
                    "freelancer": project.freelancer.name,
                    "amount": milestone.amount,
                    "left": "1 day" if reminder.days == 1 else f"{reminder.days} days",
                    "ends_on": reminder.ends_at.date(),
                    "path": Page("milestones:review", (milestone.public_id,)),
                },
            )
        )
    mail_enqueue_many(Mail.REVIEW_WARNING, mails)


def _next_before(days: int) -> int:
    return max((other for other in WARNED_BEFORE if other < days), default=0)


@transaction.atomic
def reviews_end(*, ends: Mapping[int, datetime], at: datetime) -> list[Milestone]:
    """Approve by silence each milestone that is in review until the end named for it; those.

    A review that was answered, delivered anew or extended has another end, seen under its lock,
    and is left alone. `approved_by` stays empty: nobody said the word.
    """
    milestones = [
        milestone
        for milestone in Milestone.objects.filter(pk__in=ends)
        .select_related("project__commissioner", "project__freelancer")
        .locked()
        if milestone.review_ends_at == ends[milestone.pk]
    ]
    for milestone in milestones:
        milestone.move_to(MilestoneStatus.APPROVED)
        milestone.approved_at = max(ends[milestone.pk], at)
        milestone.review_ends_at = None
    Milestone.objects.filter(pk__in=[milestone.pk for milestone in milestones]).update(
        status=MilestoneStatus.APPROVED,
        approved_at=Greatest(F("review_ends_at"), Value(at)),
        review_ends_at=None,
    )
    audit.record_many(
        [
            audit.Record(
                event="milestone.approved",
                target=milestone,
                before={"status": MilestoneStatus.IN_REVIEW},
                after={
                    "status": milestone.status,
                    "version": milestone.version,
                    "is_silent": True,
                },
            )
            for milestone in milestones
        ],
        by=None,
        at=at,
    )
    enqueue_many(
        APPROVED, [(milestone.public_id, {"milestone": milestone.pk}) for milestone in milestones]
    )
    _tell_both(milestones)
    return milestones


def _tell_both(milestones: Sequence[Milestone]) -> None:
    mail_enqueue_many(
        Mail.MILESTONE_APPROVED_SILENTLY,
        [
            (
                person,
                milestone.public_id,
                {
                    "milestone": milestone.title,
                    "project": milestone.project.title,
                    "commissioner": milestone.project.commissioner.name,
                    "amount": milestone.amount,
                    "path": Page("projects:detail", (milestone.project.public_id,)),
                },
            )
            for milestone in milestones
            for person in (milestone.project.commissioner, milestone.project.freelancer)
        ],
    )
