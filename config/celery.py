"""What `celery -A config` finds: the application of the outbox, with clean forks."""

from typing import Any

from celery.signals import worker_init, worker_process_init, worker_process_shutdown
from django.db import connections
from django.urls import reverse

from outbox.broker import app

__all__ = ["app"]


@worker_init.connect
def load_urls(**_: Any) -> None:
    """Load every URL once, before the children fork: mails link to pages."""
    reverse("home")


@worker_process_init.connect
@worker_process_shutdown.connect
def close_connections(**_: Any) -> None:
    """A forked child never uses a connection of its parent, and leaves none behind."""
    connections.close_all()
