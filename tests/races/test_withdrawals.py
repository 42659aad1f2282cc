"""Withdrawing, cancelling, sending and concluding twenty times at once."""

from functools import partial

import pytest

from accounts.models import User
from tests.factories import AT
from tests.races.threads import TIMES, Outcome, at_once, race_seen, tally
from tests.wallets.withdrawing import answer_of, bank_account, funded, request, wallet
from wallets import integrity
from wallets.enums import PayoutResult, WithdrawalStatus
from wallets.models import Journal, Withdrawal
from wallets.services import withdrawal_cancel, withdrawal_claim, withdrawal_conclude

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]

FUNDED = 316_667


def ask_at_once(amount: str) -> tuple[User, list[Outcome]]:
    owner = funded()
    method = bank_account(owner)
    return owner, at_once(*[partial(request, owner, amount=amount, method_id=method.pk)] * TIMES)


def test_the_whole_wallet_is_withdrawn_once():
    owner, outcomes = ask_at_once("3166.67")

    assert tally(outcomes) == {"done": 1, "InsufficientFunds": TIMES - 1}
    assert wallet(owner) == (0, FUNDED, 0)
    assert integrity.differences() == []


def test_as_much_is_withdrawn_as_there_is():
    owner, outcomes = ask_at_once("1000.00")

    assert tally(outcomes) == {"done": 3, "InsufficientFunds": TIMES - 3}
    assert wallet(owner) == (16_667, 300_000, 0)


def test_withdrawing_without_locks_is_stopped_by_the_database():
    def attempt() -> bool:
        owner, outcomes = ask_at_once("3166.67")
        assert wallet(owner) == (0, FUNDED, 0)
        return any(outcome.was_stopped_by_the_database for outcome in outcomes)

    assert race_seen(attempt, rounds=2)


def cancel_and_send_at_once() -> tuple[Withdrawal, list[Outcome]]:
    withdrawal = request(funded())
    cancel = partial(withdrawal_cancel, withdrawal_id=withdrawal.pk, by=withdrawal.user, at=AT)

    def pay() -> None:
        if withdrawal_claim(withdrawal_id=withdrawal.pk, at=AT):
            answer = answer_of(withdrawal)
            withdrawal_conclude(withdrawal_id=withdrawal.pk, answer=answer, at=AT)

    return withdrawal, at_once(*[cancel, pay] * (TIMES // 2))


def test_what_is_cancelled_is_not_sent_and_what_is_sent_not_cancelled():
    withdrawal, outcomes = cancel_and_send_at_once()

    withdrawal.refresh_from_db()
    is_paid = withdrawal.status == WithdrawalStatus.PAID
    assert is_paid or withdrawal.status == WithdrawalStatus.CANCELLED
    assert not any(outcome.was_stopped_by_the_database for outcome in outcomes)
    left = (FUNDED - 100_000, 0, 100_000) if is_paid else (FUNDED, 0, 0)
    assert wallet(withdrawal.user) == left
    assert integrity.differences() == []


def test_cancelling_and_sending_without_locks_is_stopped_by_the_database():
    def attempt() -> bool:
        withdrawal, outcomes = cancel_and_send_at_once()
        available, held, _ = wallet(withdrawal.user)
        assert held in (0, 100_000)
        assert available in (FUNDED, FUNDED - 100_000)
        return any(outcome.was_stopped_by_the_database for outcome in outcomes)

    assert race_seen(attempt)


def conclude_at_once(*results: PayoutResult) -> tuple[Withdrawal, list[Outcome]]:
    withdrawal = request(funded())
    withdrawal_claim(withdrawal_id=withdrawal.pk, at=AT)
    calls = [
        partial(
            withdrawal_conclude,
            withdrawal_id=withdrawal.pk,
            answer=answer_of(withdrawal, result),
            at=AT,
        )
        for result in results
    ]
    return withdrawal, at_once(*calls * (TIMES // len(calls)))


def test_answer_webhook_and_poll_at_once_pay_once():
    withdrawal, outcomes = conclude_at_once(PayoutResult.PAID)

    assert tally(outcomes) == {"done": TIMES}
    assert wallet(withdrawal.user) == (FUNDED - 100_000, 0, 100_000)
    assert Journal.objects.filter(about_type="withdrawal").count() == 1
    assert integrity.differences() == []


def test_concluding_without_locks_is_stopped_by_the_database():
    def attempt() -> bool:
        withdrawal, outcomes = conclude_at_once(PayoutResult.PAID)
        assert wallet(withdrawal.user) == (FUNDED - 100_000, 0, 100_000)
        return any(outcome.was_stopped_by_the_database for outcome in outcomes)

    assert race_seen(attempt)


def test_a_return_in_the_middle_comes_after_the_payment_or_instead_of_it():
    withdrawal, outcomes = conclude_at_once(PayoutResult.PAID, PayoutResult.RETURNED)

    assert tally(outcomes) == {"done": TIMES}
    withdrawal.refresh_from_db()
    assert withdrawal.status == WithdrawalStatus.RETURNED
    assert wallet(withdrawal.user) == (FUNDED, 0, 0)
    assert integrity.differences() == []
