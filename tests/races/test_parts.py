"""Approving a part twenty times at once."""

from functools import partial

import pytest
from djmoney.money import Money

from gigs.enums import Remainder
from gigs.models import Amendment, Project
from gigs.services import Part, milestone_approve, milestone_approve_part
from tests.builders import active_project, run_jobs, submitted_milestone
from tests.factories import AT
from tests.races.threads import TIMES, Outcome, at_once, race_seen, tally, values
from wallets import integrity

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]


def parts_at_once() -> tuple[Project, list[Outcome]]:
    project = active_project()
    milestone = submitted_milestone(project)
    who = {"milestone_id": milestone.pk, "by": project.commissioner, "at": AT}
    part = Part(Money("2500.00", "USD"), Remainder.GIVE_BACK)
    some, whole = (
        partial(milestone_approve_part, part=part, **who),
        partial(milestone_approve, **who),
    )
    outcomes = at_once(*[some, whole] * (TIMES // 2))
    project.refresh_from_db()
    return project, outcomes


def test_a_part_and_the_whole_exclude_each_other():
    project, outcomes = parts_at_once()

    assert tally(outcomes) == {"done": 1, "MilestoneTransitionRefused": TIMES - 1}
    [approved] = values(outcomes)
    assert project.agreed_minor == (
        916_666 if approved.amount == Money("2500.00", "USD") else 1_000_000
    )
    run_jobs("milestone.approved")
    assert integrity.differences() == []


def test_a_part_without_locks_is_stopped_by_the_database():
    def attempt() -> bool:
        project, outcomes = parts_at_once()
        assert Amendment.objects.filter(milestone__project=project).count() <= 1
        return any(outcome.was_stopped_by_the_database for outcome in outcomes)

    assert race_seen(attempt)
