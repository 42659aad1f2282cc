"""Asking somebody outside about many things at once, within the time that a lease allows."""

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextvars import copy_context
from dataclasses import dataclass, field
from typing import Final, Generic, TypeVar

from django.db import connections

T = TypeVar("T")
A = TypeVar("A")
AT_ONCE: Final = 8
SECONDS: Final = 5.0
"""No question is put after so long; with the time that one may take a round stays below a lease."""


@dataclass(slots=True)
class Round(Generic[A]):
    """What came of it, by key; a key that is in neither was not asked about."""

    answers: dict[int, A] = field(default_factory=dict)
    failed: dict[int, Exception] = field(default_factory=dict)


def ask_all(
    subjects: Mapping[int, T],
    ask: Callable[[T], A],
    *,
    at_once: int = AT_ONCE,
    seconds: float = SECONDS,
) -> Round[A]:
    """Ask about each subject, several at a time; one that fails is no reason for another to.

    No transaction is open. A single subject is asked about in this thread.
    """
    asking = _Asking(subjects, ask, deadline=time.monotonic() + seconds)
    if len(subjects) < 2:
        asking.work()
        return asking.told
    threads = [
        threading.Thread(target=copy_context().run, args=(asking.work_apart,), daemon=True)
        for _ in range(min(at_once, len(subjects)))
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return asking.told


class _Asking(Generic[T, A]):
    """What the threads of one round share."""

    def __init__(
        self, subjects: Mapping[int, T], ask: Callable[[T], A], *, deadline: float
    ) -> None:
        self.ask = ask
        self.deadline = deadline
        self.told: Round[A] = Round()
        self._waiting = iter(subjects.items())
        self._taking = threading.Lock()

    def work(self) -> None:
        """Ask one after the other, until none is left or it is too late to begin another one."""
        for key, subject in self._next_ones():
            try:
                self.told.answers[key] = self.ask(subject)
            except Exception as error:  # noqa: BLE001 - it belongs to its subject
                self.told.failed[key] = error

    def work_apart(self) -> None:
        """The same in a thread of its own, whose connections end with it."""
        try:
            self.work()
        finally:
            connections.close_all()

    def _next_ones(self) -> Iterator[tuple[int, T]]:
        while time.monotonic() < self.deadline:
            with self._taking:
                pair = next(self._waiting, None)
            if pair is None:
                return
            yield pair
