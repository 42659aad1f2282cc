"""Giving back and approving at once, and giving back twenty times."""

from functools import partial

import pytest

from gigs.models import Project
from gigs.services import milestone_approve
from tests.builders import fund, held_project, run_jobs, submitted_milestone
from tests.factories import AT
from tests.races.threads import TIMES, Outcome, at_once, race_seen, tally
from wallets import integrity
from wallets.models import Release
from wallets.selectors import credit_balance, wallet_balances
from wallets.services import funds_give_back

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]


def give_and_approve_at_once() -> tuple[Project, list[Outcome]]:
    project = held_project(tasks=1)
    fund(project)
    milestone = submitted_milestone(project)
    give = partial(funds_give_back, milestone_id=milestone.pk, by=project.freelancer, at=AT)
    approve = partial(milestone_approve, milestone_id=milestone.pk, by=project.commissioner, at=AT)
    return project, at_once(*[give, approve] * (TIMES // 2))


def assert_one_of_them_has_it(project: Project) -> None:
    """The credit or the wallet, never both; nothing is held any more."""
    run_jobs("milestone.approved", "invoice.issued")
    credit = credit_balance(project.commissioner_id, "USD").amount
    wallet = sum(balance.available for balance in wallet_balances(project.freelancer_id))
    assert (credit, wallet) in [(10_000, 0), (0, 950_000)]
    assert Release.objects.filter(funding__milestone__project=project).count() == (credit > 0)
    assert integrity.differences() == []


def test_money_goes_back_or_to_the_freelancer():
    project, outcomes = give_and_approve_at_once()

    refusals = tally(outcomes)
    assert refusals.pop("done") == 1
    assert set(refusals) <= {"GiveBackTooLate", "NothingHeld", "MilestoneTransitionRefused"}
    assert not any(outcome.was_stopped_by_the_database for outcome in outcomes)
    assert_one_of_them_has_it(project)


def test_without_locks_the_database_decides():
    def attempt() -> bool:
        project, outcomes = give_and_approve_at_once()
        assert_one_of_them_has_it(project)
        return any(outcome.was_stopped_by_the_database for outcome in outcomes)

    assert race_seen(attempt)
