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
"""Of the time that a window of payouts was open."""
PATIENCE_SECONDS: Final = 5.0
"""What has not waited for so long is about to be done in its own lane."""


def give(seconds: float, do: Callable[[registry.Route, list[Job]], int]) -> int:
    """Do what has been due longest in the default lane, once and then again until so many seconds
    are over; the number of jobs that ended. Money that waits comes first.
    """
    until = time.monotonic() + seconds
    ended = 0
    while jobs := _next():
        route = registry.route_of(jobs[0].topic)
        ended += do(route, jobs) if route else 0
        if time.monotonic() >= until:
            break
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
