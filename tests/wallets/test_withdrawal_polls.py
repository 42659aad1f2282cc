"""Finding out later how it ended: polls and their pauses, and a provider that is away."""

from dataclasses import replace
from datetime import timedelta

import pytest
from django.utils import timezone

from outbox.models import Job
from outbox.registry import Left
from outbox.services import enqueue
from tests.builders import run_jobs
from tests.factories import AT
from tests.wallets.withdrawing import (
    ANSWER_LOST,
    DECLINED,
    SILENT,
    answer_of,
    eventually,
    funded,
    request,
    send,
    wallet,
)
from wallets import integrity
from wallets.enums import PayoutResult, WithdrawalStatus
from wallets.jobs import begin_resolving, begin_sending, conclude_resolving, conclude_sending
from wallets.models import Withdrawal
from wallets.services import (
    withdrawal_claim,
    withdrawal_conclude,
    withdrawal_look,
    withdrawal_poll_pause,
    withdrawal_send,
)

pytestmark = pytest.mark.django_db

FUNDED = 316_667
NOBODY = "http://127.0.0.1:9"


@pytest.fixture
def owner(freelancer):
    return funded(freelancer)


def due() -> None:
    """Let every job that waits be due."""
    Job.objects.filter(done_at__isnull=True).update(due_at=AT, lease_until=None)


def test_a_provider_that_is_away_was_not_asked(owner, provider, settings):
    """Nothing is uncertain, and however long it is away the job goes on the moment it is back."""
    url, settings.SANDBOX_PAYOUT_URL = settings.SANDBOX_PAYOUT_URL, NOBODY
    withdrawal = request(owner)

    for _ in range(10):
        assert run_jobs("withdrawal.send") == 0

    withdrawal.refresh_from_db()
    assert withdrawal.status == WithdrawalStatus.SENDING
    job = Job.objects.get(topic="withdrawal.send")
    assert (job.attempts, job.done_at, job.dead_at) == (0, None, None)
    assert job.last_error.startswith("ProviderUnreachable: no connection to the provider: ")
    assert not Job.objects.filter(topic="withdrawal.resolve").exists()
    settings.SANDBOX_PAYOUT_URL = url
    assert run_jobs("withdrawal.send") == 1
    withdrawal.refresh_from_db()
    assert withdrawal.status == WithdrawalStatus.PAID
    assert integrity.differences() == []


def test_a_provider_that_is_away_lengthens_no_pause_between_polls(owner, provider, settings):
    withdrawal = send(request(owner, number=ANSWER_LOST))
    due()
    url, settings.SANDBOX_PAYOUT_URL = settings.SANDBOX_PAYOUT_URL, NOBODY

    assert run_jobs("withdrawal.resolve") == 0

    withdrawal.refresh_from_db()
    assert withdrawal.status == WithdrawalStatus.UNCERTAIN
    job = Job.objects.get(topic="withdrawal.resolve")
    assert (job.attempts, job.done_at, job.due_at) == (0, None, AT)
    settings.SANDBOX_PAYOUT_URL = url
    assert run_jobs("withdrawal.resolve") == 1
    withdrawal.refresh_from_db()
    assert withdrawal.status == WithdrawalStatus.PAID


def test_a_provider_that_is_away_is_compared_with_later(owner, provider, settings):
    url, settings.SANDBOX_PAYOUT_URL = settings.SANDBOX_PAYOUT_URL, NOBODY
    enqueue("withdrawal.compare", key="now")

    assert run_jobs("withdrawal.compare") == 0

    job = Job.objects.get(topic="withdrawal.compare")
    assert (job.attempts, job.lease_token, job.done_at) == (0, None, None)
    settings.SANDBOX_PAYOUT_URL = url
    assert run_jobs("withdrawal.compare") == 1


