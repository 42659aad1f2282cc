from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import InterfaceError, OperationalError, connection
from django.utils import timezone
from psycopg.errors import QueryCanceled

from common.exceptions import DomainError
from outbox import leases, registry, runner, services
from outbox.enums import Outcome
from outbox.models import Job

pytestmark = pytest.mark.django_db


class Refusal(DomainError):
    code = "no_more"
    default_message = "There is no more."


def enqueue(topic: str, count: int = 1) -> list[int]:
    services.enqueue_many(topic, [(f"k{n}", {"n": n}) for n in range(count)])
    return list(Job.objects.filter(topic=topic).order_by("pk").values_list("pk", flat=True))


def make_due(ids):
    Job.objects.filter(pk__in=ids).update(due_at=timezone.now() - timedelta(seconds=1))


@pytest.mark.parametrize(
    ("route", "seconds"),
    [
        ({}, 10),
        ({"kind": "outside"}, 40),
        ({"kind": "outside", "lane": "payouts"}, 30),
        ({"kind": "outside", "lane": "long"}, 960),
    ],
)
def test_a_lease_is_as_long_as_the_work_may_take(topic, route, seconds):
    ids = enqueue(topic(lambda jobs: None, **route))

    [job] = leases.claim(ids, topics=registry.topics())

    job.refresh_from_db()
    left = (job.lease_until - timezone.now()).total_seconds()
    assert seconds - 9 < left <= seconds


def test_a_batch_is_one_call_and_is_marked_done(topic):
    calls = []
    name = topic(lambda jobs: calls.append([job.payload["n"] for job in jobs]))

    ended = runner.run(enqueue(name, 5))

    assert ended == 5
    assert calls == [[0, 1, 2, 3, 4]]
    assert Job.objects.filter(done_at__isnull=False, outcome=Outcome.DONE, attempts=1).count() == 5


def test_a_job_that_is_done_is_not_done_again(topic):
    calls = []
    name = topic(lambda jobs: calls.append(len(jobs)))
    ids = enqueue(name, 2)

    runner.run(ids)
    runner.run(ids)

    assert calls == [2]


def test_a_failing_batch_is_split_until_the_poison_stands_alone(topic):
    done = []

    def handle(jobs):
        if any(job.payload["n"] == 3 for job in jobs):
            raise RuntimeError("poison")
        done.extend(job.payload["n"] for job in jobs)

    ended = runner.run(ids := enqueue(topic(handle), 8))

    assert ended == 7
    assert sorted(done) == [0, 1, 2, 4, 5, 6, 7]
    poison = Job.objects.get(pk=ids[3])
    assert poison.done_at is None
    assert poison.dead_at is None
    assert poison.attempts == 1
    assert poison.last_error == "RuntimeError: poison"
    assert poison.due_at > timezone.now() + timedelta(seconds=7)
    assert poison.lease_token is None


def test_work_of_a_failing_job_is_rolled_back(topic):
    def handle(jobs):
        services.enqueue("written.by.handler", key=str(jobs[0].pk))
        raise RuntimeError("after the write")

    runner.run(enqueue(topic(handle), 1))

    assert not Job.objects.filter(topic="written.by.handler").exists()


def test_a_refusal_ends_the_job_with_its_reason(topic):
    def handle(jobs):
        raise Refusal

    ended = runner.run(enqueue(topic(handle), 1))

    job = Job.objects.get()
    assert ended == 1
    assert (job.outcome, job.outcome_note) == (Outcome.REFUSED, "no_more: There is no more.")
    assert job.done_at is not None


def test_the_eighth_failure_is_the_last(topic):
    def handle(jobs):
        raise RuntimeError("again")

    ids = enqueue(topic(handle), 1)
    for attempt in range(1, 9):
        make_due(ids)
        runner.run(ids)
        job = Job.objects.get()
        assert job.attempts == attempt
        assert (job.dead_at is not None) is (attempt == 8)

    make_due(ids)
    assert runner.run(ids) == 0
    assert Job.objects.get().attempts == 8


