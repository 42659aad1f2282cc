"""The turn of what waits behind payouts: mails and documents, which would wait for as long as payouts
keep coming, for those hold their workers while somebody outside is slow.
"""

import time
from collections.abc import Callable
from typing import Final

from django.db import DatabaseError, close_old_connections

from common.outage import is_outage
from outbox import leases, registry
from outbox.models import Job

SHARE: Final = 0.1
"""Of the time that windows of payouts are open."""
MOST_SECONDS: Final = 2.0
"""What a process saves up at most."""
PATIENCE_SECONDS: Final = 5.0
"""What has not waited for so long is about to be done in its own lane."""
_owed = 0.0
"""Seconds that this process owes the default lane; less than none after a batch that took long."""


def give(window_seconds: float, do: Callable[[registry.Route, list[Job]], int]) -> int:
    """After a window that was open so long, do what has been due longest in the default lane, a batch
    at a time while its share lasts; the number of jobs that ended. Money that waits comes first.

    A slow batch is paid back by the windows after it, so many short ones give no more than a long one.
    """
    global _owed
    _owed = min(_owed + SHARE * window_seconds, MOST_SECONDS)
    ended = 0
    while _owed > 0 and (jobs := _next()):
        began = time.monotonic()
        route = registry.route_of(jobs[0].topic)
        ended += do(route, jobs) if route else 0
        _owed -= time.monotonic() - began
    return ended


def _next() -> list[Job]:
    try:
        if leases.is_waiting(registry.topics("money"), seconds=0):
            return []
        return leases.claim_oldest(registry.topics("default"), seconds=PATIENCE_SECONDS)
    except DatabaseError as error:
        if not is_outage(error):
            raise
        close_old_connections()
        return []
