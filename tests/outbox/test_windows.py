"""Jobs that ask somebody outside: settled as answers come, and joined by those that wait."""

import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import chain
from typing import Any
from uuid import uuid4

import pytest
from django.db import OperationalError, connection
from django.utils import timezone

from outbox import registry, runner, services, windows
from outbox.asking import AT_ONCE
from outbox.models import Job
from outbox.registry import Left, Question

pytestmark = pytest.mark.django_db

LONG = 60.0
EARLIER = timedelta(seconds=5)


def enqueue(topic: str, count: int = 1) -> list[int]:
    services.enqueue_many(topic, [(f"k{n}", {"n": n}) for n in range(count)])
    return list(Job.objects.filter(topic=topic).order_by("pk").values_list("pk", flat=True))


def nothing(*_: Any) -> None:
    """It has nothing to say."""


@dataclass
class Talk:
    """A handler that keeps who was begun, asked and settled; each may be made to do something."""

    on_begin: Callable[[list[int]], object] = nothing
    on_ask: Callable[[int], object] = nothing
    on_settle: Callable[[list[int]], Left | None] = nothing
    begun: list[list[int]] = field(default_factory=list)
    asked: list[int] = field(default_factory=list)
    settled: list[list[int]] = field(default_factory=list)

    def begin(self, jobs):
        numbers = [job.payload["n"] for job in jobs]
        self.begun.append(numbers)
        self.on_begin(numbers)
        return [Question(job.payload["n"], [job]) for job in jobs]

    def ask(self, number):
        self.asked.append(number)
        return self.on_ask(number)

    def settle(self, told):
        numbers = sorted(one.about for one in told)
        self.settled.append(numbers)
        failed = {job.pk: one.error for one in told if one.error for job in one.jobs}
        return self.on_settle(numbers) or Left(failed=failed)

    @property
    def handler(self) -> registry.Asking:
        return registry.Asking(self.begin, self.ask, self.settle)


def states(*fields: str) -> list[tuple]:
    return list(Job.objects.order_by("pk").values_list(*fields))


def test_a_slow_answer_holds_up_nobody_elses(topic):
    others_ended = threading.Event()
    talk = Talk(on_ask=lambda number: number or others_ended.wait(LONG))
    talk.on_settle = lambda numbers: others_ended.set() if 2 in numbers else None

    assert runner.run(enqueue(topic(talk.handler), 3)) == 3

    assert talk.settled[-1] == [0]
    assert sorted(chain(*talk.settled[:-1])) == [1, 2]
    assert states("outcome", "attempts", "lease_token") == 3 * [("done", 1, None)]


@pytest.mark.parametrize("company", [1, 2])
def test_jobs_that_wait_take_the_places_that_are_free(topic, company):
    talk = Talk()
    ids = enqueue(topic(talk.handler), 5)
    Job.objects.filter(pk__in=ids[:company]).update(sent_at=timezone.now())

    assert runner.run(ids[:company]) == 5

    assert talk.begun == [list(range(company)), list(range(company, 5))]
    assert sorted(talk.asked) == [0, 1, 2, 3, 4]
    assert states("outcome", "attempts") == 5 * [("done", 1)]


@pytest.mark.parametrize(
    "change",
    [
        {"sent_at": timezone.now()},
        {"attempts": 1},
        {"due_at": timezone.now() + timedelta(hours=1)},
        {"lease_until": timezone.now() + timedelta(hours=1), "lease_token": uuid4()},
        {"topic": "test.other"},
        {"dead_at": timezone.now()},
    ],
    ids=lambda change: next(iter(change)),
)
def test_only_new_jobs_that_wait_are_taken(topic, change):
    talk = Talk()
    ids = enqueue(topic(talk.handler), 2)
    topic(Talk().handler, name="test.other")
    Job.objects.filter(pk=ids[1]).update(**change)

    assert runner.run(ids[:1]) == 1

    assert talk.asked == [0]
    assert Job.objects.get(pk=ids[1]).done_at is None


