"""Many withdrawals in one batch: each ends in its own way, and none holds up the others.

Threads ask, each on a connection of its own, so what they look up is committed.
"""

from dataclasses import replace
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import AuditEvent
from outbox import runner, windows
from outbox.models import Job
from outbox.services import enqueue
from tests.builders import run_jobs
from tests.factories import AT
from tests.wallets.withdrawing import (
    ANSWER_LOST,
    DECLINED,
    ERROR_AFTER,
    SILENT,
    TWICE,
    WRONG,
    bank_account,
    eventually,
    funded,
    request,
    send,
    wallet,
)
from wallets import integrity, ledger
from wallets.enums import AccountKind, JournalKind, WithdrawalStatus
from wallets.ledger import AccountSpec, JournalDraft, Leg
from wallets.models import PayoutMethod, Withdrawal
from wallets.services import provider_event_note

pytestmark = pytest.mark.django_db(transaction=True)

FUNDED = 316_667


@pytest.fixture
def owner(freelancer):
    return funded(freelancer)


def post_taken_key(key: str) -> None:
    """A journal about something else that has the key."""
    specs = [
        AccountSpec("provider:sandbox", AccountKind.OUTSIDE, "USD"),
        AccountSpec("platform", AccountKind.FEES, "USD"),
    ]
    outside, fees = ledger.open_accounts(specs).values()
    legs = (Leg(outside, -1), Leg(fees, 1))
    ledger.post(JournalDraft(JournalKind.WITHDRAWAL, key, "withdrawal", 0, legs))


EACH_WAY = {
    "": WithdrawalStatus.PAID,
    DECLINED: WithdrawalStatus.RETURNED,
    ANSWER_LOST: WithdrawalStatus.UNCERTAIN,
    WRONG: WithdrawalStatus.SENDING,
    ERROR_AFTER: WithdrawalStatus.UNCERTAIN,
    TWICE: WithdrawalStatus.PAID,
}


def test_many_travel_together_and_each_ends_in_its_own_way(owner, provider):
    made = {number: request(owner, amount="100.00", number=number) for number in EACH_WAY}
    Job.objects.filter(topic="withdrawal.send").update(due_at=AT)
    waiting = Job.objects.filter(topic="withdrawal.send").values_list("pk", flat=True)

    assert runner.run(list(waiting)) == len(EACH_WAY)

    statuses = {number: Withdrawal.objects.get(pk=one.pk).status for number, one in made.items()}
    assert statuses == EACH_WAY
    assert Withdrawal.objects.get(frozen_at__isnull=False) == made[WRONG]
    assert wallet(owner) == (FUNDED - 50_000, 30_000, 20_000)
    assert {payout.key for payout in provider.book.payouts()} == {
        one.public_id for one in made.values()
    }
    assert set(AuditEvent.objects.filter(event="withdrawal.paid").values_list("target")) == {
        (made[number].public_id,) for number in ("", TWICE)
    }
    assert integrity.differences() == []


def test_one_that_cannot_be_sent_holds_up_nobody(owner, provider):
    """No key opens the details of its bank account: it fails alone, the others are paid."""
    good, broken, other = (request(owner, amount="100.00") for _ in range(3))
    PayoutMethod.objects.filter(pk=broken.method_id).update(sealed="gAAAA")

    run_jobs("withdrawal.send")

    paid = Withdrawal.objects.filter(status=WithdrawalStatus.PAID)
    assert set(paid) == {good, other}
    broken.refresh_from_db()
    assert broken.status == WithdrawalStatus.SENDING
    [job] = Job.objects.filter(topic="withdrawal.send", done_at=None)
    assert (job.payload, job.attempts) == ({"withdrawal": broken.pk}, 1)
    assert job.last_error.startswith("SealBroken")
    assert integrity.differences() == []


