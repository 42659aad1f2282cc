"""Mails and documents that wait beside withdrawals, and approvals that come meanwhile."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from django.db import connection
from django.urls import reverse

from accounts.services.mail import Amount, Mail, mail_enqueue_many
from benchmarks import queue
from benchmarks.withdrawals import AMOUNT_MINOR, Owner
from outbox import registry
from outbox.models import Job

MAILS_FOR_EACH_DOCUMENT: Final = 12
"""As many as wait at the end of a run under fire."""
APPROVALS: Final = 50
EVERY: Final = 2.0


@dataclass(frozen=True, slots=True)
class Papers:
    """Milestones: those whose invoices will want documents, and those approved one at a time."""

    invoiced: list[int]
    single: list[int]


def prepare(mails: int) -> Papers | None:
    """The work that documents will be about; None without mails."""
    if not mails:
        return None
    projects = -(-mails // MAILS_FOR_EACH_DOCUMENT // queue.TASKS)
    ids = queue.prepare(projects=projects + 1, label="paper")
    return Papers(ids[APPROVALS:][: mails // MAILS_FOR_EACH_DOCUMENT], ids[:APPROVALS])


def ask_for(papers: Papers | None, owners: list[Owner], mails: int) -> None:
    """Leave so many mails, and approvals that leave documents, to be done."""
    if papers is None:
        return
    context = {
        "amount": Amount(AMOUNT_MINOR, "USD"),
        "method": "a bank account",
        "path": reverse("wallets:wallet"),
    }
    mail_enqueue_many(
        Mail.WITHDRAWAL_REQUESTED,
        [
            (owners[number % len(owners)].user, f"bench-{number}", context)
            for number in range(mails)
        ],
    )
    queue.approve_all(papers.invoiced)


def left() -> int:
    """Jobs of the default lane that are not done."""
    return Job.objects.pending().filter(topic__in=registry.topics("default")).count()


@contextmanager
def approvals(papers: Papers | None) -> Iterator[list[float]]:
    """Approve one milestone after the other; how long each took to reach its wallet."""
    took: list[float] = []
    over = threading.Event()

    def approve() -> None:
        try:
            for milestone in papers.single if papers else ():
                took.append(queue.approve_one(milestone)[1])
                if over.wait(EVERY):
                    return
        finally:
            connection.close()

    thread = threading.Thread(target=approve)
    thread.start()
    try:
        yield took
    finally:
        over.set()
        thread.join()
