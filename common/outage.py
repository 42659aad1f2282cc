"""Telling an outage of the database from a query that it refused, and waiting until it is over."""

import time
from collections.abc import Callable
from typing import Final, TypeVar

from django.db import Error, InterfaceError, OperationalError, close_old_connections

T = TypeVar("T")
ABSENT: Final = ("08", "57P", "53300")
"""How SQLSTATEs begin: no connection, the server stops or starts, it has no connection left."""
PAUSE: Final = 0.25
PATIENCE_SECONDS: Final = 5.0
"""A restart of PostgreSQL takes about so long, and a caller can wait for it."""


def is_outage(error: BaseException | None) -> bool:
    """Whether the database could not be reached, or went away while it was asked.

    An error without a SQLSTATE comes from the driver: there was no connection, or it was lost.
    """
    if isinstance(error, OperationalError):
        state: str | None = getattr(error.__cause__, "sqlstate", None)
        return state is None or state.startswith(ABSENT)
    return isinstance(error, InterfaceError)


def through_outage(call: Callable[[], T], *, seconds: float = PATIENCE_SECONDS) -> T:
    """What `call` returns; it is made again for so many seconds while the database is away.

    It may have been done when the connection was lost, so twice has to be as good as once.
    """
    deadline = time.monotonic() + seconds
    while True:
        try:
            return call()
        except (InterfaceError, OperationalError) as error:
            if not is_outage(error) or time.monotonic() > deadline:
                raise
        time.sleep(PAUSE)
        close_old_connections()


def unless_away(call: Callable[[], T], *, otherwise: T) -> T:
    """What `call` returns, or `otherwise` while the database is away: for what may as well be left."""
    try:
        return call()
    except Error as error:
        if not is_outage(error):
            raise
        close_old_connections()
        return otherwise
