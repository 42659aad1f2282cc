"""`python -m benchmarks.payouts`: how long withdrawals take that wait for a provider, all at once."""

import argparse
import contextlib
import os
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import django
from django.db import transaction

from benchmarks.installation import (
    NO_CHOICE,
    Installation,
    free_port,
    installation,
    moody_provider,
)
from benchmarks.machine import described

LIMIT_SECONDS: Final = 60.0
PATIENCE_SECONDS: Final = 600.0
EVERY: Final = 5.0
MOODY: Final = 33
"""Of a hundred withdrawals so many go wrong with the provider of `make chaos`."""
TICKS: Final = os.sysconf("SC_CLK_TCK")
PARTS: Final = {
    "web": "gunicorn",
    "worker": "celeryd",
    "relay": "manage.py relay",
    "provider": ".simulator ",
    "postgres": "postgres",
    "valkey": "valkey",
}
"""Parts of the product, and what the command line of their processes has in it."""


@dataclass(frozen=True, slots=True)
class Process:
    """A running one, and the CPU of itself and its ended children."""

    parent: int
    seconds: float
    command: str


def main() -> int:
    """Print how many came to their end when; 1 when it took longer than the limit."""
    options = _arguments()
    count, trouble = options.withdrawals, MOODY if options.moods else options.trouble
    print(f"{described()}, load {os.getloadavg()[0]:.1f}")
    with _product(has_moods=options.moods) as place:
        os.environ.update(place.environment)
        django.setup()
        from benchmarks import paperwork, withdrawals  # noqa: PLC0415 - needs Django set up

        owners = withdrawals.prepare(-(-count // withdrawals.OWNERS))
        papers = paperwork.prepare(options.paperwork)
        withdrawals.wait_until_idle()
        with transaction.atomic():
            paperwork.ask_for(papers, owners, options.paperwork)
            withdrawals.request_all(owners, count, 0 if options.moods else trouble)
        used = _cpu_seconds()
        with paperwork.approvals(papers) as approved:
            most, seconds = _watch(count, trouble)
        spent = _cpu_seconds()
        left = paperwork.left()
    print(f"{count} withdrawals, {trouble} % in trouble: {seconds:.1f} s, {count / seconds:.0f}/s")
    print(f"without as many as are in trouble: {most:.1f} s")
    print(f"paperwork left: {left}; load {os.getloadavg()[0]:.1f}")
    if approved:
        words = f"{sorted(approved)[len(approved) // 2]:.1f} s, worst {max(approved):.1f} s"
        print(f"approval to wallet meanwhile: {words}, of {len(approved)}")
    each = {name: 1000 * (spent[name] - used[name]) / count for name in PARTS}
    print("CPU for each: " + ", ".join(f"{name} {value:.1f} ms" for name, value in each.items()))
    if seconds > LIMIT_SECONDS:
        print(f"MISSED {seconds:.1f} s, limit {LIMIT_SECONDS:.0f} s")
    return int(seconds > LIMIT_SECONDS)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--withdrawals", type=int, default=3000)
    parser.add_argument("--trouble", type=int, default=0, help="so many in a hundred go wrong")
    parser.add_argument(
        "--moods", action="store_true", help="with the provider of `make chaos` instead"
    )
    parser.add_argument(
        "--paperwork",
        type=int,
        default=0,
        help="so many mails wait too, a twelfth as many documents, and approvals come meanwhile",
    )
    return parser.parse_args()


@contextlib.contextmanager
def _product(*, has_moods: bool) -> Iterator[Installation]:
    port = free_port()
    with contextlib.ExitStack() as stack:
        given = stack.enter_context(moody_provider(port)) if has_moods else NO_CHOICE
        yield stack.enter_context(installation(port=port, given=given))


def _watch(count: int, trouble: int) -> tuple[float, float]:
    """Seconds until all were at their end but as many as are in trouble, and until all were."""
    from benchmarks import withdrawals  # noqa: PLC0415

    began, most, shown = time.perf_counter(), 0.0, 0.0
    while True:
        statuses = withdrawals.statuses()
        left, now = withdrawals.left(statuses), time.perf_counter() - began
        if not most and left <= count * trouble / 100:
            most = now
        if now >= shown:
            print(f"{now:6.1f} s  {dict(statuses)}", flush=True)
            shown = now + EVERY
        if not left or now > PATIENCE_SECONDS:
            return most, now
        time.sleep(0.1)


def _cpu_seconds() -> Counter[str]:
    """CPU of the product by part: of all processes below this one."""
    running: dict[int, Process] = {}
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            command = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode()
            fields = (folder / "stat").read_text().rpartition(")")[2].split()
            ticks = sum(map(int, fields[11:15]))
            running[int(folder.name)] = Process(int(fields[1]), ticks / TICKS, command)
    found: Counter[str] = Counter()
    for pid, process in running.items():
        if os.getpid() in _ancestors(pid, running):
            found[_part_of(process)] += process.seconds
    return found


def _part_of(process: Process) -> str:
    return next((name for name, mark in PARTS.items() if mark in process.command), "other")


def _ancestors(pid: int, running: dict[int, Process]) -> Iterator[int]:
    while pid in running:
        pid = running[pid].parent
        yield pid


if __name__ == "__main__":
    raise SystemExit(main())
