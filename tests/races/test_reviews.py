"""The end of a review against every answer that may come in the same moment."""

from datetime import timedelta
from functools import partial

import pytest

from accounts.models import AuditEvent
from gigs.enums import MilestoneStatus
from gigs.models import Milestone
from gigs.services import (
    milestone_approve,
    milestone_extend_review,
    milestone_request_changes,
    reviews_end,
)
from outbox.models import Job
from tests.builders import submitted_milestone
from tests.factories import AT
from tests.races.threads import TIMES, Outcome, at_once, race_seen, tally, values

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]
END = AT + timedelta(days=14)


def against_the_clock(answer, **words) -> tuple[Milestone, list[Outcome], list[Outcome]]:
    """Ten times the answer and ten times the end: the milestone, and what became of each."""
    milestone = submitted_milestone()
    by = milestone.project.commissioner
    answered = partial(answer, milestone_id=milestone.pk, by=by, at=END, **words)
    ended = partial(reviews_end, ends={milestone.pk: END}, at=END)
    outcomes = at_once(*[answered, ended] * (TIMES // 2))
    milestone.refresh_from_db()
    return milestone, outcomes[::2], outcomes[1::2]


def audited(event: str, milestone: Milestone) -> int:
    return AuditEvent.objects.filter(event=event, target=milestone.public_id).count()


def assert_one_word(answers: list[Outcome], ends: list[Outcome]) -> bool:
    """Either one answer or one end counts; whether it was the end."""
    assert tally(ends) == {"done": TIMES // 2}
    count = len([ended for ended in values(ends) if ended])
    assert tally(answers)["done"] + count == 1
    assert tally(answers).total() == TIMES // 2
    return bool(count)


def test_approving_and_silence_exclude_each_other():
    milestone, answers, ends = against_the_clock(milestone_approve)

    is_silent = assert_one_word(answers, ends)
    assert (milestone.status, milestone.is_approved_silently) == ("approved", is_silent)
    assert audited("milestone.approved", milestone) == 1
    assert Job.objects.filter(topic="milestone.approved").count() == 1


def test_approving_and_silence_without_locks_both_happen_and_ask_for_one_invoice():
    def attempt() -> bool:
        milestone, _, _ = against_the_clock(milestone_approve)
        jobs = Job.objects.filter(topic="milestone.approved", key=milestone.public_id)
        assert jobs.count() == 1
        return audited("milestone.approved", milestone) > 1

    assert race_seen(attempt)


def test_asking_for_changes_and_silence_exclude_each_other():
    milestone, answers, ends = against_the_clock(milestone_request_changes, comment="Not yet.")

    is_silent = assert_one_word(answers, ends)
    expected = MilestoneStatus.APPROVED if is_silent else MilestoneStatus.CHANGES_REQUESTED
    assert milestone.status == expected
    assert audited("milestone.approved", milestone) == int(is_silent)
    assert audited("milestone.changes_requested", milestone) == int(not is_silent)


def test_asking_for_changes_and_silence_without_locks_both_happen():
    def attempt() -> bool:
        milestone, answers, _ = against_the_clock(milestone_request_changes, comment="Not yet.")
        both = all(
            audited(event, milestone)
            for event in ("milestone.approved", "milestone.changes_requested")
        )
        return both or any(answer.was_stopped_by_the_database for answer in answers)

    assert race_seen(attempt)


def test_more_time_and_silence_exclude_each_other():
    milestone, answers, ends = against_the_clock(milestone_extend_review)

    is_silent = assert_one_word(answers, ends)
    expected = MilestoneStatus.APPROVED if is_silent else MilestoneStatus.IN_REVIEW
    assert milestone.status == expected
    assert (milestone.review_ends_at is None) is is_silent
    assert audited("milestone.review_extended", milestone) == int(not is_silent)
    if not is_silent:
        assert milestone.review_ends_at == END + timedelta(days=7)


def test_more_time_and_silence_without_locks_both_happen_or_the_database_stops_one():
    def attempt() -> bool:
        milestone, answers, _ = against_the_clock(milestone_extend_review)
        both = all(
            audited(event, milestone)
            for event in ("milestone.approved", "milestone.review_extended")
        )
        return both or any(answer.was_stopped_by_the_database for answer in answers)

    assert race_seen(attempt)


def extend_at_once() -> tuple[Milestone, list[Outcome]]:
    milestone = submitted_milestone()
    extend = partial(
        milestone_extend_review,
        milestone_id=milestone.pk,
        by=milestone.project.commissioner,
        at=AT,
    )
    outcomes = at_once(*[extend] * TIMES)
    milestone.refresh_from_db()
    return milestone, outcomes


def test_the_end_moves_once():
    milestone, outcomes = extend_at_once()

    assert tally(outcomes) == {"done": 1, "ReviewAlreadyExtended": TIMES - 1}
    assert milestone.review_ends_at == END + timedelta(days=7)


def test_the_end_moves_once_even_without_locks():
    def attempt() -> bool:
        milestone, outcomes = extend_at_once()
        assert milestone.review_ends_at == END + timedelta(days=7)
        return len(values(outcomes)) > 1

    assert race_seen(attempt)
