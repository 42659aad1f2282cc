"""What waits behind payouts gets its turn after each window of theirs."""

from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from uuid import uuid4

import pytest
from django.db import InterfaceError, OperationalError
from django.utils import timezone

from common import outage
from outbox import leases, registry, runner, services, turns
from outbox.models import Job
from outbox.registry import Left, Question

pytestmark = pytest.mark.django_db


@dataclass
class Clock:
    """Time that passes only where a test says so."""

    now: float = 0.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture(autouse=True)
def nothing_owed(monkeypatch):
    monkeypatch.setattr(turns, "_owed", 0.0)


@pytest.fixture
def clock(monkeypatch):
    clock = Clock()
    monkeypatch.setattr(turns, "time", clock)
    return clock


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
def money(topic, done):
    """A job of the money lane; it has to be run."""
    return waiting(topic(lambda jobs: done.append("money"), name="test.money", lane="money"))


@pytest.fixture
def mails(topic, done):
    def send(jobs):
        done.append([job.payload["n"] for job in jobs])

    return topic(send, name="test.mail", batch=3)


@pytest.fixture
def one_by_one(topic, done, clock):
    """Mails of which each takes a quarter of a second."""

    def send(jobs):
        [job] = jobs
        clock.now += 0.25
        done.append(job.payload["n"])

    return topic(send, name="test.mail", batch=1)


def waiting(topic, *ages):
    """Jobs that have been due for so many seconds; their ids."""
    ages = ages or (0.0,)
    services.enqueue_many(topic, [(f"k{n}", {"n": n}) for n in range(len(ages))])
    ids = list(Job.objects.filter(topic=topic).order_by("pk").values_list("pk", flat=True))
    for pk, age in zip(ids, ages, strict=True):
        due_at = timezone.now() - timedelta(seconds=age)
        Job.objects.filter(pk=pk).update(due_at=due_at, sent_at=due_at)
    return ids


def give(seconds):
    return turns.give(seconds, partial(runner._work_on, is_split=False))


def attempts(topic):
    return list(Job.objects.filter(topic=topic).order_by("pk").values_list("attempts", flat=True))


def test_after_a_window_the_oldest_job_behind_it_is_done(payouts, mails, done, monkeypatch):
    """Also where its message is on its way; what this window gives is over after one."""
    monkeypatch.setattr(turns, "SHARE", 1e-9)
    waiting(mails, 60, 80, 70)

    assert runner.run(payouts) == 2

    assert done == ["payout", [1]]
    assert Job.objects.filter(topic=mails, done_at__isnull=True, attempts=0).count() == 2


def test_a_turn_begins_with_one_job_and_takes_twice_as_many_each_time(mails, done):
    """No more than the topic takes at once."""
    waiting(mails, *range(80, 73, -1))

    assert give(60.0) == 7

    assert done == [[0], [1, 2], [3, 4, 5], [6]]


def test_a_window_gives_a_tenth_of_its_time(one_by_one, done):
    waiting(one_by_one, *range(80, 74, -1))

    assert give(10.0) == 4

    assert done == [0, 1, 2, 3]
    assert turns._owed == 0.0


def test_what_takes_long_is_paid_back_by_the_windows_after_it(topic, mails, clock, done):
    """However many there are, and however short."""

    def take_a_second(jobs):
        clock.now += 1.0

    waiting(topic(take_a_second, name="test.slow", batch=1), 60)
    waiting(mails, 40)

    assert [give(seconds) for seconds in (1.0, 1.0, 5.0, 2.0)] == [1, 0, 0, 0]
    assert done == []
    assert give(2.0) == 1
    assert done == [[0]]


def test_what_fails_ends_the_turn_and_has_had_one_attempt(topic, clock, done):
    """A mail server that is away costs a turn one time-out, and the next turns pay for it."""

    def time_out(jobs):
        clock.now += 10.0
        done.append([job.payload["n"] for job in jobs])
        raise TimeoutError

    mails = topic(time_out, name="test.mail", batch=20)
    waiting(mails, 60, 50, 40)

    assert [give(seconds) for seconds in (20.0, 20.0, 59.0)] == [0, 0, 0]

    assert done == [[0]]
    assert attempts(mails) == [1, 0, 0]
    assert give(20.0) == 0
    assert done == [[0], [1]]
    assert attempts(mails) == [1, 1, 0]


