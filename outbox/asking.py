"""Asking somebody outside about many things, several at once."""

import threading
import time
from collections import deque
from collections.abc import Callable, Collection, Iterable
from contextvars import copy_context
from types import TracebackType
from typing import Any, Final, Self

from django.db import connections

from common import context
from outbox.registry import Question

AT_ONCE: Final = 16


class NotAsked(Exception):
    """It was too late to ask."""


class Askers:
    """Threads that ask, and what they were told so far. No transaction is open in them."""

    def __init__(self, ask: Callable[[Any], Any], *, at_once: int = AT_ONCE) -> None:
        self.ask = ask
        self.at_once = at_once
        self._waiting: deque[tuple[float, Question]] = deque()
        self._told: list[Question] = []
        self.open = 0
        """How many have not been gathered."""
        self._is_closed = False
        self._changed = threading.Condition()
        self._threads: list[threading.Thread] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        with self._changed:
            self._is_closed = True
            self._waiting.clear()
            self._changed.notify_all()
        for thread in self._threads:
            thread.join()

    @property
    def waiting(self) -> int:
        """How many are not being asked yet."""
        return len(self._waiting)

    def put(self, questions: Collection[Question], *, seconds: float) -> None:
        """Ask these, each unless its turn comes later than that."""
        deadline = time.monotonic() + seconds
        with self._changed:
            self._waiting.extend((deadline, question) for question in questions)
            self.open += len(questions)
            self._changed.notify_all()
        while len(self._threads) < min(self.at_once, self.open):
            run = copy_context().run
            thread = threading.Thread(target=run, args=(self._work,), daemon=True)
            self._threads.append(thread)
            thread.start()

    def give_up(self) -> None:
        """Ask nobody whose turn has not come."""
        with self._changed:
            self._not_asked(question for _, question in self._waiting)
            self._waiting.clear()

    def gather(self, *, most: int, seconds: float) -> list[Question]:
        """The questions that ended since the last time; those that nobody got to failed as NotAsked.

        Waits until they are so many, or all that there are, or for so long.
        """
        with self._changed:
            self._changed.wait_for(lambda: len(self._told) >= min(most, self.open), seconds)
            told, self._told = self._told, []
            self.open -= len(told)
        return told

    def _work(self) -> None:
        try:
            while question := self._next():
                ask(question, self.ask)
                with self._changed:
                    self._told.append(question)
                    self._changed.notify_all()
        finally:
            connections.close_all()

    def _next(self) -> Question | None:
        with self._changed:
            while True:
                self._changed.wait_for(lambda: self._waiting or self._is_closed)
                if not self._waiting:
                    return None
                deadline, question = self._waiting.popleft()
                if time.monotonic() < deadline:
                    return question
                self._not_asked([question])

    def _not_asked(self, questions: Iterable[Question]) -> None:
        for question in questions:
            question.error = NotAsked()
            self._told.append(question)
        self._changed.notify_all()


def ask(question: Question, put: Callable[[Any], Any]) -> None:
    """Ask it, and keep the answer or the error with it: one that fails is no reason for others to."""
    job = question.jobs[0]
    bound = context.request_id.set(job.request_id or job.public_id)
    try:
        question.answer = put(question.about)
    except Exception as error:  # noqa: BLE001 - it belongs to its question
        question.error = error
    finally:
        context.request_id.reset(bound)
