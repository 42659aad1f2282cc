"""End to end: approvals waiting, one relay, one worker with two processes, wallets credited."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from django.db import connection, transaction

from benchmarks.installation import REPOSITORY
from benchmarks.money.figures import Sample
from benchmarks.money.place import BackendCpu, Place
from outbox.services import enqueue_many

PROCESSES = 2
LOOK_SECONDS = 0.1
START_SECONDS = 60
PATIENCE_SECONDS = 1200
WAITING = "SELECT count(*) FROM gigs_milestone WHERE id BETWEEN %s AND %s AND status = 'approved'"
MIB = 2**20
TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Drained:
    """The time of a run, and what the worker's processes had resident on the way, in MiB."""

    sample: Sample
    early: float
    late: float
    most: float


def drain(place: Place, ids: Sequence[int]) -> Drained:
    """Queue the approvals in one transaction; the clock runs from its commit to the last wallet."""
    memory: list[float] = []
    with _processes(place) as worker:
        few, ids = ids[:PROCESSES], ids[PROCESSES:]
        _queue(few)
        _wait(few, lambda: None)
        _forget()
        spent = -_cpu(worker)
        with BackendCpu(place.postmaster) as cpu:
            _queue(ids)
            began = time.perf_counter()
            _wait(ids, lambda: memory.append(_resident(worker)))
            wall = time.perf_counter() - began
        spent += _cpu(worker)
    fifth = max(1, len(memory) // 5)
    return Drained(
        Sample(len(ids), wall, cpu.seconds, spent),
        early=max(memory[: 2 * fifth]),
        late=max(memory[-fifth:]),
        most=max(memory),
    )


def _forget() -> None:
    """Leave no work of others in the queue: documents and mails of what was settled before."""
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM outbox_job")
        cursor.execute("VACUUM ANALYZE")


def _queue(ids: Sequence[int]) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "SELECT id, 'mst_' || replace(uuid::text, '-', '') FROM gigs_milestone"
            " WHERE id = ANY(%s) ORDER BY id",
            [list(ids)],
        )
        rows = cursor.fetchall()
        enqueue_many("milestone.approved", [(key, {"milestone": pk}) for pk, key in rows])


def _wait(ids: Sequence[int], look: Callable[[], object]) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    with connection.cursor() as cursor:
        while time.monotonic() < deadline:
            cursor.execute(WAITING, [min(ids), max(ids)])
            if cursor.fetchone()[0] == 0:
                return
            look()
            time.sleep(LOOK_SECONDS)
    raise TimeoutError("the queue was not drained")


@contextmanager
def _processes(place: Place) -> Iterator[int]:
    """A worker that is ready, then a relay; the worker's process id."""
    environment = {**os.environ, **place.environment}
    log = (place.home / "worker.log").open("ab")
    python = [sys.executable, "-m"]
    options = {"cwd": REPOSITORY, "env": environment, "stdout": log, "stderr": log}
    started: list[subprocess.Popen[bytes]] = []
    try:
        worker = [
            *python,
            "celery",
            "-A",
            "config",
            "worker",
            "-c",
            str(PROCESSES),
            "-l",
            "WARNING",
        ]
        started.append(
            subprocess.Popen([*worker, "--without-gossip", "--without-mingle"], **options)
        )
        _until_ready(started[0].pid)
        relay = [sys.executable, "manage.py", "relay"]
        started.append(subprocess.Popen(relay, **options))
        yield started[0].pid
    finally:
        for process in reversed(started):
            process.send_signal(signal.SIGTERM)
        for process in started:
            try:
                process.wait(timeout=30)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        log.close()


def _until_ready(pid: int) -> None:
    deadline = time.monotonic() + START_SECONDS
    while len(_children(pid)) < PROCESSES:
        if time.monotonic() > deadline:
            raise TimeoutError("the worker did not start")
        time.sleep(LOOK_SECONDS)


def _children(pid: int) -> list[int]:
    try:
        return [
            int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        ]
    except OSError:
        return []


def _resident(worker: int) -> float:
    """The largest resident size among the worker's processes, in MiB."""
    page = os.sysconf("SC_PAGE_SIZE")
    sizes = [0.0]
    for pid in _children(worker):
        try:
            sizes.append(int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * page / MIB)
        except (OSError, IndexError):
            continue
    return max(sizes)


def _cpu(worker: int) -> float:
    """CPU seconds of the worker and its processes until now, those that ended included."""
    ticks = 0
    for pid in (worker, *_children(worker)):
        try:
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        ticks += sum(map(int, fields[11 : 15 if pid == worker else 13]))
    return ticks / TICKS
