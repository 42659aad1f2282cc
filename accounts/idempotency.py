"""The first answer to a request, kept under its sender's key in the transaction that it protects.

One transaction: `claim`, the effect, `answer`. A refusal rolls the key back with everything else,
so only 2xx answers stay. Where a provider is asked in between there are two: the first commits the
key as started with `reference` = the payment's public id, the second stores the answer; whoever
comes back to a started key finds out from the payment how it ended.
"""

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.db import OperationalError, connection
from psycopg.errors import LockNotAvailable

from accounts.enums import KeyState
from accounts.exceptions import KeyInFlight, KeyReused
from accounts.models import IdempotencyKey, User

KEEP: Final = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Asked:
    """A request that came with a key: whose, which, and the digest of what it says."""

    user: User
    key: str
    digest: str


@dataclass(frozen=True, slots=True)
class Claimed:
    """The key is new: this request does the work."""

    row_id: int


@dataclass(frozen=True, slots=True)
class Started:
    """An earlier request committed the first of its two steps, and gave no answer yet."""

    row_id: int
    reference: str


@dataclass(frozen=True, slots=True)
class Answered:
    """The answer that the first request got."""

    status: int
    body: str


def digest_of(*, method: str, route: str, body: bytes) -> str:
    """What makes two requests the same: method, route and canonical body."""
    head = f"{method} {route}\n".encode()
    return hashlib.sha256(head + body).hexdigest()


def claim(asked: Asked, *, at: datetime) -> Claimed | Started | Answered:
    """Take the key in the caller's transaction, or learn what became of its first request.

    A twin whose transaction is open makes this wait for the lock timeout: then KeyInFlight.
    KeyReused when the key came with another request before.
    """
    try:
        with connection.cursor() as cursor:
            cursor.execute(
                "INSERT INTO accounts_idempotencykey"
                " (user_id, key, digest, state, reference, status, body, created_at)"
                " VALUES (%s, %s, %s, %s, '', NULL, '', %s)"
                " ON CONFLICT (user_id, key) DO NOTHING RETURNING id",
                [asked.user.pk, asked.key, asked.digest, KeyState.STARTED, at],
            )
            inserted = cursor.fetchone()
    except OperationalError as error:
        if isinstance(error.__cause__, LockNotAvailable):
            raise KeyInFlight from error
        raise
    return Claimed(inserted[0]) if inserted else _first_of(asked)


def _first_of(asked: Asked) -> Started | Answered:
    row = IdempotencyKey.objects.filter(user=asked.user, key=asked.key).first()
    if row is None:
        raise KeyInFlight
    if row.digest != asked.digest:
        raise KeyReused
    if row.status is None:
        return Started(row.pk, row.reference)
    return Answered(row.status, row.body)


def refer(claimed: Claimed, *, reference: str) -> None:
    """Note what a started request waits for, in the transaction that starts it."""
    IdempotencyKey.objects.filter(pk=claimed.row_id).update(reference=reference)


def answer(claimed: Claimed | Started, *, status: int, body: str) -> None:
    """Keep the answer; the first one stands."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE accounts_idempotencykey SET state = %s, status = %s, body = %s"
            " WHERE id = %s AND state = %s",
            [KeyState.ANSWERED, status, body, claimed.row_id, KeyState.STARTED],
        )


def expire_keys(*, at: datetime) -> int:
    """Delete the keys of more than seven days ago; how many there were."""
    deleted, _ = IdempotencyKey.objects.filter(created_at__lt=at - KEEP).delete()
    return deleted
