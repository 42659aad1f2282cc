"""Taking the same credit back twenty times at once, and spending it meanwhile."""

from functools import partial

import pytest
from djmoney.money import Money

from accounts.models import User
from tests.builders import held_project
from tests.factories import AT
from tests.races.threads import TIMES, Outcome, at_once, race_seen, tally
from tests.wallets.paying import topped_up
from wallets import integrity
from wallets.models import Payment, SandboxRefund, TakeBack
from wallets.selectors import credit_balance
from wallets.services import (
    CREDIT,
    funding_begin,
    take_back_ask,
    take_back_begin,
    take_back_conclude,
)

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]


def take_all(payment: Payment) -> TakeBack:
    """What a request does."""
    taken = take_back_begin(
        payment_id=payment.pk, amount=Money("100.00", "USD"), by=payment.payer, at=AT
    )
    return take_back_conclude(take_back_id=taken.pk, answer=take_back_ask(taken), at=AT)


def take_at_once() -> tuple[User, list[Outcome]]:
    payment = topped_up()
    return payment.payer, at_once(*[partial(take_all, payment)] * TIMES)


def assert_taken_once(payer: User) -> None:
    assert credit_balance(payer.pk, "USD") == Money("0.00", "USD")
    taken = TakeBack.objects.get(payment__payer=payer, status="succeeded")
    assert SandboxRefund.objects.filter(charge_key=taken.payment.public_id).count() == 1
    assert integrity.differences() == []


def test_credit_is_taken_back_once():
    payer, outcomes = take_at_once()

    refusals = tally(outcomes)
    assert refusals.pop("done") == 1
    assert set(refusals) <= {"TakeBackInProgress", "NothingToTakeBack"}
    assert not any(outcome.was_stopped_by_the_database for outcome in outcomes)
    assert_taken_once(payer)


def test_taking_back_without_locks_is_stopped_by_the_database():
    def attempt() -> bool:
        payer, outcomes = take_at_once()
        assert_taken_once(payer)
        return any(outcome.was_stopped_by_the_database for outcome in outcomes)

    assert race_seen(attempt)


def test_credit_is_spent_or_taken_back():
    payment = topped_up()
    project = held_project(commissioner=payment.payer, budget="100.00", tasks=1)
    spend = partial(funding_begin, project_id=project.pk, method=CREDIT, by=payment.payer, at=AT)

    outcomes = at_once(*[spend, partial(take_all, payment)] * (TIMES // 2))

    assert tally(outcomes)["done"] == 1
    assert credit_balance(payment.payer_id, "USD") == Money("0.00", "USD")
    assert integrity.differences() == []