def test_one_that_cannot_be_posted_holds_up_nobody(owner, provider):
    """Its journal's key is taken: the batch is split, and nobody is paid twice for it."""
    good, broken, other = (request(owner, amount="100.00") for _ in range(3))
    post_taken_key(f"withdraw:{broken.public_id}")

    run_jobs("withdrawal.send")

    assert set(Withdrawal.objects.filter(status=WithdrawalStatus.PAID)) == {good, other}
    refused = Job.objects.get(topic="withdrawal.send", outcome="refused")
    assert refused.payload == {"withdrawal": broken.pk}
    assert len(provider.book.payouts()) == 3
    assert wallet(owner)[1:] == (10_000, 20_000)


def test_a_batch_costs_as_many_queries_as_two(owner, provider, monkeypatch):
    """All are settled together, however long it takes to ask them, and nobody joins them."""
    monkeypatch.setattr(windows, "SETTLE_SECONDS", 60.0)
    monkeypatch.setattr(windows, "OPEN_SECONDS", 0.0)

    def send_all(number: int) -> int:
        for _ in range(number):
            request(owner, amount="10.00", method_id=method.pk)
        waiting = Job.objects.filter(topic="withdrawal.send", done_at=None)
        ids = list(waiting.values_list("pk", flat=True))
        with CaptureQueriesContext(connection) as queries:
            assert runner.run(ids) == number
        return len(queries)

    method = bank_account(owner)

    assert send_all(2) == send_all(12) < 40


@pytest.mark.parametrize(
    ("minutes", "attempts", "error"),
    [(0, 0, ""), (16, 1, "ProviderTimeout: the provider has not said yet how it ended")],
)
def test_polls_travel_together_and_those_without_an_end_come_later(
    owner, provider, minutes, attempts, error
):
    lost, late = (request(owner, amount="100.00", number=n) for n in (ANSWER_LOST, SILENT))
    run_jobs("withdrawal.send")
    Withdrawal.objects.update(sent_at=timezone.now() - timedelta(minutes=minutes))
    Job.objects.filter(topic="withdrawal.resolve").update(due_at=AT)
    enqueue("withdrawal.resolve", key="told", payload={"withdrawal": lost.pk})
    eventually(lambda: provider.book.find(late.public_id).status == "paid")
    provider.book.write(replace(provider.book.find(late.public_id), status="pending"))

    ended = runner.run(list(Job.objects.pending().values_list("pk", flat=True)))

    lost.refresh_from_db()
    late.refresh_from_db()
    assert (lost.status, late.status) == (WithdrawalStatus.PAID, WithdrawalStatus.SENDING)
    [left] = Job.objects.filter(topic="withdrawal.resolve", done_at=None)
    assert (left.payload, left.attempts) == ({"withdrawal": late.pk}, attempts)
    assert left.last_error == error
    assert ended >= 2


@pytest.mark.parametrize(
    ("says", "status"), [("payout.paid", "paid"), ("payout.returned", "returned")]
)
def test_an_event_that_says_what_is_known_is_no_reason_to_ask(owner, provider, says, status):
    paid = send(request(owner))
    provider.book.write(replace(provider.book.find(paid.public_id), status="returned"))
    told = {"provider": "sandbox", "kind": says, "key": paid.public_id, "body": "{}"}

    provider_event_note(event_id="evt_1", at=AT, **told)
    run_jobs("withdrawal.resolve")

    paid.refresh_from_db()
    assert paid.status == status
    assert Job.objects.get(topic="withdrawal.resolve").outcome == "done"


def test_an_event_that_says_more_than_is_known_is_looked_into(owner, provider):
    lost = send(request(owner, number=ANSWER_LOST))
    told = {"provider": "sandbox", "kind": "payout.paid", "key": lost.public_id, "body": "{}"}

    provider_event_note(event_id="evt_1", at=AT, **told)
    run_jobs("withdrawal.resolve")

    lost.refresh_from_db()
    assert lost.status == WithdrawalStatus.PAID
