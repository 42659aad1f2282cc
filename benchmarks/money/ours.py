"""Ours: an invoice is issued and paid from held funds by the public service, single and batch."""

from collections.abc import Sequence

from django.utils import timezone

from benchmarks.money import clients
from benchmarks.money.figures import Sample
from benchmarks.money.stock import Stock
from invoicing.models import Invoice
from wallets.services import milestones_bill

WARM_SINGLE = 20


def bill(milestone_ids: Sequence[int]) -> None:
    """What the jobs of these milestones do, without the jobs."""
    issued = milestones_bill(milestone_ids=milestone_ids, at=timezone.now())
    if len(issued) != len(milestone_ids):
        raise RuntimeError(f"{len(issued)} of {len(milestone_ids)} were invoiced")


def check(milestone_ids: Sequence[int]) -> None:
    """See that all of them were paid too, when the clock has stopped."""
    paid = Invoice.objects.filter(milestone__in=milestone_ids, status="paid").count()
    if paid != len(milestone_ids):
        raise RuntimeError(f"{paid} of {len(milestone_ids)} were settled")


def batch(stock: Stock, *, size: int, each: int, processes: int, postmaster: int) -> Sample:
    """So many batches of this size in each of the processes."""
    ids = stock.take(size * (each + 1) * processes)
    sample = clients.run(
        bill, clients.chunks(ids, size), clients=processes, warm=1, postmaster=postmaster
    )
    check(ids)
    return sample


def single(stock: Stock, *, each: int, processes: int, postmaster: int) -> Sample:
    """So many milestones in each of the processes, one at a time."""
    ids = stock.take((each + WARM_SINGLE) * processes)
    sample = clients.run(
        bill, clients.chunks(ids, 1), clients=processes, warm=WARM_SINGLE, postmaster=postmaster
    )
    check(ids)
    return sample
