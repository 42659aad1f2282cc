"""The clock of a review: reminders, the extension, and the approval by silence."""

from datetime import datetime, timedelta

import pytest
from django.utils import timezone

from accounts.models import AuditEvent
from common.exceptions import PermissionRefused
from gigs.enums import MilestoneStatus
from gigs.exceptions import MilestoneTransitionRefused, ReviewAlreadyExtended
from gigs.services import (
    Reminder,
    milestone_approve,
    milestone_extend_review,
    milestone_request_changes,
    milestone_submit,
    reviews_end,
    reviews_remind,
)
from invoicing.models import Invoice
from outbox.models import Job
from tests.builders import (
    active_project,
    approved_milestone,
    milestone_of,
    run_jobs,
    submitted_milestone,
)
from tests.factories import AT
from wallets import integrity

pytestmark = pytest.mark.django_db

END = AT + timedelta(days=14)
DAY = timedelta(days=1)


def clocks(topic):
    jobs = Job.objects.filter(topic=topic).order_by("due_at")
    return [job.due_at for job in jobs]


def end(milestone, at=END, ends_at=END):
    return reviews_end(ends={milestone.pk: ends_at}, at=at)


def extend(milestone, at=AT):
    return milestone_extend_review(
        milestone_id=milestone.pk, by=milestone.project.commissioner, at=at
    )


def test_a_project_freezes_the_days_of_its_reviews(settings):
    settings.REVIEW_DAYS = 5
    project = active_project()
    settings.REVIEW_DAYS = 30

    milestone = submitted_milestone(project)

    assert project.review_days == 5
    assert milestone.review_ends_at == AT + timedelta(days=5)
    assert clocks("review.ended") == [AT + timedelta(days=5)]
    assert clocks("review.warning") == [AT + timedelta(days=2), AT + timedelta(days=4)]


def test_a_delivery_starts_the_clock():
    milestone = submitted_milestone()

    milestone.refresh_from_db()
    assert (milestone.review_ends_at, milestone.review_extended_at) == (END, None)
    assert clocks("review.ended") == [END]
    assert clocks("review.warning") == [END - 7 * DAY, END - 3 * DAY, END - DAY]
    job = Job.objects.get(topic="review.ended")
    assert job.key == f"{milestone.public_id}:1:2026-12-07T12:00:00"
    assert job.payload == {"milestone": milestone.pk, "ends_at": END.isoformat()}


def test_silence_approves_in_nobodys_name():
    milestone = submitted_milestone()

    [approved] = end(milestone, at=END + timedelta(seconds=2))

    milestone.refresh_from_db()
    assert (milestone.status, milestone.approved_at, milestone.approved_by) == (
        MilestoneStatus.APPROVED,
        END + timedelta(seconds=2),
        None,
    )
    assert approved.approved_at == milestone.approved_at
    assert (milestone.is_approved_silently, milestone.review_ends_at) == (True, None)
    event = AuditEvent.objects.get(event="milestone.approved")
    assert (event.actor, event.actor_name) == ("", "system")
    assert (event.before, event.after) == (
        {"status": "in_review"},
        {"status": "approved", "version": 1, "is_silent": True},
    )
    mails = Job.objects.filter(payload__template="milestone_approved_silently")
    assert {job.payload["to"] for job in mails} == {
        milestone.project.commissioner.email,
        milestone.project.freelancer.email,
    }


def test_a_silent_approval_leads_to_the_invoice_as_any_other():
    milestone = submitted_milestone()
    end(milestone)

    run_jobs("milestone.approved")

    invoice = Invoice.objects.get()
    assert (invoice.milestone, invoice.number.endswith("-2026-00001")) == (milestone, True)
    assert integrity.differences() == []


def test_a_silent_approval_is_never_dated_before_its_end():
    milestone = submitted_milestone()

    end(milestone, at=END - timedelta(milliseconds=3))

    milestone.refresh_from_db()
    assert milestone.approved_at == END


def test_many_reviews_end_in_six_statements(django_assert_num_queries):
    project = active_project(tasks=5)
    milestones = [submitted_milestone(project, position=position) for position in range(1, 6)]

    with django_assert_num_queries(7):
        ended = reviews_end(ends=dict.fromkeys([m.pk for m in milestones], END), at=END)

    assert len(ended) == 5


@pytest.mark.parametrize("answer", ["approve", "request_changes", "deliver_anew", "extend"])
def test_a_review_that_was_answered_does_not_end(answer):
    milestone = submitted_milestone()
    who = {"milestone_id": milestone.pk, "by": milestone.project.commissioner, "at": AT}
    if answer == "approve":
        milestone_approve(**who)
    elif answer == "extend":
        milestone_extend_review(**who)
    else:
        milestone_request_changes(comment="More.", **who)
    if answer == "deliver_anew":
        milestone_submit(
            milestone_id=milestone.pk,
            message="Again.",
            links=[],
            by=milestone.project.freelancer,
            at=AT + DAY,
        )
    before = milestone_of(milestone.project)

    assert end(milestone, at=END) == []

    after = milestone_of(milestone.project)
    assert (after.status, after.approved_by, after.review_ends_at) == (
        before.status,
        before.approved_by,
        before.review_ends_at,
    )
    assert not AuditEvent.objects.filter(event="milestone.approved", actor="").exists()