@pytest.mark.parametrize(
    ("minutes", "pause"),
    [
        (0, timedelta(seconds=10)),
        (0.5, timedelta(seconds=10)),
        (2, timedelta(seconds=12)),
        (15, timedelta(seconds=90)),
        (15.1, None),
    ],
)
def test_the_longer_it_takes_the_longer_the_pause_until_a_person_hears_of_it(
    owner, provider, minutes, pause
):
    claimed = withdrawal_claim(withdrawal_id=request(owner).pk, at=AT)

    assert withdrawal_poll_pause(claimed, at=AT + timedelta(minutes=minutes)) == pause


def test_a_poll_in_vain_is_no_attempt_within_a_quarter_of_an_hour(owner, provider):
    sent_at = timezone.now() - timedelta(minutes=5)
    withdrawal = send(request(owner, number=SILENT), at=sent_at)
    eventually(lambda: provider.book.find(withdrawal.public_id).status == "paid")
    provider.book.write(replace(provider.book.find(withdrawal.public_id), status="pending"))
    due()
    began = timezone.now()

    assert run_jobs("withdrawal.resolve") == 0

    job = Job.objects.get(topic="withdrawal.resolve")
    assert (job.attempts, job.done_at, job.last_error) == (0, None, "")
    assert timedelta(seconds=30) <= job.due_at - began < timedelta(minutes=5)
    provider.book.write(replace(provider.book.find(withdrawal.public_id), status="paid"))
    due()
    assert run_jobs("withdrawal.resolve") == 1
    withdrawal.refresh_from_db()
    assert withdrawal.status == WithdrawalStatus.PAID


def test_a_decline_is_not_the_last_word_while_it_is_being_sent(owner, provider):
    withdrawal = request(owner, number=DECLINED)
    claimed = withdrawal_claim(withdrawal_id=withdrawal.pk, at=AT)

    assert withdrawal_send(claimed).result == PayoutResult.DECLINED
    assert withdrawal_look(claimed) is None
    uncertain = withdrawal_conclude(withdrawal_id=withdrawal.pk, answer=None, at=AT)
    assert uncertain.status == WithdrawalStatus.UNCERTAIN
    assert withdrawal_look(uncertain).result == PayoutResult.DECLINED


def test_a_return_does_not_overtake_the_payment_that_it_undoes(owner, provider):
    """Its event is looked into while whoever sent it has not noted yet that it is paid."""
    withdrawal = request(owner)
    claimed = withdrawal_claim(withdrawal_id=withdrawal.pk, at=AT)
    paid = withdrawal_send(claimed)
    provider.book.write(replace(provider.book.find(withdrawal.public_id), status="returned"))

    assert withdrawal_look(claimed) is None
    withdrawal_conclude(withdrawal_id=withdrawal.pk, answer=paid, at=AT)
    Job.objects.filter(topic="withdrawal.send").update(done_at=AT, outcome="done")
    enqueue("withdrawal.resolve", key="told", payload={"withdrawal": withdrawal.pk})
    assert run_jobs("withdrawal.resolve") == 1

    withdrawal.refresh_from_db()
    assert (withdrawal.status, withdrawal.frozen_at) == (WithdrawalStatus.RETURNED, None)
    assert wallet(owner) == (FUNDED, 0, 0)
    assert integrity.differences() == []


@pytest.mark.parametrize("status", ["declined", "returned"])
def test_what_the_provider_did_not_know_yet_it_may_decline(owner, provider, status):
    withdrawal = request(owner, number=SILENT)
    run_jobs("withdrawal.send")
    withdrawal.refresh_from_db()
    assert withdrawal.status == WithdrawalStatus.SENDING
    eventually(lambda: provider.book.find(withdrawal.public_id).status == "paid")
    provider.book.write(replace(provider.book.find(withdrawal.public_id), status=status))
    due()

    assert run_jobs("withdrawal.resolve") == 1

    withdrawal.refresh_from_db()
    assert (withdrawal.status, withdrawal.frozen_at) == (WithdrawalStatus.RETURNED, None)
    assert wallet(owner) == (FUNDED, 0, 0)
    assert integrity.differences() == []


