"""`make bench`: the workflow calls under load, and the queue, on the machine at hand."""

import argparse
import os
import statistics
import subprocess
import time

import django

from benchmarks import load
from benchmarks.installation import REPOSITORY, Installation, installation
from benchmarks.machine import described

LIMITS_MS = {20: 150, 100: 600}
IDLE_LIMIT_SECONDS = 1.0
DRAIN_LIMIT = 500.0
IDLE_APPROVALS = 20
WAITING_PROJECTS = 100


def main() -> int:
    """Print the tables and say which limits were missed; their number is the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=40, help="of load for each step")
    parser.add_argument("--users", type=int, nargs="*", default=[20, 100])
    options = parser.parse_args()
    print(described())
    missed: list[str] = []
    with installation() as place:
        for users in options.users:
            missed += _load(place, users=users, seconds=options.seconds)
        missed += _queue(place)
        subprocess.run(
            [".venv/bin/python", "manage.py", "verify_money"],
            cwd=REPOSITORY,
            env={**os.environ, **place.environment},
            check=True,
        )
    for line in missed:
        print(f"MISSED {line}")
    return min(len(missed), 1)


def _load(place: Installation, *, users: int, seconds: float) -> list[str]:
    timings, duration = load.run(place.address, users=users, seconds=seconds)
    print(f"\n{users} users, 1 s between calls, {duration:.0f} s")
    print("| call | p50 ms | p95 ms | p99 ms | calls/s |\n|---|---|---|---|---|")
    missed = []
    for call in timings.seconds:
        row = timings.row(call, duration)
        print("| " + " | ".join(row) + " |")
        limit = LIMITS_MS.get(users)
        if limit and int(row[2]) >= limit:
            missed.append(f"{call} at {users} users: p95 {row[2]} ms, limit {limit} ms")
    print(f"errors: {len(timings.errors)}")
    return missed + [f"error at {users} users: {error}" for error in timings.errors[:5]]


def _queue(place: Installation) -> list[str]:
    os.environ.update(place.environment)
    django.setup()
    from benchmarks import queue  # noqa: PLC0415 - needs Django set up for this installation

    idle = queue.prepare(projects=1, label="idle")[:IDLE_APPROVALS]
    pairs = [queue.approve_one(milestone_id) for milestone_id in idle]
    invoiced = [pair[0] for pair in pairs]
    settled = [pair[1] for pair in pairs]
    print("\nqueue idle, one approval at a time (auto_pay, sandbox)")
    print(f"approval -> invoice: median {_ms(invoiced)}, worst {1000 * max(invoiced):.0f} ms")
    print(f"approval -> wallet:  median {_ms(settled)}, worst {1000 * max(settled):.0f} ms")

    waiting = queue.prepare(projects=WAITING_PROJECTS, label="waiting")
    one = queue.prepare(projects=1, label="behind")[0]
    began = time.perf_counter()
    queue.approve_all(waiting)
    behind = queue.approve_one(one)
    drained = queue.wait_until_settled(waiting, began)
    rate = len(waiting) / drained
    print(f"\n{len(waiting)} approvals waiting: drained in {drained:.1f} s, {rate:.0f}/s")
    print(f"one approval behind them: invoice {behind[0]:.1f} s, wallet {behind[1]:.1f} s")
    missed = []
    if max(invoiced) >= IDLE_LIMIT_SECONDS:
        missed.append(f"idle approval -> invoice {max(invoiced):.2f} s, limit 1 s")
    if rate < DRAIN_LIMIT:
        missed.append(f"drained at {rate:.0f}/s, aim {DRAIN_LIMIT:.0f}/s")
    return missed


def _ms(values: list[float]) -> str:
    return f"{1000 * statistics.median(values):.0f} ms"


if __name__ == "__main__":
    raise SystemExit(main())
