"""The relay's loop, the worker's task, the broker and beat, each on its own."""

import signal
import time

import psycopg
import pytest
from celery import Celery
from celery.fixups.django import DjangoWorkerFixup
from django.db import OperationalError, connection
from django.utils import timezone

from outbox import broker, relay, services, tasks
from outbox.beat import JobScheduler
from outbox.enums import LANES, Beat
from outbox.management.commands import relay as command
from outbox.models import Heartbeat, Job


@pytest.fixture
def no_broker(monkeypatch):
    """The application of an address at which nobody listens."""
    app = Celery(broker="redis://127.0.0.1:1/0")
    app.conf.broker_transport_options = {"max_retries": 0}
    monkeypatch.setattr(broker, "app", app)


@pytest.fixture
def serving(monkeypatch):
    """A relay whose sweeps do what the test says, one after the other, and which then stops."""
    handlers = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    relay_process = command.Command()

    def serve(*steps):
        todo = list(steps)

        def sweep(publish, lanes=LANES):
            if todo:
                todo.pop(0)()
            if not todo:
                relay_process.stopping = True
                monkeypatch.setattr(command, "PAUSE", 0.0)

        monkeypatch.setattr(relay, "sweep", sweep)
        monkeypatch.setattr(broker, "ping", lambda: None)
        relay_process.handle()

    serve.process = relay_process
    yield serve
    for number, handler in handlers.items():
        signal.signal(number, handler)


@pytest.mark.django_db(transaction=True)
def test_the_relay_sweeps_as_soon_as_it_is_nudged(serving, monkeypatch):
    monkeypatch.setattr(command, "PAUSE", 30.0)
    begun = time.monotonic()

    serving(lambda: services.enqueue("a.topic", key="k"), lambda: None)

    assert time.monotonic() - begun < 10
    assert set(Heartbeat.objects.values_list("name", flat=True)) == {Beat.RELAY, Beat.BROKER}


@pytest.mark.django_db(transaction=True)
def test_the_relay_sweeps_without_a_nudge_too(serving, monkeypatch):
    monkeypatch.setattr(command, "PAUSE", 0.05)
    swept = []

    serving(*[lambda: swept.append(1)] * 3)

    assert swept == [1, 1, 1]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_the_relay_stops_when_it_is_told(serving, monkeypatch, number):
    monkeypatch.setattr(command, "PAUSE", 0.05)
    swept = []

    serving(lambda: signal.raise_signal(number), lambda: swept.append(1))

    assert serving.process.stopping
    assert swept == []


@pytest.mark.django_db(transaction=True)
def test_the_relay_comes_back_when_the_database_does(serving, monkeypatch, caplog):
    monkeypatch.setattr(command, "PAUSE", 0.05)
    swept = []

    def fail():
        raise OperationalError("the server closed the connection")

    serving(fail, lambda: swept.append(1))

    assert swept == [1]
    assert [record.message for record in caplog.records] == ["database unreachable"]


@pytest.mark.django_db
def test_the_task_does_the_jobs_and_shows_that_the_worker_lives(topic, monkeypatch):
    monkeypatch.setattr(tasks, "_beaten_at", -tasks.BEAT_EVERY)
    services.enqueue(topic(lambda jobs: None), key="k")
    [job] = Job.objects.all()

    tasks.run([job.pk])

    job.refresh_from_db()
    assert job.done_at is not None
    assert Heartbeat.objects.filter(name=Beat.WORKER).count() == 1


@pytest.mark.django_db
def test_the_worker_shows_that_it_lives_once_in_a_while(monkeypatch):
    monkeypatch.setattr(tasks, "_beaten_at", -tasks.BEAT_EVERY)
    tasks.run([])
    Heartbeat.objects.all().delete()

    tasks.run([])

    assert not Heartbeat.objects.exists()


@pytest.fixture
def backends(topic, monkeypatch):
    """What one task after the other ran on, each between what Celery does before and after one."""
    monkeypatch.setitem(connection.settings_dict, "CONN_MAX_AGE", None)
    connection.close()
    seen = []
    name = topic(lambda jobs: seen.append(connection.connection.info.backend_pid))
    celery = DjangoWorkerFixup(broker.app)

    services.enqueue_many(name, [(key, {}) for key in "ab"])
    waiting = list(Job.objects.order_by("pk").values_list("pk", flat=True))

    def one_more():
        celery.close_database()
        tasks.run([waiting.pop(0)])
        celery.close_database()
        return seen

    yield one_more
    connection.close()


@pytest.mark.django_db(transaction=True)
def test_the_worker_keeps_its_connection_from_task_to_task(backends):
    backends()

    first, second = backends()

    assert second == first


@pytest.mark.django_db(transaction=True)
def test_a_connection_that_was_lost_between_two_tasks_costs_no_attempt(backends):
    [first] = backends()
    with psycopg.connect(**own_address(), autocommit=True) as other:
        other.execute("SELECT pg_terminate_backend(%s, 30000)", [first])

    _, second = backends()

    assert second != first
    assert set(Job.objects.values_list("attempts", "outcome")) == {(1, "done")}


def own_address():
    parts = connection.get_connection_params()
    return {
        name: parts[name]
        for name in ("host", "port", "user", "password", "dbname")
        if parts.get(name)
    }


def test_the_broker_answers():
    broker.ping()


def test_a_message_travels_in_its_lane():
    with broker.app.connection_for_write() as connection:
        queues = {lane: connection.SimpleQueue(lane) for lane in ("money", "default")}
        for queue in queues.values():
            queue.clear()

        broker.publish([3, 1, 2], "money")

        message = queues["money"].get(timeout=5)
        message.ack()
        assert message.headers["task"] == "outbox.run"
        assert message.payload[0] == [[3, 1, 2]]
        assert connection.default_channel.client.llen("default") == 0
        for queue in queues.values():
            queue.close()


@pytest.mark.parametrize("call", [broker.ping, lambda: broker.publish([1], "money")])
def test_a_broker_that_is_away_is_an_os_error(no_broker, call):
    with pytest.raises(OSError, match=r"(?i)refused"):
        call()


@pytest.mark.django_db(transaction=True)
def test_beat_writes_a_row_for_what_is_due(settings):
    scheduler = JobScheduler(app=broker.app, lazy=True)
    scheduler.merge_inplace(settings.CELERY_BEAT_SCHEDULE)
    for entry in scheduler.schedule.values():
        entry.last_run_at = timezone.now() - entry.schedule.run_every

    while scheduler.tick() == 0:
        pass

    assert set(Job.objects.values_list("topic", flat=True)) == {
        entry["task"] for entry in settings.CELERY_BEAT_SCHEDULE.values()
    }
    assert Heartbeat.objects.filter(name=Beat.SCHEDULER).exists()