def look(withdrawal, *, key: str):
    """The question of one more job that looks into the provider's book."""
    enqueue("withdrawal.resolve", key=key, payload={"withdrawal": withdrawal.pk})
    [question] = begin_resolving([Job.objects.get(key=key)])
    return question


def return_at_bank(provider, withdrawal):
    paid = provider.book.find(withdrawal.public_id)
    provider.book.write(replace(paid, status="returned"))


def assert_returned_and_asked_anew(withdrawal, *, by: int):
    """Also days after it was sent: that nobody could know yet is no failure. Then all is as it was."""
    withdrawal.refresh_from_db()
    assert (withdrawal.status, withdrawal.frozen_at) == (WithdrawalStatus.RETURNED, None)
    [anew] = Job.objects.filter(key__startswith=f"{withdrawal.public_id}:returned:")
    assert timedelta(seconds=9) < anew.due_at - timezone.now() <= timedelta(seconds=10)
    due()
    assert run_jobs("withdrawal.resolve") == by
    withdrawal.refresh_from_db()
    assert (withdrawal.status, withdrawal.frozen_at) == (WithdrawalStatus.RETURNED, None)
    assert wallet(withdrawal.user) == (FUNDED, 0, 0)
    assert integrity.differences() == []


@pytest.mark.parametrize("together", [True, False])
def test_an_answer_that_another_one_has_outrun_is_asked_for_again(owner, provider, together):
    """Two looks at once: the first reads that it is paid, the second that it came back, and is told
    first.
    """
    withdrawal = send(request(owner, number=ANSWER_LOST))
    slow, quick = look(withdrawal, key="slow"), look(withdrawal, key="quick")
    slow.answer = answer_of(withdrawal)
    quick.answer = answer_of(withdrawal, PayoutResult.RETURNED)
    return_at_bank(provider, withdrawal)

    for told in [[quick, slow]] if together else [[quick], [slow]]:
        assert conclude_resolving(told) == Left()

    assert_returned_and_asked_anew(withdrawal, by=4)


def test_of_two_answers_told_together_the_second_follows_from_the_first(owner, provider):
    withdrawal = send(request(owner, number=ANSWER_LOST))
    first, second = look(withdrawal, key="first"), look(withdrawal, key="second")
    first.answer = answer_of(withdrawal)
    second.answer = answer_of(withdrawal, PayoutResult.RETURNED)
    return_at_bank(provider, withdrawal)

    assert conclude_resolving([first, second]) == Left()

    withdrawal.refresh_from_db()
    assert (withdrawal.status, withdrawal.frozen_at) == (WithdrawalStatus.RETURNED, None)
    assert Withdrawal.objects.get().paid_at is not None
    assert wallet(owner) == (FUNDED, 0, 0)
    assert integrity.differences() == []


def test_an_answer_to_the_sending_itself_may_be_outrun_too(owner, provider):
    """The worker that sent was stopped, and the events told of the payment and of its return."""
    withdrawal = request(owner)
    [question] = begin_sending([Job.objects.get(topic="withdrawal.send")])
    question.answer = withdrawal_send(question.about)
    paid = question.answer
    return_at_bank(provider, withdrawal)
    for answer in (paid, replace(paid, result=PayoutResult.RETURNED)):
        withdrawal_conclude(withdrawal_id=withdrawal.pk, answer=answer, at=timezone.now())

    assert conclude_sending([question]) == Left()

    assert_returned_and_asked_anew(withdrawal, by=1)


def test_an_answer_to_a_question_that_was_asked_afterwards_freezes_what_it_contradicts(
    owner, provider
):
    withdrawal = send(request(owner, number=DECLINED))
    again = look(withdrawal, key="again")
    again.answer = answer_of(withdrawal)

    assert conclude_resolving([again]) == Left()

    withdrawal.refresh_from_db()
    assert (withdrawal.status, withdrawal.frozen_at is None) == (WithdrawalStatus.RETURNED, False)
    assert wallet(owner) == (FUNDED, 0, 0)
