"""Two operations on two connections, let on piece by piece in an order that is written down.

An operation stops before statements that lock or write and before commits. A schedule is a word
such as ABBA: whose turn it is to go on to its next stop. One that waits for a lock of the other is
seen in pg_blocking_pids; its turns pass until it is free. Nothing here depends on time.
"""

import re
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from itertools import combinations
from math import comb
from typing import Any

from django.db import connection, connections

from tests.races.threads import Outcome

Operation = Callable[[], Any]
STOPS = re.compile(
    r"^\s*(INSERT|UPDATE|DELETE)|FOR NO KEY UPDATE|wallets_(post|reserve|settle|pay_out|open)"
)
COMMIT = "COMMIT"
ALL_UP_TO = 252
"""Orders of a pair that are all played: five turns each."""
PATIENCE = 60.0
"""Seconds after which a schedule that does not move is a failure of this test."""
BLOCKED = "SELECT cardinality(pg_blocking_pids(%s)) > 0"


def words(a: int, b: int) -> list[str]:
    """Orders of so many turns of A and of B: all, or all with two interruptions if these are many."""
    if comb(a + b, a) <= ALL_UP_TO:
        places = range(a + b)
        return [
            "".join("A" if place in chosen else "B" for place in places)
            for chosen in combinations(places, a)
        ]
    found = {
        "A" * i + "B" * j + "A" * (a - i) + "B" * (b - j) for i in range(a) for j in range(b + 1)
    }
    found |= {
        "B" * j + "A" * i + "B" * (b - j) + "A" * (a - i) for i in range(a + 1) for j in range(b)
    }
    return sorted(found)


@dataclass
class Runner:
    """One thread with a connection of its own, that stops where it is told to."""

    name: str
    work: Operation | None = None
    seen: list[str] = field(default_factory=list)
    outcome: Outcome | None = None
    pid: int = 0
    _changed: threading.Condition = field(default_factory=threading.Condition)
    _is_let_on: bool = False
    _is_resting: bool = True
    _is_leaving: bool = False

    def __post_init__(self) -> None:
        self._thread = threading.Thread(target=self._live, name=self.name, daemon=True)
        self._thread.start()

    def begin(self, work: Operation) -> None:
        """Have something to do, at the first turn."""
        with self._changed:
            self.work, self.seen, self.outcome = work, [], None

    def let_on(self) -> None:
        with self._changed:
            self._is_let_on, self._is_resting = True, False
            self._changed.notify_all()

    def is_resting(self, *, within: float) -> bool:
        """Whether it has stopped or ended, waiting so many seconds for it."""
        with self._changed:
            return self._changed.wait_for(lambda: self._is_resting, timeout=within)

    def leave(self) -> None:
        self._is_leaving = True
        self.let_on()
        self._thread.join(PATIENCE)

    def _live(self) -> None:
        try:
            self._wait()
            connection.ensure_connection()
            self.pid = connection.connection.info.backend_pid
            connection.commit = self._stopping(connection.commit)
            with connection.execute_wrapper(self._before_statement):
                while not self._is_leaving:
                    if self.work is not None:
                        self.outcome = self._done(self.work)
                        self.work = None
                    self._rest()
        finally:
            connections.close_all()

    def _done(self, work: Operation) -> Outcome:
        try:
            return Outcome(value=work())
        except Exception as error:  # noqa: BLE001 - whatever an operation raises is how it ended
            return Outcome(error=error)

    def _stopping(self, commit: Callable[[], None]) -> Callable[[], None]:
        def wrapper() -> None:
            self._pass(COMMIT)
            commit()

        return wrapper

    def _before_statement(self, execute: Any, sql: str, *rest: Any) -> Any:
        if STOPS.search(sql):
            self._pass(sql)
        return execute(sql, *rest)

    def _pass(self, statement: str) -> None:
        if self.work is None:
            return
        self.seen.append(statement)
        self._rest()

    def _rest(self) -> None:
        with self._changed:
            self._is_resting = True
            self._changed.notify_all()
        self._wait()

    def _wait(self) -> None:
        with self._changed:
            self._changed.wait_for(lambda: self._is_let_on)
            self._is_let_on = False


class Stuck(AssertionError):
    """Neither operation goes on, and none waits for the other."""


class Stage:
    """Two runners, and whoever watches them."""

    def __init__(self) -> None:
        self.runners = {name: Runner(name) for name in "AB"}
        for runner in self.runners.values():
            runner.let_on()
            assert runner.is_resting(within=PATIENCE)

    def play(self, word: str, works: Sequence[Operation]) -> tuple[Outcome, Outcome]:
        """What becomes of both. What is left after the last turn is done, the first one's first."""
        for runner, work in zip(self.runners.values(), works, strict=True):
            runner.begin(work)
        for name in word:
            self._turn(self.runners[name])
        order = sorted(self.runners, key=word.index)
        while left := [self.runners[name] for name in order if self.runners[name].outcome is None]:
            self._turn(next((runner for runner in left if not self._is_blocked(runner)), left[0]))
        first, second = (runner.outcome for runner in self.runners.values())
        assert first is not None
        assert second is not None
        return first, second

    def turns_of(self, name: str) -> int:
        """How many turns it had."""
        return len(self.runners[name].seen) + 1

    def _turn(self, runner: Runner) -> None:
        if runner.outcome is None and runner.is_resting(within=0):
            runner.let_on()
        for _ in range(int(PATIENCE / 0.002)):
            if all(self._is_settled(other) for other in self.runners.values()):
                return
        raise Stuck([other.seen for other in self.runners.values()])

    def _is_settled(self, runner: Runner) -> bool:
        return runner.is_resting(within=0.002) or self._is_blocked(runner)

    def _is_blocked(self, runner: Runner) -> bool:
        if runner.is_resting(within=0):
            return False
        with connection.cursor() as cursor:
            cursor.execute(BLOCKED, [runner.pid])
            return bool(cursor.fetchone()[0])

    def leave(self) -> None:
        for runner in self.runners.values():
            runner.leave()


@contextmanager
def stage() -> Iterator[Stage]:
    """Two connections for the block."""
    it = Stage()
    try:
        yield it
    finally:
        with suppress(RuntimeError):
            it.leave()
