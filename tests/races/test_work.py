"""Submitting and approving twenty times at once."""

from functools import partial

import pytest
from djmoney.money import Money

from accounts.models import AuditEvent
from gigs.enums import MilestoneStatus
from gigs.models import Milestone, Project, Submission
from gigs.services import milestone_approve, milestone_request_changes, milestone_submit
from outbox.models import Job
from tests.builders import active_project, milestone_of, run_jobs, submitted_milestone
from tests.factories import AT
from tests.races.threads import TIMES, Outcome, at_once, race_seen, tally, values
from wallets import integrity

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]


def submit_at_once() -> tuple[Milestone, list[Outcome]]:
    milestone = milestone_of(active_project())
    submit = partial(
        milestone_submit,
        milestone_id=milestone.pk,
        message="Done.",
        links=[],
        by=milestone.project.freelancer,
        at=AT,
    )
    return milestone, at_once(*[submit] * TIMES)


def approve_at_once() -> tuple[Milestone, list[Outcome]]:
    milestone = submitted_milestone()
    by = milestone.project.commissioner
    approve = partial(milestone_approve, milestone_id=milestone.pk, by=by, at=AT)
    return milestone, at_once(*[approve] * TIMES)


def audited(event: str, milestone: Milestone) -> int:
    return AuditEvent.objects.filter(event=event, target=milestone.public_id).count()


def test_submitting_makes_one_version():
    milestone, outcomes = submit_at_once()

    assert tally(outcomes) == {"done": 1, "MilestoneTransitionRefused": TIMES - 1}
    milestone.refresh_from_db()
    assert (milestone.status, milestone.version) == (MilestoneStatus.IN_REVIEW, 1)
    assert Submission.objects.get().version == 1
    assert audited("milestone.submitted", milestone) == 1
    assert Job.objects.filter(payload__template="milestone_submitted").count() == 1


def test_submitting_without_locks_is_stopped_by_the_database():
    def attempt() -> bool:
        milestone, outcomes = submit_at_once()
        assert Submission.objects.filter(milestone=milestone).count() == 1
        return any(outcome.was_stopped_by_the_database for outcome in outcomes)

    assert race_seen(attempt)


def test_approving_happens_once():
    milestone, outcomes = approve_at_once()

    assert tally(outcomes) == {"done": 1, "MilestoneTransitionRefused": TIMES - 1}
    milestone.refresh_from_db()
    assert (milestone.status, milestone.approved_at) == (MilestoneStatus.APPROVED, AT)
    assert audited("milestone.approved", milestone) == 1
    assert Job.objects.get(topic="milestone.approved").payload == {"milestone": milestone.pk}


def test_approving_without_locks_happens_twice_and_asks_for_one_invoice():
    def attempt() -> bool:
        milestone, outcomes = approve_at_once()
        jobs = Job.objects.filter(topic="milestone.approved", key=milestone.public_id)
        assert jobs.count() == 1
        return len(values(outcomes)) > 1 and audited("milestone.approved", milestone) > 1

    assert race_seen(attempt)


def bonuses_at_once() -> tuple[Project, list[Outcome]]:
    project = active_project(tasks=TIMES)
    milestones = [submitted_milestone(project, position=n) for n in range(1, TIMES + 1)]
    outcomes = at_once(
        *[
            partial(
                milestone_approve,
                milestone_id=milestone.pk,
                bonus=Money("1.00", "USD"),
                by=project.commissioner,
                at=AT,
            )
            for milestone in milestones
        ]
    )
    project.refresh_from_db()
    return project, outcomes


def test_bonuses_of_one_project_add_up():
    project, outcomes = bonuses_at_once()

    assert tally(outcomes) == {"done": TIMES}
    assert project.agreed_minor == 1_000_000 + 100 * TIMES
    run_jobs("milestone.approved")
    assert integrity.differences() == []


def test_bonuses_without_locks_get_lost():
    def attempt() -> bool:
        project, _ = bonuses_at_once()
        return project.agreed_minor < 1_000_000 + 100 * TIMES

    assert race_seen(attempt, rounds=3)


def review_at_once() -> tuple[Milestone, list[Outcome]]:
    milestone = submitted_milestone()
    decide = {"milestone_id": milestone.pk, "by": milestone.project.commissioner, "at": AT}
    approve = partial(milestone_approve, **decide)
    hand_back = partial(milestone_request_changes, comment="Not yet.", **decide)
    return milestone, at_once(*[approve, hand_back] * (TIMES // 2))


def test_approving_and_handing_back_exclude_each_other():
    milestone, outcomes = review_at_once()

    assert tally(outcomes) == {"done": 1, "MilestoneTransitionRefused": TIMES - 1}
    milestone.refresh_from_db()
    approved = audited("milestone.approved", milestone)
    handed_back = audited("milestone.changes_requested", milestone)
    assert (milestone.status, approved, handed_back) in (
        (MilestoneStatus.APPROVED, 1, 0),
        (MilestoneStatus.CHANGES_REQUESTED, 0, 1),
    )
    assert Job.objects.filter(topic="milestone.approved").count() == approved


def test_approving_and_handing_back_without_locks_both_happen():
    def attempt() -> bool:
        milestone, _ = review_at_once()
        events = ("milestone.approved", "milestone.changes_requested")
        return all(audited(event, milestone) for event in events)

    assert race_seen(attempt)
