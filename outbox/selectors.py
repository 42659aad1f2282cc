"""How the installation is doing, read from rows alone."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.db.models import Case, Q, When
from django.db.models.functions import Now

from outbox.enums import Beat
from outbox.models import Heartbeat, Job
from outbox.relay import oldest_due_seconds

ALIVE: Final = timedelta(seconds=60)
LATE_SECONDS: Final = 60.0


@dataclass(frozen=True, slots=True)
class Part:
    """A process that shows life by heartbeats; `seen_at` is None when it never did."""

    name: Beat
    is_up: bool
    seen_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class SystemStatus:
    """All parts, and how long the oldest piece of work has been waiting."""

    parts: list[Part]
    oldest_due_seconds: int
    is_late: bool
    dead_jobs: int

    @property
    def is_up(self) -> bool:
        return all(part.is_up for part in self.parts) and not self.is_late


def is_open(topic: str, *, key: str) -> bool:
    """Whether that job, or a later one under `key:…`, has still to be done or is being done."""
    same = Q(key=key) | Q(key__startswith=f"{key}:")
    return Job.objects.pending().filter(same, topic=topic).exists()


def system_status() -> SystemStatus:
    """The heartbeats by the database's clock, and the state of the queue."""
    alive = Case(When(at__gt=Now() - ALIVE, then=True), default=False)
    parts = {
        beat.name: Part(name=Beat(beat.name), is_up=beat.is_alive, seen_at=beat.at)
        for beat in Heartbeat.objects.annotate(is_alive=alive)
    }
    oldest = oldest_due_seconds()
    return SystemStatus(
        parts=[parts.get(name) or Part(name=name, is_up=False) for name in Beat],
        oldest_due_seconds=int(oldest),
        is_late=oldest > LATE_SECONDS,
        dead_jobs=Job.objects.dead().count(),
    )
