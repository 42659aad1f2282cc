"""The audit log: one row in the transaction of each state change and movement of money."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from accounts.models import User
from common import context
from common.database import fetch_rows
from common.models import PublicIdModel

# One statement for all rows: the ORM's bulk_create costs ten times as much.
INSERT = """
INSERT INTO accounts_auditevent (
  at, actor, actor_name, request_id, remote_address,
  event, target, target_label, before, after, journal_key
)
SELECT %s, %s, %s, %s, %s::inet, event, target, target_label, before, after, journal_key
FROM jsonb_to_recordset(%s::jsonb) AS entry (
  event text, target text, target_label text, before jsonb, after jsonb, journal_key text
)
"""
Values = Mapping[str, str | int | bool | None]


@dataclass(frozen=True, slots=True)
class Subject:
    """An object by identifier and label, for batches that do not load it."""

    public_id: str
    label: str

    def __str__(self) -> str:
        return self.label


@dataclass(frozen=True, slots=True)
class Record:
    """What is to be written about one object. `by` is None when the system acted."""

    event: str
    target: PublicIdModel | Subject
    before: Values = field(default_factory=dict)
    after: Values = field(default_factory=dict)
    journal_key: str | None = None


def record(entry: Record, *, by: User | None, at: datetime) -> None:
    """Write one audit row in the caller's transaction."""
    record_many([entry], by=by, at=at)


def record_many(entries: Iterable[Record], *, by: User | None, at: datetime) -> None:
    """Write audit rows in the caller's transaction, in one statement."""
    rows = [
        {
            "event": entry.event,
            "target": entry.target.public_id,
            "target_label": str(entry.target)[:200],
            "before": dict(entry.before),
            "after": dict(entry.after),
            "journal_key": entry.journal_key,
        }
        for entry in entries
    ]
    if not rows:
        return
    who = [by.public_id, by.name] if by else ["", "system"]
    where = [context.request_id.get(), context.remote_address.get() or None]
    fetch_rows(INSERT, [at, *who, *where, json.dumps(rows)])
