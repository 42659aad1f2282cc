"""The Celery application, and the two things that the relay asks of its broker."""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Final

from celery import Celery
from kombu.exceptions import OperationalError as BrokerError

from outbox.enums import Lane

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.dev")

app = Celery("tranche")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks(["outbox"])


LONG_SECONDS: Final = 900
"""What a task of the long lane may take: more than the worker's own limit, less than its lease."""
SOFTER: Final = 15


@contextmanager
def _broker_errors() -> Iterator[None]:
    try:
        yield
    except BrokerError as error:
        raise OSError(str(error)) from error


def publish(ids: Sequence[int], lane: Lane) -> None:
    """Send one message for these jobs. OSError when the broker cannot be reached."""
    with _broker_errors():
        app.send_task(
            "outbox.run",
            args=[list(ids)],
            queue=lane,
            retry=False,
            time_limit=LONG_SECONDS if lane == "long" else None,
            soft_time_limit=LONG_SECONDS - SOFTER if lane == "long" else None,
        )


def ping() -> None:
    """Ask the broker for a sign of life. OSError when there is none."""
    with _broker_errors(), app.connection_for_write() as broker:
        broker.ensure_connection(max_retries=0, timeout=1, reraise_as_library_errors=True)
        broker.default_channel.client.ping()  # type: ignore[attr-defined]
