"""Posting, applying and matching twenty times at once."""

from functools import partial

import pytest

from accounts.models import AuditEvent
from gigs.enums import ApplicationStatus, GigStatus
from gigs.models import Application, Gig, Milestone, PlannedMilestone, Project
from gigs.services import application_submit, gig_match, gig_post
from outbox.models import Job
from tests.builders import open_gig, pending_application
from tests.factories import AT, CommissionerFactory, FreelancerFactory, gig_draft
from tests.races.threads import TIMES, Outcome, at_once, race_seen, tally, values

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]


def post_the_same() -> list[Outcome]:
    by, draft = CommissionerFactory(), gig_draft()
    return at_once(*[partial(gig_post, draft=draft, by=by, at=AT)] * TIMES)


def test_posting_the_same_gig_makes_one():
    outcomes = post_the_same()

    assert tally(outcomes) == {"done": TIMES}
    gig = Gig.objects.get()
    assert [(found, is_new) for found, is_new in values(outcomes) if is_new] == [(gig, True)]
    assert {found.pk for found, _ in values(outcomes)} == {gig.pk}
    assert PlannedMilestone.objects.count() == 3
    assert AuditEvent.objects.filter(event="gig.posted").count() == 1


def test_posting_the_same_gig_without_locks_makes_several():
    assert race_seen(lambda: len({found.pk for found, _ in values(post_the_same())}) > 1)


def apply_at_once() -> list[Outcome]:
    gig, by = open_gig(), FreelancerFactory()
    apply = partial(application_submit, gig_id=gig.pk, pitch="Me.", links=[], by=by, at=AT)
    return at_once(*[apply] * TIMES)


def test_applying_makes_one_application():
    outcomes = apply_at_once()

    assert tally(outcomes) == {"done": 1, "AlreadyApplied": TIMES - 1}
    assert not any(outcome.was_stopped_by_the_database for outcome in outcomes)
    assert [application.status for application in Application.objects.all()] == ["pending"]
    assert AuditEvent.objects.filter(event="application.submitted").count() == 1


def test_applying_without_locks_is_stopped_by_the_database():
    def attempt() -> bool:
        outcomes = apply_at_once()
        assert tally(outcomes) == {"done": 1, "AlreadyApplied": TIMES - 1}
        return any(outcome.was_stopped_by_the_database for outcome in outcomes)

    assert race_seen(attempt)


def match_at_once() -> tuple[Gig, list[Outcome]]:
    """Each call hires somebody else."""
    gig = open_gig()
    applications = [pending_application(gig=gig) for _ in range(TIMES)]
    calls = [
        partial(gig_match, gig_id=gig.pk, application_id=one.pk, by=gig.commissioner, at=AT)
        for one in applications
    ]
    return gig, at_once(*calls)


def test_matching_hires_one():
    gig, outcomes = match_at_once()

    assert tally(outcomes) == {"done": 1, "GigAlreadyMatched": TIMES - 1}
    project = Project.objects.get()
    assert values(outcomes) == [project]
    assert Milestone.objects.filter(project=project).count() == 3
    assert Gig.objects.get(pk=gig.pk).status == GigStatus.MATCHED
    accepted = Application.objects.get(status=ApplicationStatus.ACCEPTED)
    assert (project.application, project.freelancer) == (accepted, accepted.freelancer)
    rejected = Application.objects.filter(status=ApplicationStatus.REJECTED)
    assert rejected.count() == TIMES - 1
    assert AuditEvent.objects.filter(event="project.started").count() == 1
    assert Job.objects.filter(payload__template="application_accepted").count() == 1


def test_matching_without_locks_is_stopped_by_the_database():
    def attempt() -> bool:
        gig, outcomes = match_at_once()
        assert Project.objects.filter(gig=gig).count() == 1
        return any(outcome.was_stopped_by_the_database for outcome in outcomes)

    assert race_seen(attempt, rounds=5)
