from datetime import timedelta
from uuid import uuid4

import pytest
from django.utils import timezone

from outbox import broker, registry, relay, services
from outbox.beat import JobScheduler
from outbox.enums import LANES, Beat
from outbox.models import Heartbeat, Job

pytestmark = pytest.mark.django_db


@pytest.fixture
def sent():
    return []


@pytest.fixture
def publish(sent):
    return lambda ids, lane: sent.append((lane, list(ids)))


def enqueue(topic, count=1):
    services.enqueue_many(topic, [(f"k{n}", {}) for n in range(count)])
    return list(Job.objects.filter(topic=topic).order_by("pk").values_list("pk", flat=True))


def test_due_jobs_are_sent_once_in_batches_of_their_topic(topic, publish, sent):
    name = topic(lambda jobs: None, batch=2)
    ids = enqueue(name, 3)

    assert relay.sweep(publish) == 3
    assert relay.sweep(publish) == 0
    assert sent == [("default", ids[:2]), ("default", ids[2:])]


def test_money_goes_first(topic, publish, sent):
    slow = enqueue(topic(lambda jobs: None, name="slow"))
    money = enqueue(topic(lambda jobs: None, name="quick", lane="money"))

    relay.sweep(publish)

    assert sent == [("money", money), ("default", slow)]


def test_payouts_go_after_money_and_before_the_rest(topic, publish, sent):
    slow = enqueue(topic(lambda jobs: None, name="slow"))
    out = enqueue(topic(lambda jobs: None, name="out", lane="payouts", kind="outside"))
    money = enqueue(topic(lambda jobs: None, name="quick", lane="money"))

    relay.sweep(publish)

    assert sent == [("money", money), ("payouts", out), ("default", slow)]
    assert tuple(broker.app.conf.task_queues) == LANES


def test_payouts_wait_here_and_travel_in_full_batches(topic, publish, sent, monkeypatch):
    """However few come at a time: what is on its way is limited, or each would travel alone."""
    monkeypatch.setitem(relay.IN_FLIGHT, "payouts", 4)
    ids = enqueue(topic(lambda jobs: None, name="out", lane="payouts", kind="outside"), 7)
    Job.objects.filter(pk__in=ids[1:]).update(due_at=timezone.now() + timedelta(hours=1))
    for waiting in (ids[1:2], ids[2:]):
        relay.sweep(publish)
        Job.objects.filter(pk__in=waiting).update(due_at=timezone.now())

    assert relay.sweep(publish) == 2
    assert relay.sweep(publish) == 0
    Job.objects.filter(pk__in=ids[:4]).update(done_at=timezone.now(), outcome="done")
    assert relay.sweep(publish) == 3
    assert [chunk for _, chunk in sent] == [ids[:1], ids[1:2], ids[2:4], ids[4:]]


def test_long_work_goes_before_slow_work_and_may_take_minutes(topic, publish, sent, monkeypatch):
    slow = enqueue(topic(lambda jobs: None, name="slow"))
    long = enqueue(topic(lambda jobs: None, name="long", lane="long", kind="outside"))
    messages = []
    monkeypatch.setattr(
        broker.app, "send_task", lambda name, **options: messages.append((name, options))
    )

    relay.sweep(publish)
    for lane, ids in sent:
        broker.publish(ids, lane)

    assert sent == [("long", long), ("default", slow)]
    assert [options["time_limit"] for _, options in messages] == [900, None]
    assert timedelta(seconds=900) < registry.LONG_LEASE


def test_a_job_that_got_lost_is_sent_again(topic, publish, sent, settings):
    ids = enqueue(topic(lambda jobs: None))
    relay.sweep(publish)
    long_ago = timezone.now() - timedelta(seconds=settings.OUTBOX_RESEND_SECONDS + 1)
    Job.objects.update(sent_at=long_ago)

    relay.sweep(publish)

    assert sent == [("default", ids), ("default", ids)]


@pytest.mark.parametrize(
    ("lane", "part"), [("money", 4), ("payouts", 4), ("long", 1), ("default", 1)]
)
def test_what_got_lost_where_money_waits_is_sent_again_sooner(
    topic, publish, sent, settings, lane, part
):
    settings.OUTBOX_RESEND_SECONDS = 400
    ids = enqueue(topic(lambda jobs: None, lane=lane), 2)
    now = timezone.now()
    for pk, seconds in zip(ids, (400 / part - 60, 400 / part + 60), strict=True):
        Job.objects.filter(pk=pk).update(sent_at=now - timedelta(seconds=seconds))

    assert relay.sweep(publish) == 1

    assert sent == [(lane, ids[1:])]


