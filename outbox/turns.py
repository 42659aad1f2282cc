"""The turn of what waits behind payouts: mails and documents, which would wait for as long as payouts
keep coming, for those hold their workers while somebody outside is slow.
"""

import time
from collections.abc import Callable
from functools import partial
from typing import Final

from common.outage import unless_away
from outbox import leases, registry
from outbox.models import Job

SHARE: Final = 0.1
"""Of the time that windows of payouts are open, at most."""
MOST_SECONDS: Final = 2.0
"""What a process saves up at most."""
PATIENCE_SECONDS: Final = 5.0
"""What has not waited for so long is about to be done in its own lane."""
_owed = 0.0
"""Seconds that this process owes the default lane; less than none after what took long."""


def give(window_seconds: float, do: Callable[[registry.Route, list[Job]], int]) -> int:
    """After a window that was open so long, or after other work of the lanes before, do what has been
    due longest in the default lane while its share lasts; the number of jobs that ended. Money that
    waits comes first, and is looked for each time.

    One job first, then twice as many as before: whoever is slow or away is found out by one. A turn
    ends with the first that does not end. What took long is paid back by the windows after it, so many
    short ones give no more than a long one.
    """
    global _owed
    _owed = min(_owed + SHARE * window_seconds, MOST_SECONDS)
    ended, most = 0, 1
    while _owed > 0 and (claimed := unless_away(partial(_next, most), otherwise=None)):
        route, jobs = claimed
        began = time.monotonic()
        try:
            done = do(route, jobs)
        finally:
            _owed -= time.monotonic() - began
        ended += done
        if done < len(jobs):
            break
        most *= 2
    return ended


def _next(most: int) -> tuple[registry.Route, list[Job]] | None:
    if leases.is_waiting(registry.topics("money"), seconds=0):
        return None
    return leases.claim_oldest(registry.topics("default"), seconds=PATIENCE_SECONDS, most=most)
