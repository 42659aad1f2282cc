"""`make bench-money`: what the ledger does at all, beside what PostgreSQL and others do here."""

import argparse
import os
import time
from dataclasses import dataclass
from pathlib import Path

from benchmarks import machine
from benchmarks.money.place import place


@dataclass(frozen=True, slots=True)
class Sizes:
    """How much of everything a run does."""

    repeats: int
    batches: int
    singles: int
    raw_clients: tuple[int, ...]
    drain: int
    entries: int
    hordak_entries: int
    flush: int


FULL = Sizes(3, 3, 150, (1, 8, 32, 100), 50_000, 1_000_000, 1_000_000, 150)
QUICK = Sizes(3, 1, 40, (1, 8), 5_000, 50_000, 50_000, 40)
SECTIONS = ("core", "flush", "hordak", "books", "drain")


def main() -> int:
    """Print the tables; 1 when a target was missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="small sizes: three minutes")
    parser.add_argument("--drain", type=int, help="approvals waiting (50,000)")
    parser.add_argument("--entries", type=int, help="of the large books (1,000,000)")
    parser.add_argument("--home", type=Path, help="keep the servers' data there")
    parser.add_argument("--only", choices=SECTIONS, nargs="*", default=SECTIONS)
    options = parser.parse_args()
    sizes = QUICK if options.quick else FULL
    waiting, entries = options.drain or sizes.drain, options.entries or sizes.entries
    load = os.getloadavg()[0]
    print(
        f"{machine.described()}, {time.strftime('%Y-%m-%d', time.gmtime())}, load {load:.1f} before"
    )
    with place(options.home) as where:
        from benchmarks.money import run  # noqa: PLC0415 - needs Django set up for this place

        rows = run.run(where, sizes, waiting=waiting, entries=entries, sections=options.only)
    return 1 if any(row.is_met is False for row in rows) else 0


if __name__ == "__main__":
    raise SystemExit(main())
