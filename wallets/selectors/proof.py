"""When the books were last proved, for the status page, /readyz and /metrics."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from django.db.models.functions import Now

from wallets.enums import VerificationMode
from wallets.models import VerificationRun

LATE: Final = timedelta(minutes=15)
"""Three periods of the regular run."""


@dataclass(frozen=True, slots=True)
class BooksStatus:
    """The newest run, the newest green one, and the newest green one of everything."""

    last: VerificationRun | None
    green: VerificationRun | None
    full: VerificationRun | None
    is_late: bool

    @property
    def state(self) -> str:
        """`differ` while the newest run found something, `late`, `unproved` at first, or `green`."""
        if self.last is None:
            return "unproved"
        if not self.last.is_green:
            return "differ"
        return "late" if self.is_late else "green"


def books_status() -> BooksStatus:
    """What the runs say, by the database's clock."""
    runs = VerificationRun.objects.order_by("-ended_at", "-pk")
    green = runs.green()
    return BooksStatus(
        last=runs.first(),
        green=green.first(),
        full=green.filter(mode=VerificationMode.FULL).first(),
        is_late=not green.filter(ended_at__gt=Now() - LATE).exists(),
    )
