"""The outbox's own topics: the worker's sign of life, and clearing away old rows."""

from collections.abc import Sequence
from datetime import timedelta

from django.conf import settings
from django.db.models.functions import Now

from outbox import registry
from outbox.models import Job

HEARTBEAT = "heartbeat.worker"
PURGE = "housekeeping.jobs"
KEEP_DONE = timedelta(days=90)
KEEP_BEATS = timedelta(hours=1)


def heartbeat_worker(jobs: Sequence[Job]) -> None:
    """Nothing to do: the task writes the worker's heartbeat after any work."""


def purge(jobs: Sequence[Job]) -> None:
    """Delete jobs done long ago, and those that the scheduler asks for after an hour."""
    done = Job.objects.filter(done_at__isnull=False)
    done.filter(done_at__lt=Now() - KEEP_DONE).delete()
    done.filter(topic__in=_scheduled(), done_at__lt=Now() - KEEP_BEATS).delete()


def _scheduled() -> set[str]:
    return {str(entry["task"]) for entry in settings.CELERY_BEAT_SCHEDULE.values()}


def register() -> None:
    """Tell the outbox who does these topics."""
    registry.register(HEARTBEAT, heartbeat_worker)
    registry.register(PURGE, purge)
