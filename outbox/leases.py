"""Leases of jobs: taking them, and the ways in which an attempt under one can end.

Row locks keep two workers apart while one works; the lease's token fences off a late one.
"""

import logging
import random
from collections.abc import Callable, Collection, Sequence
from datetime import timedelta
from typing import Any, Final
from uuid import uuid4

from django.db import transaction
from django.db.models import F, Q
from django.db.models.functions import Now

from common import context
from common.exceptions import DomainError
from common.outage import is_outage, through_outage
from outbox import registry
from outbox.enums import Outcome
from outbox.models import Job, JobQuerySet

logger = logging.getLogger(__name__)

MAX_ATTEMPTS: Final = 8
PATIENCE_SECONDS = 10.0
"""How long a worker waits for a database that is away: nothing else can be done meanwhile."""


class LeaseLost(Exception):
    """The lease ended while an outside call was made, and the job may be somebody else's now."""


def claim(ids: Sequence[int], *, topics: Sequence[str]) -> list[Job]:
    """Lease the due and free jobs among `ids`, sorted by topic and id.

    Jobs of a topic that this process does not know stay untouched for a newer worker.
    """
    wanted = Job.objects.among(ids).filter(topic__in=topics)
    return _lease(wanted.order_by("topic", "pk"))


def claim_waiting(topic: str, *, most: int) -> list[Job]:
    """Lease due jobs of a topic that no message has been sent for, oldest first.

    None that was cut short before: what may kill its worker travels as the relay sends it.
    """
    waiting = Job.objects.filter(topic=topic, attempts=0, sent_at__isnull=True)
    return _lease(waiting.order_by("due_at", "pk"), most=most, sent_at=Now())


def claim_oldest(
    topics: Sequence[str], *, seconds: float, most: int
) -> tuple[registry.Route, list[Job]] | None:
    """Lease jobs of the topic, of these, whose job has been due longest, and for so long at least;
    also where a message is on its way, which then finds them done, and what failed before. None that
    was cut short, which is what a lease that ran out says.
    """
    since = Now() - timedelta(seconds=seconds)
    waiting = Job.objects.filter(topic__in=topics, lease_until__isnull=True, due_at__lt=since)
    oldest = waiting.order_by("due_at", "pk")
    topic = oldest.pending().values_list("topic", flat=True).first()
    route = registry.route_of(topic) if topic else None
    if route is None:
        return None
    jobs = _lease(oldest.filter(topic=topic), most=min(most, route.batch))
    return (route, jobs) if jobs else None


@transaction.atomic
def _lease(wanted: JobQuerySet, *, most: int | None = None, **changes: Any) -> list[Job]:
    """The attempt is counted here, so that a job that kills its worker counts too."""
    free = wanted.pending().filter(_is_free(), due_at__lte=Now())
    jobs = list(free.select_for_update(skip_locked=True, no_key=True)[:most])
    token = uuid4()
    leases: dict[timedelta, list[int]] = {}
    for job in jobs:
        route = registry.route_of(job.topic)
        if route is not None:
            leases.setdefault(route.lease, []).append(job.pk)
    for lease, mine in leases.items():
        Job.objects.among(mine).update(
            attempts=F("attempts") + 1, lease_until=Now() + lease, lease_token=token, **changes
        )
    for job in jobs:
        job.attempts += 1
        job.lease_token = token
    return jobs


def _is_free() -> Q:
    return Q(lease_until__isnull=True) | Q(lease_until__lt=Now())


def is_waiting(topics: Sequence[str], *, seconds: float) -> bool:
    """Whether a job of these topics has been due for so long, and nobody does it."""
    since = Now() - timedelta(seconds=seconds)
    return Job.objects.pending().filter(_is_free(), topic__in=topics, due_at__lt=since).exists()


def attempt(
    route: registry.Route,
    jobs: list[Job],
    work: Callable[[list[Job]], int],
    *,
    is_split: bool = True,
) -> int:
    """Do the work of these jobs; the number that ended. A failing batch is split until the job
    that fails stands alone, or else left as it was before.
    """
    bound = context.request_id.set(jobs[0].request_id or jobs[0].public_id)
    try:
        return work(jobs)
    except LeaseLost:
        logger.warning("lease lost", extra={"topic": jobs[0].topic, "number": len(jobs)})
        return 0
    except DomainError as refusal:
        if len(jobs) == 1:
            return refuse(jobs[0], refusal)
    except Exception as error:  # noqa: BLE001 - whatever a handler raises belongs to its job
        if is_outage(error):
            return give_back(jobs, error)
        if isinstance(error, registry.Unreachable):
            return put_off(jobs, error)
        if len(jobs) == 1:
            fail(jobs[0], error)
            return 0
    finally:
        context.request_id.reset(bound)
    if not is_split:
        release(jobs)
        return 0
    half = len(jobs) // 2
    parts = (jobs[:half], jobs[half:])
    return sum(attempt(route, part, work) for part in parts if renew(route, part))