def test_asking_for_changes_stops_the_clock_and_a_new_version_starts_it_anew():
    milestone = submitted_milestone()
    project = milestone.project
    milestone_request_changes(
        milestone_id=milestone.pk, comment="More.", by=project.commissioner, at=AT + 10 * DAY
    )
    assert milestone_of(project).review_ends_at is None

    again = milestone_submit(
        milestone_id=milestone.pk,
        message="Again.",
        links=[],
        by=project.freelancer,
        at=AT + 12 * DAY,
    )

    assert again.review_ends_at == AT + 26 * DAY
    assert end(milestone, at=END) == []
    assert len(end(milestone, at=AT + 26 * DAY, ends_at=AT + 26 * DAY)) == 1


def test_the_commissioner_takes_seven_more_days_once():
    milestone = submitted_milestone()

    extended = extend(milestone, at=AT + 12 * DAY)

    assert extended.review_ends_at == END + 7 * DAY
    milestone.refresh_from_db()
    assert milestone.review_extended_at == AT + 12 * DAY
    assert clocks("review.ended") == [END, END + 7 * DAY]
    assert clocks("review.warning")[3:] == [END, END + 4 * DAY, END + 6 * DAY]
    event = AuditEvent.objects.get(event="milestone.review_extended")
    assert event.actor == milestone.project.commissioner.public_id
    assert event.after == {"review_ends_at": (END + 7 * DAY).isoformat()}
    mail = Job.objects.get(payload__template="review_extended")
    assert mail.payload["to"] == milestone.project.freelancer.email
    with pytest.raises(ReviewAlreadyExtended) as refusal:
        extend(milestone, at=AT + 13 * DAY)
    assert refusal.value.code == "review_already_extended"
    milestone.refresh_from_db()
    assert milestone.review_ends_at == END + 7 * DAY


def test_each_delivery_may_be_extended_once():
    milestone = submitted_milestone()
    project = milestone.project
    extend(milestone)
    milestone_request_changes(
        milestone_id=milestone.pk, comment="More.", by=project.commissioner, at=AT
    )
    again = milestone_submit(
        milestone_id=milestone.pk, message="Again.", links=[], by=project.freelancer, at=AT + DAY
    )
    assert again.review_extended_at is None

    extended = extend(milestone, at=AT + 2 * DAY)

    assert extended.review_ends_at == AT + 22 * DAY


def test_extending_is_the_commissioners(stranger):
    milestone = submitted_milestone()

    for other in (milestone.project.freelancer, stranger):
        with pytest.raises(PermissionRefused):
            milestone_extend_review(milestone_id=milestone.pk, by=other, at=AT)
    milestone.refresh_from_db()
    assert milestone.review_ends_at == END


def test_only_a_review_that_is_under_way_can_be_extended():
    project = active_project()
    approved_milestone(project, position=1)

    for position in (1, 2):
        with pytest.raises(MilestoneTransitionRefused):
            extend(milestone_of(project, position))


def remind(milestone, ends_at=END, days=3, at=None):
    reviews_remind(
        reminders=[Reminder(milestone_id=milestone.pk, ends_at=ends_at, days=days)],
        at=at or ends_at - days * DAY,
    )
    return [job.payload for job in Job.objects.filter(payload__template="review_warning")]


@pytest.mark.parametrize(("days", "left"), [(7, "7 days"), (3, "3 days"), (1, "1 day")])
def test_the_commissioner_is_reminded(days, left):
    milestone = submitted_milestone()

    [mail] = remind(milestone, days=days)

    assert mail["to"] == milestone.project.commissioner.email
    assert (mail["context"]["left"], mail["context"]["ends_on"]) == (
        left,
        {"date": "2026-12-07"},
    )


@pytest.mark.parametrize(("days", "left"), [(7, 3), (3, 1), (1, 0)])
def test_a_reminder_that_comes_too_late_leaves_it_to_the_next(days, left):
    milestone = submitted_milestone()
    moment = timedelta(seconds=1)

    assert remind(milestone, days=days, at=END - left * DAY) == []
    assert len(remind(milestone, days=days, at=END - left * DAY - moment)) == 1


def test_nobody_is_reminded_of_a_review_that_ended_or_was_extended():
    project = active_project()
    extended = submitted_milestone(project, position=1)
    extend(extended)
    approved = approved_milestone(project, position=2)

    assert remind(extended) == []
    assert remind(approved) == []
    assert len(remind(extended, ends_at=END + 7 * DAY)) == 1


def test_the_jobs_do_it_when_they_are_due():
    long_ago = datetime.fromisoformat("2026-01-05T09:00:00.123456Z")
    milestone = submitted_milestone(at=long_ago)

    run_jobs("review.warning", "review.ended")

    milestone.refresh_from_db()
    assert (milestone.status, milestone.approved_by) == (MilestoneStatus.APPROVED, None)
    assert not Job.objects.filter(payload__template="review_warning").exists()
    assert not Job.objects.pending().filter(topic__startswith="review.").exists()


def test_the_job_reminds_when_it_is_due():
    milestone = submitted_milestone(at=timezone.now() - timedelta(days=11, minutes=1))

    run_jobs("review.warning", "review.ended")

    [mail] = Job.objects.filter(payload__template="review_warning")
    assert mail.payload["context"]["left"] == "3 days"
    milestone.refresh_from_db()
    assert milestone.status == MilestoneStatus.IN_REVIEW
