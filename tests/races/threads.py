"""Twenty threads with connections of their own, and the same without the locks."""

import re
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Barrier
from typing import Any

import pytest
from django.core.exceptions import ObjectDoesNotExist
from django.db import DatabaseError, OperationalError, connection, connections

from common.exceptions import DomainError
from common.models import LockableQuerySet

TIMES = 20
LOCKING = """
    SELECT pg_get_functiondef(oid) FROM pg_proc
    WHERE pronamespace = 'public'::regnamespace AND proname NOT LIKE 'wallets%'
    AND prosrc ~* 'for no key update'
"""
"""Functions that lock rows; those of the ledger keep their locks, which are its own promise."""
PATIENT = "SET lock_timeout = '60s'; SET statement_timeout = '90s'"
"""Who comes twentieth waits for nineteen others; a slow machine is not what these tests are about."""


@dataclass(frozen=True)
class Outcome:
    """What one call returned or was refused with."""

    value: Any = None
    error: Exception | None = None

    @property
    def name(self) -> str:
        return "done" if self.error is None else type(self.error).__name__

    @property
    def was_stopped_by_the_database(self) -> bool:
        """Whether it took a constraint or trigger to stop this call, and not a lock and a look."""
        return any(
            isinstance(error, DatabaseError) and not isinstance(error, OperationalError)
            for error in (self.error, getattr(self.error, "__cause__", None))
        )


def at_once(*calls: Callable[[], Any]) -> list[Outcome]:
    """What becomes of calls that start together, each on a connection of its own."""
    barrier = Barrier(len(calls))

    def run(call: Callable[[], Any]) -> Outcome:
        try:
            with connection.cursor() as cursor:
                cursor.execute(PATIENT)
            barrier.wait()
            return Outcome(value=call())
        except (DomainError, DatabaseError, ObjectDoesNotExist) as error:
            return Outcome(error=error)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(run, calls))


def tally(outcomes: list[Outcome]) -> Counter[str]:
    return Counter(outcome.name for outcome in outcomes)


def values(outcomes: list[Outcome]) -> list[Any]:
    return [outcome.value for outcome in outcomes if outcome.error is None]


@contextmanager
def without_locks():
    """`.locked()` and the functions of the database that lock keep their order and take no lock."""
    with pytest.MonkeyPatch.context() as patch, _functions_without_locks():
        patch.setattr(LockableQuerySet, "locked", lambda rows: rows.order_by("pk"))
        yield


@contextmanager
def _functions_without_locks() -> Iterator[None]:
    with connection.cursor() as cursor:
        cursor.execute(LOCKING)
        definitions = [definition for (definition,) in cursor.fetchall()]
        try:
            for definition in definitions:
                cursor.execute(re.sub(r"(?i)\s+for no key update\b", "", definition))
            yield
        finally:
            for definition in definitions:
                cursor.execute(definition)


def race_seen(attempt: Callable[[], bool], *, rounds: int = 10) -> bool:
    """Whether one of some rounds without locks shows the race."""
    with without_locks():
        return any(attempt() for _ in range(rounds))
