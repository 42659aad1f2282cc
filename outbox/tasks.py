"""The one Celery task. Its message is a hint; the job rows are the truth."""

import time

from celery import shared_task

from outbox import runner, services
from outbox.enums import Beat

BEAT_EVERY = 5.0
_beaten_at = -BEAT_EVERY


@shared_task(name="outbox.run", ignore_result=True)
def run(ids: list[int]) -> None:
    """Do what is due and free among the jobs of these ids."""
    runner.run(ids)
    _beat()


def _beat() -> None:
    global _beaten_at
    if time.monotonic() - _beaten_at >= BEAT_EVERY:
        services.heartbeat(Beat.WORKER)
        _beaten_at = time.monotonic()
