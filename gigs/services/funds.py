"""What is done with money that is set aside when what it is for changes: an upper app registers it.

Gigs know prices, and no money. A project that pays on invoice has nothing set aside.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from accounts.models import User
from gigs.enums import PaymentMode
from gigs.models import Milestone


@dataclass(frozen=True, slots=True)
class Change:
    """A locked milestone that its approval made dearer or cheaper; minor units before and after.

    `following` is the one that the difference of a part was added to, at its own new price.
    """

    milestone: Milestone
    before: int
    after: int
    following: "Change | None" = None


Mover = Callable[[Change, User, datetime], None]
_movers: Final[list[Mover]] = []


def register(mover: Mover) -> None:
    """Let this one move the money, from now on."""
    _movers[:] = [mover]


def move(change: Change, *, by: User, at: datetime) -> None:
    """Move the money in the caller's transaction. CreditShort, FundingUnderWay."""
    if change.milestone.project.payment_mode == PaymentMode.HELD:
        for mover in _movers:
            mover(change, by, at)
