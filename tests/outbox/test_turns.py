"""What waits behind payouts gets its turn after each window of theirs."""

import time
from datetime import timedelta

import pytest
from django.db import OperationalError
from django.utils import timezone

from outbox import leases, registry, runner, services, turns
from outbox.models import Job
from outbox.registry import Left, Question

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def nothing_owed(monkeypatch):
    monkeypatch.setattr(turns, "_owed", 0.0)


@pytest.fixture
def done():
    """What was done, in its order."""
    return []


@pytest.fixture
def payouts(topic, done):
    """A job that asks somebody outside; it has to be run."""

    def begin(jobs):
        return [Question(job.payload["n"], [job]) for job in jobs]

    def settle(told):
        done.append("payout")
        return Left()

    asking = registry.Asking(begin, lambda number: number, settle)
    return waiting(topic(asking, name="test.payout", lane="payouts"))


@pytest.fixture
def mails(topic, done):
    def send(jobs):
        done.append([job.payload["n"] for job in jobs])

    return topic(send, name="test.mail", batch=2)


def waiting(topic, *ages):
    """Jobs that have been due for so many seconds; their ids."""
    ages = ages or (0.0,)
    services.enqueue_many(topic, [(f"k{n}", {"n": n}) for n in range(len(ages))])
    ids = list(Job.objects.filter(topic=topic).order_by("pk").values_list("pk", flat=True))
    for pk, age in zip(ids, ages, strict=True):
        due_at = timezone.now() - timedelta(seconds=age)
        Job.objects.filter(pk=pk).update(due_at=due_at, sent_at=due_at)
    return ids


def test_after_a_window_the_oldest_batch_behind_it_is_done(payouts, mails, done, monkeypatch):
    """Also where its message is on its way; what this window gives is over after one batch."""
    monkeypatch.setattr(turns, "SHARE", 1e-9)
    waiting(mails, 60, 80, 70)

    assert runner.run(payouts) == 3

    assert done == ["payout", [1, 2]]
    assert Job.objects.filter(topic=mails, done_at__isnull=True, attempts=0).count() == 1


def test_a_long_window_gives_a_tenth_of_its_time(mails, done):
    waiting(mails, 60, 60, 60, 60)

    ended = turns.give(60.0, runner._run_batch)

    assert (ended, done) == (4, [[0, 1], [2, 3]])


def test_a_batch_that_takes_long_is_paid_back_by_the_windows_after_it(mails, topic, done):
    """However many there are, and however short."""
    slow = topic(lambda jobs: time.sleep(0.3), name="test.slow", batch=1)
    waiting(slow, 60, 60)
    waiting(mails, 40)

    ended = [turns.give(seconds, runner._run_batch) for seconds in (0.1, 0.1, 0.1, 2.0, 100.0)]

    assert ended == [1, 0, 0, 0, 2]
    assert done == [[0]]


def test_what_is_saved_up_has_an_end():
    """A slow batch after hours without mails is followed by payouts, not by more mails."""
    turns.give(10_000.0, runner._run_batch)

    assert turns._owed == turns.MOST_SECONDS


def test_what_has_waited_for_a_moment_is_left_to_its_own_lane(payouts, mails, done):
    waiting(mails, turns.PATIENCE_SECONDS - 4)

    assert runner.run(payouts) == 1

    assert done == ["payout"]


def test_money_comes_before_the_turn(payouts, mails, topic, done):
    waiting(mails, 60)
    waiting(topic(lambda jobs: None, name="test.money", lane="money"), 1)

    assert runner.run(payouts) == 1

    assert done == ["payout"]


def test_what_was_cut_short_before_travels_as_the_relay_sends_it(payouts, mails, done):
    ids = waiting(mails, 60, 50)
    Job.objects.filter(pk=ids[0]).update(attempts=1)

    assert runner.run(payouts) == 2

    assert done == ["payout", [1]]


def test_the_long_lane_gets_no_turn(payouts, topic, done):
    waiting(topic(lambda jobs: done.append("long"), name="test.long", lane="long"), 60)

    assert runner.run(payouts) == 1

    assert done == ["payout"]


def test_an_outage_ends_the_turn_and_nothing_else(payouts, mails, done, monkeypatch):
    waiting(mails, 60)

    def claim(*_, **__):
        raise OperationalError("server closed the connection unexpectedly")

    monkeypatch.setattr(leases, "claim_oldest", claim)
    monkeypatch.setattr(turns, "close_old_connections", lambda: done.append("closed"))

    assert runner.run(payouts) == 1

    assert done == ["payout", "closed"]


def test_a_job_without_payouts_before_it_gives_no_turn(mails, done):
    """The lanes' order is the order then."""
    ids = waiting(mails, 60, 60, 60)

    assert runner.run(ids[:1]) == 1

    assert done == [[0]]