def test_what_was_cut_short_takes_nobody_with_it(topic):
    talk = Talk()
    ids = enqueue(topic(talk.handler), 2)
    Job.objects.filter(pk=ids[0]).update(attempts=1)

    assert runner.run(ids[:1]) == 1

    assert talk.asked == [0]
    assert states("done_at")[1] == (None,)


@pytest.mark.parametrize(("seconds", "ended"), [(0.0, 2), (5.0, 1)])
def test_money_that_has_waited_closes_the_window(topic, seconds, ended):
    talk = Talk()
    ids = enqueue(topic(talk.handler), 2)
    enqueue(topic(nothing, name="test.money", lane="money"))
    due_at = timezone.now() - timedelta(seconds=seconds)
    Job.objects.filter(topic="test.money").update(due_at=due_at)

    assert runner.run(ids[:1]) == ended

    assert talk.asked == [0, 1][:ended]


def test_money_that_somebody_does_closes_no_window(topic):
    talk = Talk()
    ids = enqueue(topic(talk.handler), 2)
    enqueue(topic(nothing, name="test.money", lane="money"))
    lease = {"lease_until": timezone.now() + timedelta(hours=1), "lease_token": uuid4()}
    Job.objects.filter(topic="test.money").update(due_at=timezone.now() - EARLIER, **lease)

    assert runner.run(ids[:1]) == 2


@pytest.mark.django_db(transaction=True)
def test_who_is_not_being_asked_yet_comes_again_after_money(topic, monkeypatch):
    monkeypatch.setattr(windows, "ASK_SECONDS", 2 * LONG)

    def wait(_):
        deadline = time.monotonic() + LONG
        while time.monotonic() < deadline and Job.objects.filter(sent_at=None).count() < 4:
            time.sleep(0.05)

    talk = Talk(on_ask=wait)
    ids = enqueue(topic(talk.handler), AT_ONCE + 4)
    Job.objects.update(sent_at=timezone.now())
    enqueue(topic(nothing, name="test.money", lane="money"))
    money = Job.objects.filter(topic="test.money")
    money.update(due_at=timezone.now() - EARLIER, sent_at=timezone.now())

    assert runner.run(ids) == AT_ONCE

    left = Job.objects.filter(topic="test.topic", done_at=None)
    assert len(talk.asked) == AT_ONCE
    assert list(left.values_list("attempts", "sent_at", "lease_token")) == 4 * [(0, None, None)]


def test_who_is_away_closes_the_window(topic):
    def fail(number):
        raise registry.Unreachable("no route")

    talk = Talk(on_ask=fail)
    ids = enqueue(topic(talk.handler), 3)
    sent_at = timezone.now()
    Job.objects.filter(pk__in=ids[:2]).update(sent_at=sent_at)

    assert runner.run(ids[:2]) == 0

    assert sorted(talk.asked) == [0, 1]
    assert states("attempts", "sent_at", "last_error") == [
        (0, sent_at, "Unreachable: no route"),
        (0, sent_at, "Unreachable: no route"),
        (0, None, ""),
    ]


def test_a_window_closes_after_a_while(topic, monkeypatch):
    monkeypatch.setattr(windows, "OPEN_SECONDS", 0.0)
    talk = Talk()

    assert runner.run(enqueue(topic(talk.handler), 2)[:1]) == 1

    assert talk.asked == [0]


def test_one_that_cannot_be_begun_is_left_alone(topic):
    def refuse(numbers):
        if 1 in numbers:
            raise RuntimeError("poison")

    talk = Talk(on_begin=refuse)

    assert runner.run(enqueue(topic(talk.handler), 4)) == 3

    assert sorted(talk.asked) == [0, 2, 3]
    assert states("last_error", "attempts", "outcome")[1] == ("RuntimeError: poison", 1, "")