def test_a_job_that_is_not_due_is_left(topic):
    calls = []
    name = topic(lambda jobs: calls.append(len(jobs)))
    services.enqueue(name, key="later", due_at=timezone.now() + timedelta(hours=1))

    assert runner.run([Job.objects.get().pk]) == 0
    assert calls == []
    assert Job.objects.get().attempts == 0


def test_a_leased_job_is_left_until_its_lease_ends(topic):
    calls = []
    ids = enqueue(topic(lambda jobs: calls.append(len(jobs))), 1)
    Job.objects.update(lease_until=timezone.now() + timedelta(minutes=1), lease_token=uuid4())
    assert runner.run(ids) == 0

    Job.objects.update(lease_until=timezone.now() - timedelta(seconds=1))

    assert runner.run(ids) == 1
    assert calls == [1]


def test_a_topic_without_handler_is_left_for_a_newer_worker():
    ids = enqueue("topic.of.the.next.release", 1)

    assert runner.run(ids) == 0
    job = Job.objects.get()
    assert (job.attempts, job.lease_token, job.done_at) == (0, None, None)


def test_an_outside_handler_runs_without_a_transaction_and_settles_in_one(topic):
    seen = []

    def handle(jobs):
        seen.append(("outside", Job.objects.get().lease_token is not None))

        def settle():
            seen.append(("settle", connection.in_atomic_block))

        return settle

    ended = runner.run(enqueue(topic(handle, kind="outside"), 1))

    assert ended == 1
    assert seen == [("outside", True), ("settle", True)]
    assert Job.objects.get().outcome == Outcome.DONE


def test_an_outside_handler_may_leave_jobs_for_later(topic):
    ids = []

    def handle(jobs):
        return lambda: registry.Left(later=ids[1:])

    ids += enqueue(topic(handle, kind="outside"), 3)

    assert runner.run(ids) == 1
    left = Job.objects.filter(pk__in=ids[1:])
    assert set(left.values_list("done_at", "lease_token", "attempts", "sent_at")) == {
        (None, None, 0, None)
    }


def test_jobs_of_an_outside_batch_may_fail_each_by_itself(topic):
    ids = []

    def handle(jobs):
        return lambda: registry.Left(failed={ids[1]: ValueError("no answer")})

    ids += enqueue(topic(handle, kind="outside"), 3)

    assert runner.run(ids) == 2
    [failed] = Job.objects.filter(done_at=None)
    assert (failed.pk, failed.attempts, failed.last_error) == (ids[1], 1, "ValueError: no answer")
    assert failed.due_at > timezone.now() + timedelta(seconds=7)
    assert failed.lease_token is None


def test_what_cannot_be_known_yet_is_asked_again_after_a_pause_of_its_own(topic):
    pauses = [timedelta(hours=1), timedelta(hours=5)]
    ids = []

    def handle(jobs):
        return lambda: registry.Left(again=dict(zip(ids, pauses, strict=False)))

    ids += enqueue(topic(handle, kind="outside"), 3)
    now = timezone.now()
    Job.objects.update(attempts=7, sent_at=now)

    assert runner.run(ids) == 1

    waiting = {job.pk: job for job in Job.objects.filter(done_at=None)}
    assert list(waiting) == ids[:2]
    for pk, pause in zip(ids, pauses, strict=False):
        assert now + pause <= waiting[pk].due_at < now + pause + timedelta(minutes=30)
        job = waiting[pk]
        assert (job.attempts, job.lease_until, job.lease_token) == (7, None, None)
        assert (job.sent_at, job.last_error, job.dead_at) == (None, "", None)


