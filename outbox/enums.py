"""Names of heartbeats and kinds of handlers."""

from typing import Final, Literal

from django.db import models

Lane = Literal["money", "payouts", "long", "default"]
LANES: Final[tuple[Lane, ...]] = ("money", "payouts", "long", "default")
"""The queues of the broker, in the order in which workers look at them."""
URGENT: Final[tuple[Lane, ...]] = ("money",)
"""What the relay sends the moment it is asked for; the rest travels twice a second."""


class Beat(models.TextChoices):
    """Who shows that it is alive by a heartbeat row."""

    RELAY = "relay"
    BROKER = "broker"
    WORKER = "worker"
    SCHEDULER = "scheduler"


class Outcome(models.TextChoices):
    """How a job ended."""

    DONE = "done"
    REFUSED = "refused"
    RESOLVED = "resolved"
