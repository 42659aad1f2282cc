"""Doing jobs: claim under a lease, work, mark done; split a failing batch down to its poison job.

A killed worker leaves rows that are neither done nor leased for long; the relay sends them again.
"""

import time
from collections.abc import Callable, Sequence
from functools import partial
from itertools import groupby
from typing import Final

from django.db import transaction

from common.failpoints import failpoint
from common.outage import through_outage
from outbox import leases, registry, turns, windows
from outbox.enums import Lane
from outbox.models import Job

GIVING: Final[tuple[Lane, ...]] = ("money", "payouts")
"""The lanes after whose work those behind them may have a turn."""


def run(ids: Sequence[int]) -> int:
    """Do the jobs of these ids that are due and free; the number that ended."""
    failpoint("job.received")
    claimed = through_outage(
        lambda: leases.claim(ids, topics=registry.topics()), seconds=leases.PATIENCE_SECONDS
    )
    failpoint("job.claimed")
    ended = 0
    for topic, group in groupby(claimed, key=lambda job: job.topic):
        route = registry.route_of(topic)
        if route is not None:
            ended += _run_batch(route, list(group))
    return ended


def _run_batch(route: registry.Route, jobs: list[Job]) -> int:
    began = time.monotonic()
    ended = _work_on(route, jobs)
    if route.lane not in GIVING:
        return ended
    is_window = isinstance(route.handle, registry.Asking)
    seconds = time.monotonic() - began if is_window else 0.0
    return ended + turns.give(seconds, partial(_work_on, is_split=False))


def _work_on(route: registry.Route, jobs: list[Job], *, is_split: bool = True) -> int:
    handle = route.handle
    if isinstance(handle, registry.Asking):
        return windows.Window(route, handle).run(jobs)
    work = partial(_settle if route.is_outside else _do, handle)
    return leases.attempt(route, jobs, partial(_work, work), is_split=is_split)


def _work(work: Callable[[list[Job]], int], jobs: list[Job]) -> int:
    ended = work(jobs)
    failpoint("job.committed")
    return ended


def _do(handle: registry.Plain, jobs: list[Job]) -> int:
    with transaction.atomic():
        mine = leases.hold(jobs)
        if mine:
            handle(mine)
        failpoint("job.done")
        return leases.finish(mine)


def _settle(handle: registry.Plain, jobs: list[Job]) -> int:
    settle = handle(jobs)
    failpoint("job.asked")
    with transaction.atomic():
        mine = leases.hold(jobs)
        if len(mine) < len(jobs):
            raise leases.LeaseLost
        left = (settle() if settle else None) or registry.Left()
        failpoint("job.settled")
        return leases.end(mine, left)
