"""Large books: batches, the proof and the reads, at their size and at 1,000 entries."""

import json
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from benchmarks import books
from benchmarks.money.figures import MICRO
from benchmarks.money.place import work_in
from wallets import integrity, selectors
from wallets.enums import VerificationMode
from wallets.services.verification import verification_keep

PAGE = 50
DEEP = 10_000
READS = 200
BENCH_USER = 1
"""Whose account peer.ours() writes to."""
NEWS = 300
"""Settlements between two incremental proofs: one a second."""
EARLY = 300_000
NEARBY = 60
BALANCE = "SELECT posted - held, lifetime FROM wallets_balance WHERE account_id = %s AND shard = 0"
OLD_HAND = """
SELECT count(*) FROM generate_series(1, %(batches)s) b
CROSS JOIN LATERAL wallets_settle_batch(
  array(SELECT 'hand:' || b || ':' || n FROM generate_series(1, %(size)s) n), 'bench',
  array(SELECT b * %(size)s + n FROM generate_series(1, %(size)s) n),
  array_fill((SELECT id FROM wallets_account WHERE kind = 'outside'), array[%(size)s]),
  array_fill(%(account)s::bigint, array[%(size)s]),
  array_fill((SELECT id FROM wallets_account WHERE kind = 'fees'), array[%(size)s]),
  array_fill(10000::bigint, array[%(size)s]), array_fill(9500::bigint, array[%(size)s]),
  array_fill(500::bigint, array[%(size)s]), array_fill(9500::bigint, array[%(size)s]))
"""


@dataclass(frozen=True, slots=True)
class Read:
    """One kind of read: the median in the database and through the ORM, in milliseconds."""

    sql: float
    orm: float


@dataclass(slots=True)
class Books:
    """What was measured at one size."""

    entries: int
    reads: dict[str, Read] = field(default_factory=dict)
    pages: int = 0
    early_us: float = 0.0
    late_us: float = 0.0
    full: float = 0.0
    incremental: float = 0.0
    differences: int = 0


@dataclass(frozen=True, slots=True)
class Plain:
    """Reads in milliseconds on the books that are there."""

    balance: float
    page: float


def at_any_size() -> Plain:
    """The balance row and the first page of an account, as Python gets them."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id FROM wallets_account WHERE owner = %s AND kind = 'available'",
            [f"user:{BENCH_USER}"],
        )
        account_id = cursor.fetchone()[0]

        def balance() -> object:
            cursor.execute(BALANCE, [account_id])
            return cursor.fetchone()

        found = _median_ms(balance, READS)
    return Plain(found, _median_ms(_page(BENCH_USER, None), READS))


def small(entries: int = 1_000) -> Books:
    """The reads on books of 1,000 entries."""
    work_in("books_small")
    count = books.fill(entries)
    _old_hand(4 * PAGE)
    return Books(count, reads=_reads(books.BASE + 1, deepest=None))


def large(entries: int) -> Books:
    """Fill, prove, and read; the statement is that of somebody with a long history."""
    work_in("books_large")
    seconds: list[float] = []
    found = Books(books.fill(entries, seconds=seconds))
    found.early_us, found.late_us = _batches(seconds)
    _prove(found)
    account = _old_hand(min(PAGE * DEEP, entries // 6))
    found.pages = min(DEEP, account.lines // PAGE)
    found.reads = _reads(books.BASE + 1, deepest=account.deepest(found.pages))
    return found


def _batches(seconds: list[float]) -> tuple[float, float]:
    """Microseconds of a settlement when the books had 0.3 M entries, and at their end."""
    at = min(len(seconds), EARLY // (books.LEGS * books.BATCH))
    early = statistics.median(seconds[max(0, at - NEARBY) : at])
    late = statistics.median(seconds[-NEARBY:])
    return early * MICRO / books.BATCH, late * MICRO / books.BATCH


def news_of(entries: int) -> int:
    """Settlements between the full proof and the incremental one, fewer beside small books."""
    return min(NEWS, max(10, entries // 1_000))


def _prove(found: Books) -> None:
    began, at = time.perf_counter(), timezone.now()
    proof = integrity.prove()
    found.full = time.perf_counter() - began
    found.differences = len(proof.differences)
    verification_keep(mode=VerificationMode.FULL, proof=proof, started_at=at, at=timezone.now())
    books.settle_more(news_of(found.entries))
    began = time.perf_counter()
    proof = integrity.prove_recent()
    found.incremental = time.perf_counter() - began
    found.differences += len(proof.differences)


@dataclass(frozen=True, slots=True)
class OldHand:
    """An account with a long history."""

    account_id: int
    lines: int

    def deepest(self, pages: int) -> int | None:
        """Where the last of so many pages begins, newest first."""
        if pages < 2:
            return None
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT journal_id FROM wallets_entry WHERE account_id = %s AND shard = 0"
                " AND seq = (SELECT seq FROM wallets_balance WHERE account_id = %s) - %s",
                [self.account_id, self.account_id, PAGE * (pages - 1) - 1],
            )
            place: int = cursor.fetchone()[0]
            return place


def _old_hand(lines: int) -> OldHand:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id FROM wallets_account WHERE owner = %s AND kind = 'available'",
            [f"user:{books.BASE + 1}"],
        )
        account_id: int = cursor.fetchone()[0]
        size = min(books.BATCH, lines)
        batches = {"batches": lines // size, "size": size, "account": account_id}
        cursor.execute(OLD_HAND, batches)
        cursor.execute("VACUUM ANALYZE")
    return OldHand(account_id, lines // size * size)


def _page(user_id: int, before: int | None) -> Callable[[], object]:
    return lambda: selectors.statement_page(
        user_id=user_id, currency="USD", before=before, limit=PAGE
    )


def _reads(user_id: int, *, deepest: int | None) -> dict[str, Read]:
    calls: dict[str, Callable[[], object]] = {
        "balance and lifetime earnings": lambda: selectors.wallet_balances(user_id),
        "statement, first page": _page(user_id, None),
        "statement, deep page": _page(user_id, deepest),
    }
    return {name: _timed(call) for name, call in calls.items()}


def _timed(call: Callable[[], object]) -> Read:
    return Read(_in_sql(call), _median_ms(call, READS))


def _median_ms(call: Callable[[], object], times: int) -> float:
    seconds = []
    for _ in range(times):
        began = time.perf_counter()
        call()
        seconds.append(time.perf_counter() - began)
    return 1000 * statistics.median(seconds)


def _in_sql(call: Callable[[], object]) -> float:
    """The median time to plan and run the call's statements, as the server says."""
    with CaptureQueriesContext(connection) as captured:
        call()
    statements = [query["sql"] for query in captured.captured_queries]
    return statistics.median(sum(map(_explained, statements)) for _ in range(READS // 4))


def _explained(statement: str) -> float:
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) {statement}")
        found = cursor.fetchone()[0]
    [plan] = json.loads(found) if isinstance(found, str) else found
    times: float = plan["Planning Time"] + plan["Execution Time"]
    return times
