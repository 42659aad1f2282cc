"""The checks of `verify_money`: each is one SQL query in sql/checks that finds nothing."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from django.db import connection, transaction

FOLDER = Path(__file__).parent / "sql" / "checks"
SHOWN = 20


@dataclass(frozen=True, slots=True)
class Check:
    """A promise about the books, and the query that lists what breaks it."""

    name: str
    promise: str
    sql: str


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that breaks a promise."""

    check: str
    subject: str
    detail: str


def checks() -> list[Check]:
    """All checks, by name."""
    return [_load(path) for path in sorted(FOLDER.glob("*.sql"))]


def differences() -> list[Difference]:
    """What breaks a promise, up to SHOWN of each check, all seen in one snapshot.

    An empty list means that the books are in order.
    """
    found: list[Difference] = []
    with _snapshot(), connection.cursor() as cursor:
        for check in checks():
            cursor.execute(f"{check.sql}\nlimit {SHOWN}")
            found += [
                Difference(check=check.name, subject=subject, detail=detail)
                for subject, detail in cursor.fetchall()
            ]
    return found


def _load(path: Path) -> Check:
    text = path.read_text(encoding="utf-8")
    lines = text.splitlines()
    promise = [line.removeprefix("--").strip() for line in lines if line.startswith("--")]
    return Check(name=path.stem, promise=" ".join(promise), sql=text)


@contextmanager
def _snapshot() -> Iterator[None]:
    """One moment for all checks; money may go on moving meanwhile."""
    is_outermost = not connection.in_atomic_block
    with transaction.atomic(), connection.cursor() as cursor:
        if is_outermost:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        cursor.execute("SET LOCAL statement_timeout = 0")
        yield