def hold(jobs: Sequence[Job]) -> list[Job]:
    """The jobs, locked, whose lease is still ours."""
    rows = Job.objects.pending().among(job.pk for job in jobs).locked()
    held = dict(rows.values_list("pk", "lease_token"))
    return [job for job in jobs if held.get(job.pk) == job.lease_token]


def end(jobs: Sequence[Job], left: registry.Left) -> int:
    """Mark held jobs done, but for those that are left; the number that ended."""
    release([job for job in jobs if job.pk in left.later])
    for job in jobs:
        if job.pk in left.again:
            pause([job], left.again[job.pk])
        elif job.pk in left.failed:
            leave(job, left.failed[job.pk])
    unended = {*left.later, *left.again, *left.failed}
    return finish([job for job in jobs if job.pk not in unended])


def finish(jobs: Collection[Job]) -> int:
    """Mark held jobs done."""
    return Job.objects.among(job.pk for job in jobs).update(
        done_at=Now(), outcome=Outcome.DONE, lease_until=None, lease_token=None
    )


def release(jobs: Sequence[Job]) -> None:
    """Leave our jobs as they were before this attempt, to be sent again at once."""
    if jobs:
        _undo(jobs, sent_at=None)


def pause(jobs: Sequence[Job], pause: timedelta) -> None:
    """The same, to be sent again after a pause."""
    _undo(jobs, sent_at=None, due_at=Now() + pause)


def _undo(jobs: Sequence[Job], **changes: Any) -> None:
    """This was no attempt of our jobs, and they are free."""
    ours = Job.objects.pending().among(job.pk for job in jobs)
    ours.filter(lease_token__in={job.lease_token for job in jobs}).update(
        lease_until=None, lease_token=None, attempts=F("attempts") - 1, **changes
    )


def give_back(jobs: Sequence[Job], error: Exception) -> int:
    """An outage is no attempt of the jobs that it cut short: they go on once it is over."""
    logger.warning("database unreachable", extra={"topic": jobs[0].topic, "error": str(error)})
    through_outage(lambda: release(jobs), seconds=PATIENCE_SECONDS)
    return 0


def leave(job: Job, error: Exception) -> None:
    """It failed, or who was to be asked is away."""
    if isinstance(error, registry.Unreachable):
        put_off([job], error)
    else:
        fail(job, error)


def put_off(jobs: Sequence[Job], error: registry.Unreachable) -> int:
    """Who is away was not asked, so it is no attempt: the relay sends the jobs again as if their
    message was lost. They stay due, so that the wait is seen, and are never given up.
    """
    logger.warning("unreachable", extra={"topic": jobs[0].topic, "error": str(error)})
    _undo(jobs, last_error=_in_words(error))
    return 0


def renew(route: registry.Route, jobs: Sequence[Job]) -> bool:
    """Give the part of a failed batch the whole time again, unless somebody else has it by now."""
    ours = Job.objects.pending().among(job.pk for job in jobs)
    ours = ours.filter(lease_token__in={job.lease_token for job in jobs}, lease_until__gt=Now())
    return ours.update(lease_until=Now() + route.lease) == len(jobs)


def refuse(job: Job, refusal: DomainError) -> int:
    """It will never be done, and this is why."""
    logger.info("job refused", extra={"topic": job.topic, "key": job.key, "code": refusal.code})
    return Job.objects.filter(pk=job.pk, lease_token=job.lease_token).update(
        done_at=Now(),
        outcome=Outcome.REFUSED,
        outcome_note=f"{refusal.code}: {refusal.message}",
        lease_until=None,
        lease_token=None,
    )


def fail(job: Job, error: Exception) -> None:
    """One attempt less: it comes again later, or a person has to look."""
    logger.error("job failed", extra={"topic": job.topic, "key": job.key}, exc_info=error)
    dead = job.attempts >= MAX_ATTEMPTS
    Job.objects.filter(pk=job.pk, lease_token=job.lease_token).update(
        last_error=_in_words(error),
        lease_until=None,
        lease_token=None,
        sent_at=None,
        due_at=Now() + backoff(job.attempts),
        dead_at=Now() if dead else None,
    )


def _in_words(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"[:2000]


def backoff(attempts: int) -> timedelta:
    """Wait before the next attempt: 10 s, doubling, at most 30 min, give or take a fifth."""
    seconds = min(5 * 2**attempts, 1800)
    return timedelta(seconds=seconds * random.uniform(0.8, 1.2))  # noqa: S311 - spreads load
