"""Sending due jobs to Celery, again and again until they are done."""

import logging
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Final

from django.conf import settings
from django.db import transaction
from django.db.models import F, Q
from django.db.models.functions import Now

from common.failpoints import failpoint
from outbox import registry, services
from outbox.enums import LANES, URGENT, Beat, Lane
from outbox.leases import MAX_ATTEMPTS
from outbox.models import Job

logger = logging.getLogger(__name__)

IN_FLIGHT: dict[Lane, int] = {"money": 10_000, "payouts": 200, "long": 50, "default": 400}
"""Jobs sent and not begun, a lane: slow work must not stand in front of money for long, and what
waits here instead of in the queue travels in full batches."""
PROMPT: Final[tuple[Lane, ...]] = ("money", "payouts")
"""Lanes whose messages are taken within seconds. What is sent and not begun there was lost with its
message, and is sent again four times as soon: it would keep its lane's place until then."""
FEW = 50
"""So few urgent jobs that the limit above need not be looked up."""
Publish = Callable[[Sequence[int], Lane], None]


def sweep(publish: Publish, lanes: Sequence[Lane] = LANES) -> int:
    """Send what is due, free and not on its way in these lanes; the number of jobs sent.

    The rows are marked as sent before the messages leave: a crash in between, a lost message or
    an emptied broker delays a job by OUTBOX_RESEND_SECONDS, or a quarter, and loses nothing.
    """
    return sum(_sweep_lane(lane, publish) for lane in lanes)


def _sweep_lane(lane: Lane, publish: Publish) -> int:
    chunks = _chunks(_take(lane))
    if chunks:
        failpoint("relay.taken")
    for position, chunk in enumerate(chunks):
        try:
            publish(chunk, lane)
        except OSError as error:
            logger.warning("broker unreachable", extra={"error": str(error)})
            _untake([pk for rest in chunks[position:] for pk in rest])
            return sum(len(sent) for sent in chunks[:position])
    return sum(len(chunk) for chunk in chunks)


@transaction.atomic
def _take(lane: Lane) -> list[tuple[int, str, int]]:
    seconds = settings.OUTBOX_RESEND_SECONDS / (4 if lane in PROMPT else 1)
    horizon = Now() - timedelta(seconds=seconds)
    waiting = Job.objects.pending().filter(
        Q(lease_until__isnull=True) | Q(lease_until__lt=Now()), topic__in=registry.topics(lane)
    )
    rows = list(
        waiting.filter(Q(sent_at__isnull=True) | Q(sent_at__lt=horizon), due_at__lte=Now())
        .order_by("due_at", "pk")
        .select_for_update(skip_locked=True, no_key=True)
        .values_list("pk", "topic", "attempts")[: IN_FLIGHT[lane]]
    )
    if not rows:
        return []
    if len(rows) > FEW or lane not in URGENT:
        on_their_way = waiting.filter(sent_at__gte=horizon).count()
        rows = rows[: max(0, IN_FLIGHT[lane] - on_their_way)]
    Job.objects.among(pk for pk, _, _ in rows).update(sent_at=Now())
    return rows


def _untake(ids: Sequence[int]) -> None:
    Job.objects.pending().among(ids).update(sent_at=None)


def _chunks(rows: Sequence[tuple[int, str, int]]) -> list[list[int]]:
    """Messages of one topic's jobs, up to its batch, smaller for jobs that were cut short.

    A job that kills its worker takes its batch with it; with each attempt it travels in smaller
    company, in the end alone, so that it is buried without its neighbours.
    """
    groups: dict[tuple[str, int], list[int]] = {}
    for pk, topic, attempts in rows:
        route = registry.route_of(topic)
        batch = route.batch if route else 1
        groups.setdefault((topic, max(1, batch >> (2 * attempts))), []).append(pk)
    return [
        ids[start : start + size]
        for (_, size), ids in groups.items()
        for start in range(0, len(ids), size)
    ]


def bury() -> int:
    """Give up on jobs whose last attempt ended without a word (the worker was killed)."""
    return (
        Job.objects.pending()
        .filter(attempts__gte=MAX_ATTEMPTS, lease_until__lt=Now())
        .update(
            dead_at=Now(),
            last_error="The worker was lost during the last attempt.",
            lease_until=None,
            lease_token=None,
        )
    )


def beat(ping: Callable[[], None]) -> None:
    """Write the relay's heartbeat, and the broker's when it answers; give up on lost jobs."""
    services.heartbeat(Beat.RELAY)
    bury()
    try:
        ping()
    except OSError as error:
        logger.warning("broker unreachable", extra={"error": str(error)})
        return
    services.heartbeat(Beat.BROKER)


def oldest_due_seconds() -> float:
    """How long the oldest pending job has been due; 0 when none is."""
    due = Job.objects.pending().filter(due_at__lte=Now()).order_by("due_at", "pk")
    age = due.annotate(age=Now() - F("due_at")).values_list("age", flat=True).first()
    return age.total_seconds() if age else 0.0