def test_what_a_worker_has_begun_keeps_nobody_waiting(topic, publish, sent, monkeypatch):
    """A dead worker's jobs are leased for a while; they hold no place on the way."""
    monkeypatch.setitem(relay.IN_FLIGHT, "payouts", 2)
    monkeypatch.setattr(relay, "FEW", 1)
    ids = enqueue(topic(lambda jobs: None, lane="payouts", kind="outside"), 5)
    assert relay.sweep(publish) == 2
    now = timezone.now()
    Job.objects.filter(pk__in=ids[:2]).update(
        lease_until=now + timedelta(minutes=1), lease_token=uuid4()
    )

    assert relay.sweep(publish) == 2
    Job.objects.filter(pk__in=ids[:2]).update(lease_until=now - timedelta(minutes=1))
    assert relay.sweep(publish) == 0

    assert [chunk for _, chunk in sent] == [ids[:2], ids[2:4]]


def test_jobs_that_wait_are_not_sent(topic, publish, sent):
    name = topic(lambda jobs: None)
    services.enqueue(name, key="later", due_at=timezone.now() + timedelta(hours=1))
    enqueue(name)
    Job.objects.filter(key="k0").update(
        lease_until=timezone.now() + timedelta(minutes=1), lease_token=uuid4()
    )

    assert relay.sweep(publish) == 0
    assert sent == []


def test_an_unreachable_broker_delays_nothing_for_long(topic, sent, publish):
    ids = enqueue(topic(lambda jobs: None))

    def refuse(ids, lane):
        raise OSError("no route to broker")

    assert relay.sweep(refuse) == 0
    assert Job.objects.get().sent_at is None
    assert relay.sweep(publish) == 1
    assert sent == [("default", ids)]


def test_slow_work_does_not_pile_up_in_front_of_money(topic, publish, sent, monkeypatch):
    monkeypatch.setitem(relay.IN_FLIGHT, "default", 2)
    monkeypatch.setattr(relay, "FEW", 1)
    enqueue(topic(lambda jobs: None), 5)

    assert relay.sweep(publish) == 2
    assert relay.sweep(publish) == 0


def test_a_job_that_kills_its_worker_travels_in_smaller_company(topic, publish, sent):
    name = topic(lambda jobs: None, batch=8)
    ids = enqueue(name, 4)
    Job.objects.filter(pk__in=ids[:2]).update(attempts=2)

    relay.sweep(publish)

    assert sorted(sent) == sorted(
        [("default", [ids[0]]), ("default", [ids[1]]), ("default", ids[2:])]
    )


def test_a_job_lost_in_its_last_attempt_is_buried(topic, publish, sent):
    enqueue(topic(lambda jobs: None))
    past = timezone.now() - timedelta(seconds=1)
    Job.objects.update(attempts=8, lease_until=past, lease_token=uuid4())

    relay.beat(lambda: None)

    assert relay.sweep(publish) == 0
    job = Job.objects.get()
    assert job.dead_at is not None
    assert job.last_error == "The worker was lost during the last attempt."


def test_beat_writes_relay_and_broker():
    relay.beat(lambda: None)

    assert set(Heartbeat.objects.values_list("name", flat=True)) == {Beat.RELAY, Beat.BROKER}


def test_beat_leaves_the_broker_out_while_it_is_unreachable():
    def refuse():
        raise OSError("gone")

    relay.beat(refuse)

    assert set(Heartbeat.objects.values_list("name", flat=True)) == {Beat.RELAY}


def test_oldest_due_seconds(topic):
    assert relay.oldest_due_seconds() == 0.0
    enqueue(topic(lambda jobs: None))
    Job.objects.update(due_at=timezone.now() - timedelta(seconds=90))

    assert 89 < relay.oldest_due_seconds() < 95


def test_the_scheduler_asks_once_a_period():
    class Entry:
        name, task = "nightly", "housekeeping.jobs"

        class schedule:  # noqa: N801
            run_every = timedelta(days=3650)

    scheduler = JobScheduler.__new__(JobScheduler)
    scheduler.apply_async(Entry)
    scheduler.apply_async(Entry)

    assert Job.objects.filter(topic="housekeeping.jobs").count() == 1
    assert Heartbeat.objects.filter(name=Beat.SCHEDULER).exists()
