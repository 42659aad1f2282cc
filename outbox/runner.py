"""Doing jobs: claim under a lease, work, mark done; split a failing batch down to its poison job.

A killed worker leaves rows that are neither done nor leased for long; the relay sends them again.
Row locks keep two workers apart while one works; the lease's token fences off a late one.
"""

import logging
import random
from collections.abc import Sequence
from datetime import timedelta
from itertools import groupby
from typing import Any
from uuid import UUID, uuid4

from django.db import transaction
from django.db.models import F, Q
from django.db.models.functions import Now

from common import context
from common.exceptions import DomainError
from common.failpoints import failpoint
from common.outage import is_outage, through_outage
from outbox import registry
from outbox.enums import Outcome
from outbox.models import Job

logger = logging.getLogger(__name__)

MAX_ATTEMPTS = 8
PATIENCE_SECONDS = 10.0
"""How long a worker waits for a database that is away: nothing else can be done meanwhile."""


class LeaseLost(Exception):
    """The lease ended while an outside call was made, and the job may be somebody else's now."""


def run(ids: Sequence[int]) -> int:
    """Do the jobs of these ids that are due and free; the number that ended."""
    failpoint("job.received")
    claimed = through_outage(lambda: claim(ids, topics=registry.topics()), seconds=PATIENCE_SECONDS)
    failpoint("job.claimed")
    ended = 0
    for topic, group in groupby(claimed, key=lambda job: job.topic):
        route = registry.route_of(topic)
        if route is not None:
            ended += _run_batch(route, list(group))
    return ended


@transaction.atomic
def claim(ids: Sequence[int], *, topics: Sequence[str]) -> list[Job]:
    """Lease the due and free jobs among `ids`, sorted by topic and id.

    The attempt is counted here, so that a job that kills its worker counts too. Jobs of a topic
    that this process does not know stay untouched for a newer worker.
    """
    free = Q(lease_until__isnull=True) | Q(lease_until__lt=Now())
    jobs = list(
        Job.objects.pending()
        .among(ids)
        .filter(free, topic__in=topics, due_at__lte=Now())
        .order_by("topic", "pk")
        .select_for_update(skip_locked=True, no_key=True)
    )
    token = uuid4()
    leases: dict[timedelta, list[int]] = {}
    for job in jobs:
        route = registry.route_of(job.topic)
        if route is not None:
            leases.setdefault(route.lease, []).append(job.pk)
    for lease, mine in leases.items():
        Job.objects.among(mine).update(
            attempts=F("attempts") + 1, lease_until=Now() + lease, lease_token=token
        )
    for job in jobs:
        job.attempts += 1
        job.lease_token = token
    return jobs


def _run_batch(route: registry.Route, jobs: list[Job]) -> int:
    bound = context.request_id.set(jobs[0].request_id or jobs[0].public_id)
    try:
        return _attempt(route, jobs)
    except LeaseLost:
        logger.warning("lease lost", extra={"topic": jobs[0].topic, "number": len(jobs)})
        return 0
    except DomainError as refusal:
        if len(jobs) == 1:
            return _refuse(jobs[0], refusal)
    except Exception as error:  # noqa: BLE001 - whatever a handler raises belongs to its job
        if is_outage(error):
            return _give_back(jobs, error)
        if isinstance(error, registry.Unreachable):
            return _put_off(jobs, error)
        if len(jobs) == 1:
            _fail(jobs[0], error)
            return 0
    finally:
        context.request_id.reset(bound)
    half = len(jobs) // 2
    return sum(
        _run_batch(route, part) for part in (jobs[:half], jobs[half:]) if _renew(route, part)
    )


def _attempt(route: registry.Route, jobs: list[Job]) -> int:
    token = jobs[0].lease_token
    ended = _settle(route, jobs, token) if route.is_outside else _do(route, jobs, token)
    failpoint("job.committed")
    return ended


