from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.utils import timezone

from common import context
from outbox import services
from outbox.enums import Beat, Outcome
from outbox.models import Heartbeat, Job

pytestmark = pytest.mark.django_db


def test_enqueue_writes_one_row_per_key():
    services.enqueue("a.topic", key="k1", payload={"n": 1})
    services.enqueue("a.topic", key="k1", payload={"n": 2})
    services.enqueue("b.topic", key="k1")

    assert list(Job.objects.order_by("pk").values_list("topic", "key", "payload")) == [
        ("a.topic", "k1", {"n": 1}),
        ("b.topic", "k1", {}),
    ]


def test_enqueue_keeps_the_request_id():
    token = context.request_id.set("req-7")
    try:
        services.enqueue("a.topic", key="k1")
    finally:
        context.request_id.reset(token)

    assert Job.objects.get().request_id == "req-7"


def test_enqueue_for_later_is_not_due_yet():
    due = timezone.now() + timedelta(days=2)

    services.enqueue("a.topic", key="k1", due_at=due)

    assert Job.objects.get().due_at == due


def test_enqueue_many_in_one_statement(django_assert_num_queries):
    with django_assert_num_queries(1):
        services.enqueue_many("a.topic", [(f"k{n}", {"n": n}) for n in range(100)])

    assert Job.objects.count() == 100


def test_a_transaction_nudges_the_relay_once(django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks() as callbacks:
        services.enqueue("a.topic", key="k1")
        services.enqueue("a.topic", key="k2")

    assert len(callbacks) == 1


def test_a_rolled_back_transaction_leaves_no_job():
    class Stop(Exception):
        pass

    with pytest.raises(Stop), transaction.atomic():  # noqa: PT012 - the refusal comes after the write
        services.enqueue("a.topic", key="k1")
        raise Stop

    assert not Job.objects.exists()


def test_heartbeat_moves_one_row():
    services.heartbeat(Beat.RELAY)
    first = Heartbeat.objects.get().at
    services.heartbeat(Beat.RELAY)

    assert Heartbeat.objects.count() == 1
    assert Heartbeat.objects.get().at >= first


def _dead_job() -> Job:
    now = timezone.now()
    return Job.objects.create(
        topic="a.topic", key="k1", created_at=now, due_at=now, attempts=8, dead_at=now
    )


def test_retry_gives_a_dead_job_new_attempts_under_its_key():
    job = _dead_job()

    services.job_retry(job_id=job.pk)

    job.refresh_from_db()
    assert (job.key, job.attempts, job.dead_at, job.sent_at) == ("k1", 0, None, None)


def test_resolve_closes_a_dead_job_with_the_reason():
    job = _dead_job()

    services.job_resolve(job_id=job.pk, note="Paid by hand, reference 17.")

    job.refresh_from_db()
    assert job.done_at is not None
    assert (job.outcome, job.outcome_note) == (Outcome.RESOLVED, "Paid by hand, reference 17.")


@pytest.mark.parametrize("act", [services.job_retry, services.job_resolve])
def test_only_dead_jobs_can_be_retried_or_resolved(act):
    services.enqueue("a.topic", key="k1")
    job = Job.objects.get()
    arguments = {"note": "x"} if act is services.job_resolve else {}

    with pytest.raises(services.JobNotStuck) as refusal:
        act(job_id=job.pk, **arguments)

    assert refusal.value.code == "job_not_stuck"
    job.refresh_from_db()
    assert job.done_at is None


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("outbox_job_outcome_iff_done", {"outcome": "done"}),
        ("outbox_job_lease_has_token", {"lease_until": timezone.now()}),
    ],
)
def test_the_database_refuses_half_states(name, change):
    services.enqueue("a.topic", key="k1")

    with pytest.raises(Exception, match=name), transaction.atomic():
        Job.objects.update(**change)

    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM outbox_job WHERE done_at IS NULL")
        assert cursor.fetchone() == (1,)


def test_the_database_refuses_a_second_job_of_a_key():
    services.enqueue("a.topic", key="k1")
    now = timezone.now()

    with (
        pytest.raises(Exception, match="outbox_job_key_unique_in_topic"),
        transaction.atomic(),
    ):
        Job.objects.create(topic="a.topic", key="k1", created_at=now, due_at=now)


def test_the_database_refuses_an_unknown_heartbeat():
    with pytest.raises(Exception, match="outbox_heartbeat_name_valid"), transaction.atomic():
        Heartbeat.objects.create(name="ghost", at=timezone.now())