def test_one_that_cannot_be_settled_is_left_alone_and_nobody_is_asked_again(topic):
    def refuse(numbers):
        if 1 in numbers:
            raise RuntimeError("poison")

    talk = Talk(on_settle=refuse)

    assert runner.run(enqueue(topic(talk.handler), 4)) == 3

    assert sorted(talk.asked) == [0, 1, 2, 3]
    assert states("last_error", "attempts", "outcome")[1] == ("RuntimeError: poison", 1, "")


def test_one_that_cannot_be_asked_about_fails_alone(topic):
    def fail(number):
        if number == 1:
            raise ValueError("no answer")

    talk = Talk(on_ask=fail)

    assert runner.run(enqueue(topic(talk.handler), 3)) == 2

    assert states("last_error", "attempts", "outcome")[1] == ("ValueError: no answer", 1, "")


def test_a_job_about_nothing_is_done_and_several_may_want_to_know_the_same(topic):
    asked, settled = [], []

    def begin(jobs):
        assert len(jobs) == 3
        return [Question("same", jobs[1:])]

    def settle(told):
        settled.extend(one.answer for one in told)
        return Left()

    handler = registry.Asking(begin, lambda about: asked.append(about) or "told", settle)

    assert runner.run(enqueue(topic(handler), 3)) == 3

    assert (asked, settled) == (["same"], ["told"])
    assert states("outcome", "attempts") == 3 * [("done", 1)]


def test_a_job_that_is_somebody_elses_by_now_is_not_settled(topic):
    token = uuid4()

    def lose(numbers):
        Job.objects.filter(payload__n=1).update(lease_token=token)

    talk = Talk(on_begin=lose)

    assert runner.run(enqueue(topic(talk.handler), 3)) == 2

    assert sorted(chain(*talk.settled)) == [0, 2]
    assert states("outcome", "lease_token")[1] == ("", token)


def test_an_outage_while_it_was_asked_is_no_attempt(topic):
    def fail(number):
        if number == 1:
            raise OperationalError("the connection is lost")

    talk = Talk(on_ask=fail)
    ids = enqueue(topic(talk.handler), 3)
    Job.objects.update(attempts=3, sent_at=timezone.now())
    due = states("due_at")

    assert runner.run(ids) == 2

    assert states("attempts", "sent_at", "lease_token", "last_error")[1] == (3, None, None, "")
    assert states("due_at") == due


def test_what_nobody_got_to_comes_again_as_it_was(topic, monkeypatch):
    monkeypatch.setattr(windows, "ASK_SECONDS", 0.0)
    talk = Talk()
    ids = enqueue(topic(talk.handler), 2)
    Job.objects.update(attempts=3, sent_at=timezone.now())

    assert runner.run(ids) == 0

    assert (talk.asked, talk.settled) == ([], [])
    assert states("attempts", "sent_at", "lease_token") == 2 * [(3, None, None)]


def kill_own_connection(*_: object) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(pg_backend_pid())")


@pytest.mark.django_db(transaction=True)
def test_a_connection_that_is_lost_before_the_question_is_no_attempt(topic):
    talk = Talk(on_begin=kill_own_connection)
    ids = enqueue(topic(talk.handler))

    assert runner.run(ids) == 0
    assert states("attempts", "lease_token", "last_error") == [(0, None, "")]
    talk.on_begin = nothing
    assert runner.run(ids) == 1


@pytest.mark.django_db(transaction=True)
def test_an_outage_between_claim_and_question_closes_the_window_and_no_more(topic):
    def kill_quietly(_):
        with suppress(OperationalError):
            kill_own_connection()

    talk = Talk(on_begin=kill_quietly)
    ids = enqueue(topic(talk.handler), 2)

    assert runner.run(ids[:1]) == 1

    assert talk.asked == [0]
    assert states("outcome", "attempts") == [("done", 1), ("", 0)]
