"""What a provider still has to do: events to tell, and states that come later."""

import heapq
import itertools
import threading
import time
import traceback
from collections.abc import Callable
from typing import Final

THREADS: Final = 4
Deed = Callable[[], None]


class Agenda:
    """Deeds for later, by time, done by a few threads: however many wait, there are no more of these.

    One that fails is written to stderr, and its thread goes on.
    """

    def __init__(self) -> None:
        self._waiting: list[tuple[float, int, Deed]] = []
        self._numbers = itertools.count()
        self._changed = threading.Condition()
        self._is_closed = False
        self._threads: list[threading.Thread] = []

    def add(self, deed: Deed, *, seconds: float = 0.0) -> None:
        """Do it after so many seconds, or as soon as a thread has time for it."""
        with self._changed:
            heapq.heappush(self._waiting, (time.monotonic() + seconds, next(self._numbers), deed))
            self._changed.notify()
            if len(self._threads) < THREADS:
                thread = threading.Thread(target=self._work, daemon=True)
                self._threads.append(thread)
                thread.start()

    def close(self) -> None:
        """Begin nothing more. What is being done goes on."""
        with self._changed:
            self._is_closed = True
            self._changed.notify_all()

    def _work(self) -> None:
        while deed := self._next():
            try:
                deed()
            except Exception:  # noqa: BLE001 - a deed is somebody else's
                traceback.print_exc()

    def _next(self) -> Deed | None:
        with self._changed:
            while not self._is_closed:
                left = self._waiting[0][0] - time.monotonic() if self._waiting else None
                if left is not None and left <= 0:
                    return heapq.heappop(self._waiting)[2]
                self._changed.wait(left)
        return None
