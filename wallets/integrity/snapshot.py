"""Many queries at one moment of the books, on as many connections as there are workers."""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from typing import Any

from django.db import connection, transaction

Row = tuple[Any, ...]
READ_ONLY = "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY"
SETTINGS = (
    "SET LOCAL statement_timeout = 0",
    "SET LOCAL idle_in_transaction_session_timeout = 0",
    "SET LOCAL jit = off",
    "SET LOCAL work_mem = '128MB'",
    "SET LOCAL max_parallel_workers_per_gather = 0",
    # Whole tables are read, as many at once as there are connections: that the server's I/O workers
    # read ahead makes a scan a quarter dearer.
    "SET LOCAL effective_io_concurrency = 0",
)


@dataclass(frozen=True, slots=True)
class Query:
    """One statement and its arguments."""

    sql: str
    arguments: tuple[int | str, ...] = ()


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One moment, seen by this connection and by any other that knows its name."""

    name: str | None

    def rows(self, query: Query) -> list[Row]:
        """What the query finds, on this thread's connection."""
        with connection.cursor() as cursor:
            cursor.execute(query.sql, query.arguments or None)
            found: list[Row] = cursor.fetchall()
        return found

    def all_rows(self, queries: Sequence[Query], *, workers: int) -> list[list[Row]]:
        """What each query finds, in their order; on several connections, first come first served.

        Within somebody's open transaction there is one connection only: no other one sees it.
        """
        if self.name is None or workers < 2:
            return [self.rows(query) for query in queries]
        found: list[list[Row]] = [[] for _ in queries]
        waiting: SimpleQueue[int] = SimpleQueue()
        for number in range(len(queries)):
            waiting.put(number)

        def work() -> None:
            try:
                with transaction.atomic():
                    self._join()
                    for number in _drain(waiting):
                        found[number] = self.rows(queries[number])
            finally:
                connection.close()

        with ThreadPoolExecutor(max_workers=workers) as pool:
            for future in [pool.submit(work) for _ in range(workers)]:
                future.result()
        return found

    def _join(self) -> None:
        with connection.cursor() as cursor:
            cursor.execute(READ_ONLY)
            cursor.execute("SET TRANSACTION SNAPSHOT %s", [self.name])
            for setting in SETTINGS:
                cursor.execute(setting)


def _drain(waiting: SimpleQueue[int]) -> Iterator[int]:
    while True:
        try:
            yield waiting.get_nowait()
        except Empty:
            return


@contextmanager
def snapshot() -> Iterator[Snapshot]:
    """One moment for all queries within; money may go on moving meanwhile."""
    is_outermost = not connection.in_atomic_block
    with transaction.atomic(), connection.cursor() as cursor:
        name = None
        if is_outermost:
            cursor.execute(READ_ONLY)
            cursor.execute("SELECT pg_export_snapshot()")
            name = cursor.fetchone()[0]
        for setting in SETTINGS:
            cursor.execute(setting)
        yield Snapshot(name)
