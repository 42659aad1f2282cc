"""Ours: an invoice is issued and paid from held funds by the public services, single and batch."""

from collections.abc import Sequence

from django.utils import timezone

from benchmarks.money import clients
from benchmarks.money.figures import Sample
from benchmarks.money.stock import Stock
from invoicing.services import invoices_issue
from wallets.services import held_settle

WARM_SINGLE = 20


def bill(milestone_ids: Sequence[int]) -> None:
    """What the jobs of these milestones do, without the jobs."""
    issued = invoices_issue(milestone_ids=milestone_ids, at=timezone.now())
    paid = held_settle(invoice_ids=issued, at=timezone.now())
    if len(paid) != len(milestone_ids):
        raise RuntimeError(f"{len(paid)} of {len(milestone_ids)} were settled")


def batch(stock: Stock, *, size: int, each: int, processes: int, postmaster: int) -> Sample:
    """So many batches of this size in each of the processes."""
    ids = stock.take(size * (each + 1) * processes)
    return clients.run(
        bill, clients.chunks(ids, size), clients=processes, warm=1, postmaster=postmaster
    )


def single(stock: Stock, *, each: int, processes: int, postmaster: int) -> Sample:
    """So many milestones in each of the processes, one at a time."""
    ids = stock.take((each + WARM_SINGLE) * processes)
    return clients.run(
        bill, clients.chunks(ids, 1), clients=processes, warm=WARM_SINGLE, postmaster=postmaster
    )
