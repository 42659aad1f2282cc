"""The relay process: LISTEN for new jobs, sweep twice a second, send ids to Celery."""

import logging
import signal
import time
from typing import Any

import psycopg
from django.core.management.base import BaseCommand
from django.db import InterfaceError, OperationalError, close_old_connections, connection

from outbox import broker, relay, services
from outbox.enums import URGENT

logger = logging.getLogger(__name__)

PAUSE = 1.0
BEAT_EVERY = 10.0
GATHER = 0.02
SLOW_EVERY = 0.5
"""Between two sweeps of the default lane: mails and documents travel together, money at once."""


def _gather(listener: "psycopg.Connection[Any]") -> None:
    """Let what happens at the same moment travel together, and forget its other nudges."""
    time.sleep(GATHER)
    for _ in listener.notifies(timeout=0):
        pass


class Command(BaseCommand):
    """Runs until SIGTERM or SIGINT."""

    help = "Send due jobs to the workers."

    def handle(self, *args: Any, **options: Any) -> None:
        self.stopping = False
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._stop)
        while not self.stopping:
            try:
                self._serve()
            except (OperationalError, InterfaceError, psycopg.OperationalError) as error:
                logger.warning("database unreachable", extra={"error": str(error)})
                close_old_connections()
                time.sleep(PAUSE)

    def _stop(self, *_: object) -> None:
        self.stopping = True

    def _serve(self) -> None:
        close_old_connections()
        connection.ensure_connection()
        params = connection.get_connection_params()
        params.pop("cursor_factory", None)
        params.pop("context", None)
        params.pop("pool", None)
        with psycopg.connect(**params, autocommit=True) as listener:
            listener.execute(f"LISTEN {services.CHANNEL}")
            next_beat = next_slow = 0.0
            while not self.stopping:
                if time.monotonic() >= next_beat:
                    relay.beat(broker.ping)
                    next_beat = time.monotonic() + BEAT_EVERY
                wait = next_slow - time.monotonic()
                if wait <= 0:
                    relay.sweep(broker.publish)
                    next_slow, wait = time.monotonic() + SLOW_EVERY, SLOW_EVERY
                else:
                    relay.sweep(broker.publish, URGENT)
                if any(True for _ in listener.notifies(timeout=wait, stop_after=1)):
                    _gather(listener)
