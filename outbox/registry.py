"""Which handler does the work of which topic."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final, Literal

from outbox.enums import Lane
from outbox.models import Job

LocalHandler = Callable[[Sequence[Job]], None]


class Unreachable(Exception):
    """Who was to be asked is away: nothing was said, and nothing was asked of them."""


@dataclass(frozen=True, slots=True)
class Left:
    """Jobs of a batch that did not end, by id: nobody got to them, there is nothing to be known yet
    and they come again after a pause, or they failed. Only what failed was an attempt.
    """

    later: Collection[int] = ()
    again: Mapping[int, timedelta] = field(default_factory=dict)
    failed: Mapping[int, Exception] = field(default_factory=dict)


Settle = Callable[[], Left | None]
"""Runs in the transaction that marks the jobs done, but for those that it says are left."""
OutsideHandler = Callable[[Sequence[Job]], Settle]
Plain = LocalHandler | OutsideHandler


@dataclass(slots=True)
class Question:
    """What is asked about, the jobs that want to know it, and what came of it."""

    about: Any
    jobs: list[Job]
    answer: Any = None
    error: Exception | None = None


@dataclass(frozen=True, slots=True)
class Asking:
    """A handler that asks somebody outside one question at a time: many are being asked at once, and
    each is settled soon after its answer, whoever else is still waited for.

    `begin` makes questions of jobs, in a transaction of its own; a job in none of them is done.
    `ask` is called in a thread with no transaction open. `settle` runs in the transaction that marks
    the jobs of some questions done, but for those that it says are left.
    """

    begin: Callable[[Sequence[Job]], list[Question]]
    ask: Callable[[Any], Any]
    settle: Callable[[Sequence[Question]], Left]


Handler = Plain | Asking
LOCAL_LEASE: Final = timedelta(seconds=10)
OUTSIDE_LEASE: Final = timedelta(seconds=40)
"""Longer than a round of outside calls, short enough that a killed worker's work is done within 60 s."""
BRISK_LEASE: Final = timedelta(seconds=30)
"""The same where money waits: those rounds are shorter."""
LONG_LEASE: Final = timedelta(minutes=16)
"""Longer than the time limit of a message in the long lane."""


@dataclass(frozen=True, slots=True)
class Route:
    """How the jobs of a topic travel and who does them."""

    handle: Handler
    is_outside: bool
    lane: Lane
    batch: int

    @property
    def lease(self) -> timedelta:
        """How long a worker may be silent before the jobs are given to another one."""
        if self.lane == "long":
            return LONG_LEASE
        if not self.is_outside:
            return LOCAL_LEASE
        return OUTSIDE_LEASE if self.lane == "default" else BRISK_LEASE


_routes: dict[str, Route] = {}


def register(
    topic: str,
    handler: Handler,
    *,
    kind: Literal["local", "outside"] = "local",
    lane: Lane = "default",
    batch: int = 500,
) -> None:
    """Make `handler` do the jobs of `topic`, up to `batch` at once.

    A local handler runs in the transaction that marks its jobs done. An outside one is called
    without a transaction, and what it returns settles in one; see also `Asking`. The money lane goes first, then
    payouts, which wait for somebody outside; the long one is for work of minutes.
    ValueError when the topic has a handler already.
    """
    if topic in _routes:
        raise ValueError(f"topic {topic} has a handler already")
    is_outside = kind == "outside" or isinstance(handler, Asking)
    _routes[topic] = Route(handle=handler, is_outside=is_outside, lane=lane, batch=batch)


def route_of(topic: str) -> Route | None:
    """How the topic's jobs are done; None when this process does not know the topic."""
    return _routes.get(topic)


def topics(lane: Lane | None = None) -> list[str]:
    """All topics with a handler, or those of one lane, sorted."""
    return sorted(topic for topic, route in _routes.items() if lane in (None, route.lane))