def test_what_fails_among_others_is_left_and_soon_stands_alone(topic, done):
    def send(jobs):
        numbers = [job.payload["n"] for job in jobs]
        done.append(numbers)
        if 2 in numbers:
            raise ValueError("no such address")

    mails = topic(send, name="test.mail", batch=20)
    waiting(mails, 60, 50, 40, 30)

    assert [give(10.0) for _ in range(4)] == [1, 1, 0, 1]

    assert done == [[0], [1, 2], [1], [2, 3], [2], [3]]
    assert attempts(mails) == [1, 1, 1, 1]
    [left] = Job.objects.filter(topic=mails, done_at__isnull=True)
    assert (left.payload, left.last_error) == ({"n": 2}, "ValueError: no such address")


def test_a_turn_after_payouts_splits_nothing(payouts, topic, done, monkeypatch):
    monkeypatch.setattr(turns, "_owed", 1.0)

    def send(jobs):
        done.append(len(jobs))
        if len(jobs) > 1:
            raise TimeoutError

    waiting(topic(send, name="test.mail", batch=20), 60, 50, 40)

    assert runner.run(payouts) == 2

    assert done == ["payout", 1, 2]


def test_what_raises_is_paid_for_too(mails, clock):
    waiting(mails, 60)

    def raise_late(route, jobs):
        clock.now += 3.0
        raise OperationalError("the database did not come back")

    with pytest.raises(OperationalError):
        turns.give(10.0, raise_late)

    assert turns._owed == -2.0


def test_what_is_saved_up_has_an_end():
    """What is slow after hours without mails is followed by payouts, not by more mails."""
    give(10_000.0)

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


def test_money_gives_a_turn_of_what_payouts_left(money, mails, done, monkeypatch):
    """Else windows that money closes would never give any."""
    waiting(mails, 60)
    assert runner.run(money) == 1
    assert done == ["money"]
    monkeypatch.setattr(turns, "_owed", 0.5)
    Job.objects.filter(pk__in=money).update(done_at=None, outcome="")

    assert runner.run(money) == 2

    assert done == ["money", "money", [0]]


def test_what_was_cut_short_travels_as_the_relay_sends_it(payouts, mails, done):
    ids = waiting(mails, 60, 50)
    ran_out = timezone.now() - timedelta(seconds=1)
    Job.objects.filter(pk=ids[0]).update(attempts=1, lease_until=ran_out, lease_token=uuid4())

    assert runner.run(payouts) == 2

    assert done == ["payout", [1]]


def test_what_failed_before_has_its_turn_too(payouts, mails, done):
    Job.objects.filter(pk__in=waiting(mails, 60)).update(attempts=1)

    assert runner.run(payouts) == 2

    assert done == ["payout", [0]]


def test_the_long_lane_gets_no_turn(payouts, topic, done):
    waiting(topic(lambda jobs: done.append("long"), name="test.long", lane="long"), 60)

    assert runner.run(payouts) == 1

    assert done == ["payout"]


@pytest.mark.parametrize("lost", [OperationalError, InterfaceError])
def test_an_outage_ends_the_turn_and_nothing_else(payouts, mails, done, monkeypatch, lost):
    waiting(mails, 60)

    def claim(*_, **__):
        raise lost("server closed the connection unexpectedly")

    monkeypatch.setattr(leases, "claim_oldest", claim)
    monkeypatch.setattr(outage, "close_old_connections", lambda: done.append("closed"))

    assert runner.run(payouts) == 1

    assert done == ["payout", "closed"]


def test_a_job_of_the_default_lane_gives_no_turn(mails, done, monkeypatch):
    """The lanes' order is the order then."""
    monkeypatch.setattr(turns, "_owed", 1.0)
    ids = waiting(mails, 60, 60, 60)

    assert runner.run(ids[:1]) == 1

    assert done == [[0]]
