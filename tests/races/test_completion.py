"""The last approval of a project and an invoice by hand for an earlier milestone, at once."""

from functools import partial

import pytest

from gigs.models import Project
from gigs.services import milestone_approve
from invoicing.models import Invoice
from invoicing.services import invoice_issue_for, invoices_issue, upfronts_issue
from tests.builders import (
    approved_milestone,
    completion_project,
    run_jobs,
    started_completion_project,
    submitted_milestone,
)
from tests.factories import AT
from tests.races.threads import TIMES, Outcome, at_once, race_seen, tally
from wallets import integrity

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]


def last_approval_and_by_hand() -> tuple[Project, list[Outcome]]:
    project = started_completion_project()
    first = approved_milestone(project, position=1)
    second = submitted_milestone(project, position=2)
    approve = partial(milestone_approve, milestone_id=second.pk, by=project.commissioner, at=AT)
    by_hand = partial(invoice_issue_for, milestone_id=first.pk, by=project.freelancer, at=AT)
    job = partial(invoices_issue, milestone_ids=[first.pk, second.pk], at=AT)
    return project, at_once(approve, *[by_hand, job] * (TIMES // 2))


def upfront_at_once() -> list[Outcome]:
    project = completion_project()
    return at_once(*[partial(upfronts_issue, project_ids=[project.pk], at=AT)] * TIMES)


def kinds(project: Project) -> list[str]:
    return list(
        Invoice.objects.filter(project=project).order_by("pk").values_list("kind", flat=True)
    )


def test_the_last_approval_and_one_by_hand_add_up():
    project, outcomes = last_approval_and_by_hand()
    run_jobs("milestone.approved")

    assert tally(outcomes) == {"done": TIMES + 1}
    assert kinds(project) in (["upfront", "manual", "final"], ["upfront", "final"])
    project.refresh_from_db()
    assert project.invoiced_minor == 330_000
    assert integrity.differences() == []


def test_the_last_approval_without_locks_is_stopped_by_the_database():
    def attempt() -> bool:
        _, outcomes = last_approval_and_by_hand()
        return any(outcome.was_stopped_by_the_database for outcome in outcomes)

    assert race_seen(attempt)


def test_the_upfront_invoice_is_issued_once():
    outcomes = upfront_at_once()

    assert tally(outcomes) == {"done": TIMES}
    assert [outcome.value for outcome in outcomes if outcome.value] == [[Invoice.objects.get().pk]]


def test_the_upfront_invoice_without_locks_is_stopped_by_the_database():
    def attempt() -> bool:
        return any(outcome.was_stopped_by_the_database for outcome in upfront_at_once())

    assert race_seen(attempt)
