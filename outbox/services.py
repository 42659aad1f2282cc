"""Writing job rows, and what staff may do to jobs that are stuck."""

import json
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import Any, NamedTuple

from django.db import connection, transaction
from django.db.models.functions import Now

from common import context
from common.database import fetch_rows
from common.exceptions import DomainError
from common.failpoints import failpoint
from outbox import registry
from outbox.enums import URGENT, Beat, Outcome
from outbox.models import Heartbeat, Job

CHANNEL = "outbox"
Payload = Mapping[str, Any]
# One statement for all rows: the ORM's bulk_create costs ten times as much.
INSERT = """
INSERT INTO outbox_job (
  uuid, topic, request_id, due_at, key, payload, created_at,
  attempts, last_error, outcome, outcome_note
)
SELECT gen_random_uuid(), topic, %s, coalesce(due_at, statement_timestamp()), key, payload,
       statement_timestamp(), 0, '', '', ''
FROM jsonb_to_recordset(%s::jsonb) AS entry (
  topic text, key text, payload jsonb, due_at timestamptz
)
ON CONFLICT (topic, key) DO NOTHING
"""


class Entry(NamedTuple):
    """One job to ask for; due at once without a `due_at`."""

    topic: str
    key: str
    payload: Payload
    due_at: datetime | None = None


class JobNotStuck(DomainError):
    """Only a job that was given up can be retried or resolved by hand."""

    code = "job_not_stuck"
    default_message = "This job is not stuck."


def enqueue(
    topic: str, *, key: str, payload: Payload | None = None, due_at: datetime | None = None
) -> None:
    """Ask for one piece of work in the caller's transaction; nothing when the key exists."""
    enqueue_many(topic, [(key, payload or {})], due_at=due_at)


def enqueue_many(
    topic: str, entries: Iterable[tuple[str, Payload]], *, due_at: datetime | None = None
) -> None:
    """`enqueue` for many keys of one topic, in one statement."""
    enqueue_all([Entry(topic, key, payload, due_at) for key, payload in entries])


def enqueue_all(entries: Iterable[Entry]) -> None:
    """`enqueue` for keys of any topics, in one statement."""
    entries = list(entries)
    rows = [
        {**entry._asdict(), "due_at": entry.due_at and entry.due_at.isoformat()}
        for entry in entries
    ]
    if not rows:
        return
    fetch_rows(INSERT, [context.request_id.get(), json.dumps(rows)])
    nudge_for({entry.topic for entry in entries if entry.due_at is None})


def nudge_for(topics: Collection[str]) -> None:
    """Wake the relays after the commit, for jobs of these topics that a function wrote.

    Only for those of lanes that do not wait for the next round.
    """
    routes = [registry.route_of(topic) for topic in topics]
    if any(route is None or route.lane in URGENT for route in routes) and not _will_nudge():
        transaction.on_commit(_nudge, robust=True)


def _will_nudge() -> bool:
    return any(hook[1] is _nudge for hook in connection.run_on_commit)


def _nudge() -> None:
    """Wake the relays. Lost when the connection dies here: their sweep finds the row anyway."""
    failpoint("outbox.nudge")
    with connection.cursor() as cursor:
        cursor.execute(f"NOTIFY {CHANNEL}")


def heartbeat(name: Beat) -> None:
    """Write that `name` works, by the database's clock."""
    Heartbeat.objects.bulk_create(
        [Heartbeat(name=name, at=Now())],
        update_conflicts=True,
        unique_fields=["name"],
        update_fields=["at"],
    )


@transaction.atomic
def job_retry(*, job_id: int) -> Job:
    """Give a dead job eight new attempts under its old key. JobNotStuck when it is not dead."""
    job = _stuck(job_id)
    job.dead_at = job.lease_until = job.lease_token = job.sent_at = None
    job.attempts = 0
    job.due_at = Now()
    job.save(
        update_fields=["dead_at", "lease_until", "lease_token", "sent_at", "attempts", "due_at"]
    )
    transaction.on_commit(_nudge, robust=True)
    return job


@transaction.atomic
def job_resolve(*, job_id: int, note: str) -> Job:
    """Close a dead job by hand, with the reason. JobNotStuck when it is not dead."""
    job = _stuck(job_id)
    job.done_at = Now()
    job.outcome, job.outcome_note = Outcome.RESOLVED, note
    job.save(update_fields=["done_at", "outcome", "outcome_note"])
    return job


def _stuck(job_id: int) -> Job:
    job = Job.objects.locked().get(pk=job_id)
    if job.dead_at is None or job.done_at is not None:
        raise JobNotStuck
    return job
