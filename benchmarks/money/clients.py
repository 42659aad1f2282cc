"""Processes that call services side by side, each on a connection of its own."""

import gc
import multiprocessing
import time
from collections.abc import Callable, Sequence
from typing import Any

from django.db import connections

from benchmarks.money.figures import Sample
from benchmarks.money.place import BackendCpu

PATIENCE_SECONDS = 600
Work = Callable[[Sequence[int]], None]


def chunks(ids: Sequence[int], size: int) -> list[Sequence[int]]:
    return [ids[start : start + size] for start in range(0, len(ids), size)]


def run(
    work: Work, batches: Sequence[Sequence[int]], *, clients: int, warm: int, postmaster: int
) -> Sample:
    """Deal the batches out to so many processes; time from the first call to the last return.

    Each process does its first `warm` batches before the clock starts. What is loaded by then stays
    out of garbage collection, as in a worker (config/celery.py).
    """
    connections.close_all()
    context = multiprocessing.get_context("fork")
    barrier = context.Barrier(clients + 1)
    queue: Any = context.Queue()
    shares = [batches[place::clients] for place in range(clients)]
    processes = [
        context.Process(target=_client, args=(work, share, warm, barrier, queue), daemon=True)
        for share in shares
    ]
    for process in processes:
        process.start()
    barrier.wait(PATIENCE_SECONDS)
    with BackendCpu(postmaster) as cpu:
        barrier.wait(PATIENCE_SECONDS)
        barrier.wait(PATIENCE_SECONDS)
    done = [queue.get(timeout=PATIENCE_SECONDS) for _ in processes]
    barrier.wait(PATIENCE_SECONDS)
    for process in processes:
        process.join(PATIENCE_SECONDS)
    if any(process.exitcode for process in processes):
        raise RuntimeError("a client failed")
    count = sum(number for number, _ in done)
    return Sample(count, cpu.wall, cpu.seconds, sum(seconds for _, seconds in done))


def _client(
    work: Work, share: Sequence[Sequence[int]], warm: int, barrier: Any, queue: Any
) -> None:
    try:
        for batch in share[:warm]:
            work(batch)
        gc.freeze()
        barrier.wait(PATIENCE_SECONDS)
        barrier.wait(PATIENCE_SECONDS)
        began = time.process_time()
        for batch in share[warm:]:
            work(batch)
        spent = time.process_time() - began
        barrier.wait(PATIENCE_SECONDS)
        queue.put((sum(len(batch) for batch in share[warm:]), spent))
        barrier.wait(PATIENCE_SECONDS)
    except BaseException:
        barrier.abort()
        raise
