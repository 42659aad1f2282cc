"""A Celery beat scheduler that writes job rows instead of sending messages.

A job is unique per name and period, so that two beats, or one that restarts, do nothing twice.
"""

from typing import Any

from celery.beat import ScheduleEntry, Scheduler
from django.db import close_old_connections
from django.utils import timezone

from outbox import services
from outbox.enums import Beat


class JobScheduler(Scheduler):
    """Wakes the topics of CELERY_BEAT_SCHEDULE; never talks to the broker."""

    producer = None  # type: ignore[assignment]

    def tick(self, *args: Any, **kwargs: Any) -> float:
        """One round of Celery's own, on a database connection that works."""
        close_old_connections()
        seconds: float = super().tick(*args, **kwargs)
        return seconds

    def apply_async(
        self,
        entry: ScheduleEntry,
        producer: Any = None,
        advance: bool = True,  # noqa: FBT001 - Celery's signature
        **kwargs: Any,
    ) -> None:
        """Ask for the entry's topic once in the current period."""
        seconds = int(entry.schedule.run_every.total_seconds())  # type: ignore[union-attr]
        period = int(timezone.now().timestamp()) // seconds
        services.enqueue(str(entry.task), key=f"{entry.name}:{period}")
        services.heartbeat(Beat.SCHEDULER)