@pytest.mark.parametrize("is_batch", [True, False])
def test_who_is_away_was_not_asked_which_is_no_attempt(topic, is_batch):
    """The relay sends them again as what was lost on its way; they are late, and seen to be."""
    away, ids = registry.Unreachable("no route"), []

    def handle(jobs):
        if is_batch:
            raise away
        return lambda: registry.Left(failed=dict.fromkeys(ids[1:], away))

    ids += enqueue(topic(handle, kind="outside"), 3)
    sent_at = timezone.now()
    Job.objects.update(attempts=7, sent_at=sent_at)
    due = dict(Job.objects.values_list("pk", "due_at"))

    assert runner.run(ids) == (0 if is_batch else 1)

    waiting = Job.objects.filter(done_at=None)
    assert {job.pk: job.due_at for job in waiting} == {
        pk: due[pk] for pk in ids[0 if is_batch else 1 :]
    }
    assert set(
        waiting.values_list("attempts", "lease_until", "lease_token", "sent_at", "dead_at")
    ) == {(7, None, None, sent_at, None)}
    assert set(waiting.values_list("last_error")) == {("Unreachable: no route",)}


@pytest.mark.parametrize("kind", ["local", "outside"])
@pytest.mark.parametrize(
    "error", [OperationalError("the connection is lost"), InterfaceError("closed")]
)
def test_an_outage_is_no_attempt_and_lengthens_no_pause(topic, kind, error):
    calls = []

    def handle(jobs):
        calls.append(len(jobs))
        raise error

    ids = enqueue(topic(handle, kind=kind), 2)
    Job.objects.update(attempts=3, sent_at=timezone.now())
    due = set(Job.objects.values_list("due_at", flat=True))

    assert runner.run(ids) == 0

    assert calls == [2]
    assert set(Job.objects.values_list("due_at", flat=True)) == due
    assert set(
        Job.objects.values_list("attempts", "lease_token", "sent_at", "last_error", "done_at")
    ) == {(3, None, None, "", None)}


@pytest.mark.django_db(transaction=True)
def test_a_job_whose_connection_is_killed_is_done_by_the_next_message(topic):
    """The server ends the worker's connection in the middle, as a restart of it does."""
    kills = iter([True, False])

    def handle(jobs):
        if next(kills):
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_terminate_backend(pg_backend_pid())")

    ids = enqueue(topic(handle), 2)

    assert runner.run(ids) == 0
    assert set(Job.objects.values_list("attempts", "lease_until")) == {(0, None)}
    assert runner.run(ids) == 2


def test_a_query_that_is_refused_is_a_failed_attempt(topic):
    def handle(jobs):
        raise OperationalError("canceling statement") from QueryCanceled()

    runner.run(enqueue(topic(handle), 1))

    job = Job.objects.get()
    assert (job.attempts, job.last_error) == (1, "OperationalError: canceling statement")


def test_a_batch_whose_lease_was_lost_is_left_to_the_other_worker(topic):
    calls = []

    def handle(jobs):
        calls.append(len(jobs))
        Job.objects.update(lease_token=uuid4())
        return lambda: None

    assert runner.run(enqueue(topic(handle, kind="outside"), 4)) == 0
    assert calls == [4]
    assert set(Job.objects.values_list("done_at", "last_error")) == {(None, "")}


def test_a_part_of_a_failed_batch_is_not_begun_after_its_lease(topic):
    calls = []

    def handle(jobs):
        calls.append(len(jobs))
        if len(calls) == 2:
            Job.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
        raise RuntimeError("poison")

    runner.run(enqueue(topic(handle, kind="outside"), 4))

    assert calls == [4, 2]


def test_a_late_worker_is_fenced_off(topic):
    """Its lease ended while it asked; somebody else holds the job now."""
    settled = []

    def handle(jobs):
        Job.objects.update(lease_token=uuid4())
        return lambda: settled.append(1)

    with pytest.raises(leases.LeaseLost):
        runner._settle(
            handle,
            leases.claim(enqueue(topic(handle, kind="outside"), 1), topics=["test.topic"]),
        )

    assert settled == []
    assert Job.objects.get().done_at is None


def test_a_topic_has_one_handler(topic):
    topic(lambda jobs: None)

    with pytest.raises(ValueError, match="handler already"):
        topic(lambda jobs: None)


def test_back_off_doubles_up_to_half_an_hour():
    assert timedelta(seconds=8) <= leases.backoff(1) <= timedelta(seconds=12)
    assert timedelta(seconds=16) <= leases.backoff(2) <= timedelta(seconds=24)
    assert timedelta(minutes=24) <= leases.backoff(12) <= timedelta(minutes=36)
