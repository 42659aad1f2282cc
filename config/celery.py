"""What `celery -A config` finds: the application of the outbox, with clean forks."""

import gc
from typing import Any

from celery.signals import worker_init, worker_process_init, worker_process_shutdown
from django.db import connections
from django.urls import reverse

from outbox.broker import app

__all__ = ["app"]


@worker_init.connect
def load(**_: Any) -> None:
    """Load every URL once, before the children fork: mails link to pages. What is loaded stays."""
    reverse("home")
    gc.freeze()


@worker_process_init.connect
@worker_process_shutdown.connect
def close_connections(**_: Any) -> None:
    """A forked child never uses a connection of its parent, and leaves none behind."""
    connections.close_all()
