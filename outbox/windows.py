"""Windows of questions to somebody outside, which an `Asking` handler makes of its jobs.

A slow answer holds one place of many: what is answered is settled meanwhile, and jobs that wait take
the places that became free, as long as the window is open and no money waits for the worker.
"""

import logging
import random
import time
from typing import Final

from django.db import transaction

from common.failpoints import failpoint
from common.outage import is_outage, unless_away
from outbox import leases, registry
from outbox.asking import AT_ONCE, Askers, NotAsked, ask
from outbox.models import Job
from outbox.registry import Left, Question

logger = logging.getLogger(__name__)

ASK_SECONDS: Final = 5.0
"""No question is put so long after its claim; with the time that one may take that is below a lease."""
OPEN_SECONDS = 10.0
"""No more jobs are taken into a window after so long."""
PORTION: Final = 100
FEW: Final = 2 * AT_ONCE
"""More are taken when so few wait for a place."""
SETTLE_AT: Final = 50
SETTLE_SECONDS = 0.5
"""So many answers, or what came in so long, are settled together."""
TAKE_SECONDS: Final = 0.5
"""Between two looks for jobs that wait, where there were few."""
MONEY_SECONDS: Final = (0.3, 1.0)
"""Money that has waited for so long closes the window, for all workers may be in one. Not the same
for each, as one is enough.
"""


class Window:
    """One worker's questions about jobs of one topic, until it closes and all are settled."""

    def __init__(self, route: registry.Route, asking: registry.Asking) -> None:
        self.route = route
        self.asking = asking
        self.ended = 0
        self.closes_at = time.monotonic() + OPEN_SECONDS
        self.looks_at = 0.0
        self.patience = random.uniform(*MONEY_SECONDS)  # noqa: S311 - spreads work

    def run(self, jobs: list[Job]) -> int:
        """Ask for these jobs, and for those that wait; the number that ended.

        A job that was cut short before stays in the company that it came with. A single question
        is asked in this thread.
        """
        if any(job.attempts > 1 for job in jobs):
            self.closes_at = 0.0
        topic = jobs[0].topic
        questions = self._begin(jobs)
        if len(questions) == 1:
            questions += self._begin(self._more(topic) or [])
        if len(questions) == 1:
            ask(questions[0], self.asking.ask)
            self._settle(questions)
        else:
            self._ask_many(topic, questions)
        return self.ended

    def _ask_many(self, topic: str, questions: list[Question]) -> None:
        with Askers(self.asking.ask) as askers:
            askers.put(questions, seconds=ASK_SECONDS)
            while askers.open:
                told = askers.gather(most=SETTLE_AT, seconds=SETTLE_SECONDS)
                self._settle(told)
                is_away = any(isinstance(one.error, registry.Unreachable) for one in told)
                more = None if is_away else self._more(topic, waiting=askers.waiting)
                if more is None:
                    self.closes_at = 0.0
                    askers.give_up()
                else:
                    askers.put(self._begin(more), seconds=ASK_SECONDS)

    def _more(self, topic: str, *, waiting: int = 0) -> list[Job] | None:
        """Jobs for the places that are free; None when something else comes first by now."""
        now = time.monotonic()
        if now >= self.closes_at:
            return []
        return unless_away(lambda: self._taken(topic, waiting=waiting, now=now), otherwise=None)

    def _taken(self, topic: str, *, waiting: int, now: float) -> list[Job] | None:
        if leases.is_waiting(registry.topics("money"), seconds=self.patience):
            return None
        if waiting >= FEW or now < self.looks_at:
            return []
        jobs = leases.claim_waiting(topic, most=PORTION)
        if len(jobs) < PORTION:
            self.looks_at = now + TAKE_SECONDS
        return jobs

    def _begin(self, jobs: list[Job]) -> list[Question]:
        """The questions that jobs are about; those about nothing are done."""
        begun: list[Question] = []

        def begin(some: list[Job]) -> int:
            questions = self.asking.begin(some)
            asking = {job.pk for question in questions for job in question.jobs}
            ended = self._end([job for job in some if job.pk not in asking], [])
            begun.extend(questions)
            return ended

        if jobs:
            self.ended += leases.attempt(self.route, jobs, begin)
        return begun

    def _settle(self, told: list[Question]) -> None:
        by_job = {job.pk: question for question in told for job in question.jobs}

        def settle(some: list[Job]) -> int:
            wanted = {id(question): question for question in (by_job[job.pk] for job in some)}
            return self._end(some, list(wanted.values()))

        if told:
            jobs = [job for question in told for job in question.jobs]
            self.ended += leases.attempt(self.route, jobs, settle)

    def _end(self, jobs: list[Job], told: list[Question]) -> int:
        """Settle what was told about those of the jobs whose lease is still ours."""
        if not jobs:
            return 0
        failpoint("window.told")
        with transaction.atomic():
            mine = leases.hold(jobs)
            if len(mine) < len(jobs):
                number = len(jobs) - len(mine)
                logger.warning("lease lost", extra={"topic": jobs[0].topic, "number": number})
            left = self._left(mine, told)
            failpoint("window.settled")
            ended = leases.end(mine, left)
        failpoint("window.committed")
        return ended

    def _left(self, mine: list[Job], told: list[Question]) -> Left:
        held = {job.pk for job in mine}
        ours = [one for one in told if any(job.pk in held for job in one.jobs)]
        unasked = [one for one in ours if isinstance(one.error, NotAsked) or is_outage(one.error)]
        answered = [one for one in ours if one not in unasked]
        left = self.asking.settle(answered) if answered else Left()
        later = [*left.later, *(job.pk for one in unasked for job in one.jobs)]
        return Left(later=later, again=left.again, failed=left.failed)
