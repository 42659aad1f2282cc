"""When the books were last proved, for the status page, /readyz and /metrics."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from django.db.models.functions import Now

from wallets.enums import VerificationMode
from wallets.models import Anchor, VerificationRun

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


@dataclass(frozen=True, slots=True)
class AnchorPage:
    """Anchors, newest first; `older` is the number before which the next ones lie."""

    rows: list[Anchor]
    older: int | None
    is_newest: bool


def anchors_page(*, before: int | None, size: int = 25) -> AnchorPage:
    """One page of the published anchors."""
    rows = Anchor.objects.order_by("-number")
    if before is not None:
        rows = rows.filter(number__lt=before)
    found = list(rows[: size + 1])
    return AnchorPage(
        rows=found[:size],
        older=found[size - 1].number if len(found) > size else None,
        is_newest=before is None,
    )


def anchors_after(number: int, *, limit: int) -> Iterator[Anchor]:
    """The anchors that follow one, oldest first."""
    return Anchor.objects.filter(number__gt=number).order_by("number")[:limit].iterator()