def _do(route: registry.Route, jobs: list[Job], token: UUID | None) -> int:
    with transaction.atomic():
        mine = _hold(jobs, token)
        if mine:
            route.handle(mine)
        failpoint("job.done")
        return _finish(mine)


def _settle(route: registry.Route, jobs: list[Job], token: UUID | None) -> int:
    settle = route.handle(jobs)
    failpoint("job.asked")
    with transaction.atomic():
        mine = _hold(jobs, token)
        if len(mine) < len(jobs):
            raise LeaseLost
        left = (settle() if settle else None) or registry.Left()
        failpoint("job.settled")
        _release([job for job in mine if job.pk in left.later])
        for job in mine:
            if job.pk in left.again:
                _pause([job], left.again[job.pk])
            elif job.pk in left.failed:
                _leave(job, left.failed[job.pk])
        unended = {*left.later, *left.again, *left.failed}
        return _finish([job for job in mine if job.pk not in unended])


def _hold(jobs: list[Job], token: UUID | None) -> list[Job]:
    """The jobs, locked, whose lease is still ours."""
    ours = Job.objects.pending().among(job.pk for job in jobs).filter(lease_token=token)
    held = set(ours.locked().values_list("pk", flat=True))
    return [job for job in jobs if job.pk in held]


def _finish(jobs: list[Job]) -> int:
    return Job.objects.among(job.pk for job in jobs).update(
        done_at=Now(), outcome=Outcome.DONE, lease_until=None, lease_token=None
    )


def _release(jobs: Sequence[Job]) -> None:
    """Leave our jobs as they were before this attempt, to be sent again at once."""
    if jobs:
        _undo(jobs, sent_at=None)


def _pause(jobs: Sequence[Job], pause: timedelta) -> None:
    """The same, to be sent again after a pause."""
    _undo(jobs, sent_at=None, due_at=Now() + pause)


def _undo(jobs: Sequence[Job], **changes: Any) -> None:
    """This was no attempt of our jobs, and they are free."""
    ours = Job.objects.pending().among(job.pk for job in jobs)
    ours.filter(lease_token=jobs[0].lease_token).update(
        lease_until=None, lease_token=None, attempts=F("attempts") - 1, **changes
    )


def _give_back(jobs: Sequence[Job], error: Exception) -> int:
    """An outage is no attempt of the jobs that it cut short: they go on once it is over."""
    logger.warning("database unreachable", extra={"topic": jobs[0].topic, "error": str(error)})
    through_outage(lambda: _release(jobs), seconds=PATIENCE_SECONDS)
    return 0


def _leave(job: Job, error: Exception) -> None:
    if isinstance(error, registry.Unreachable):
        _put_off([job], error)
    else:
        _fail(job, error)


def _put_off(jobs: Sequence[Job], error: registry.Unreachable) -> int:
    """Who is away was not asked, so it is no attempt: the relay sends the jobs again as if their
    message was lost. They stay due, so that the wait is seen, and are never given up.
    """
    logger.warning("unreachable", extra={"topic": jobs[0].topic, "error": str(error)})
    _undo(jobs, last_error=_in_words(error))
    return 0


def _renew(route: registry.Route, jobs: Sequence[Job]) -> bool:
    """Give the part of a failed batch the whole time again, unless somebody else has it by now."""
    ours = Job.objects.pending().among(job.pk for job in jobs)
    ours = ours.filter(lease_token=jobs[0].lease_token, lease_until__gt=Now())
    return ours.update(lease_until=Now() + route.lease) == len(jobs)


def _refuse(job: Job, refusal: DomainError) -> int:
    logger.info("job refused", extra={"topic": job.topic, "key": job.key, "code": refusal.code})
    return Job.objects.filter(pk=job.pk, lease_token=job.lease_token).update(
        done_at=Now(),
        outcome=Outcome.REFUSED,
        outcome_note=f"{refusal.code}: {refusal.message}",
        lease_until=None,
        lease_token=None,
    )


def _fail(job: Job, error: Exception) -> None:
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
