"""`python -m benchmarks.documents`: how fast invoices become PDF, UBL and CII, in two processes."""

import argparse
import multiprocessing
import os
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace

import django

from benchmarks.machine import described

RATE_LIMIT = 20.0
"""Invoices a second, by the clock, in both processes together."""


@dataclass(frozen=True, slots=True)
class Share:
    """What one process did, and the CPU that it took."""

    documents: int
    size: int
    cpu_seconds: float


def main() -> int:
    """Print rate and CPU of each document; 1 when the rate is below the limit."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--invoices", type=int, default=500)
    parser.add_argument("--processes", type=int, default=2)
    options = parser.parse_args()
    print(f"{described()}, load {os.getloadavg()[0]:.1f}")
    context = multiprocessing.get_context("spawn")
    with context.Pool(options.processes, initializer=_prepare) as pool:
        pool.map(_nothing, range(options.processes), chunksize=1)
        shares = [
            range(first, options.invoices, options.processes) for first in range(options.processes)
        ]
        began = time.perf_counter()
        done = pool.map(_render, shares, chunksize=1)
        seconds = time.perf_counter() - began
    count = sum(share.documents for share in done)
    rate = count / seconds
    cpu = 1000 * sum(share.cpu_seconds for share in done) / count
    size = sum(share.size for share in done) / count / 1024
    print(f"{count} invoices (PDF, UBL, CII and data) in {seconds:.2f} s")
    print(f"{rate:.1f}/s by the clock, limit {RATE_LIMIT:.0f}/s, ratio {rate / RATE_LIMIT:.2f}")
    print(f"{cpu:.1f} ms of CPU and {size:.0f} KiB for each")
    if rate < RATE_LIMIT:
        print(f"MISSED {rate:.1f}/s, limit {RATE_LIMIT:.0f}/s")
    return int(rate < RATE_LIMIT)


def _prepare() -> None:
    """Set Django up and load the fonts: a worker does it once, for thousands of invoices."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.test")
    django.setup()
    _render(range(1))


def _nothing(process: int) -> None:
    """Ends when one process is prepared."""


def _render(positions: Sequence[int]) -> Share:
    """Invoices of every tax case and currency in turn, no two of them alike."""
    from invoicing.documents.files import files_of  # noqa: PLC0415 - needs Django set up
    from tests.invoicing.documents.cases import CURRENCIES, PAIRS, made  # noqa: PLC0415

    pairs = list(PAIRS)
    documents = [
        replace(
            made(
                pairs[position % len(pairs)],
                str(1000 + position),
                str(position + 1),
                currency=CURRENCIES[position % len(CURRENCIES)],
            ),
            number=f"K7QM-2026-{position + 1:05d}",
        )
        for position in positions
    ]
    began = time.process_time()
    made_files = [files_of(document) for document in documents]
    cpu_seconds = time.process_time() - began
    sizes = [
        len(part)
        for files in made_files
        for part in (files.pdf, files.ubl, files.cii, files.data)
        if part is not None
    ]
    return Share(len(documents), sum(sizes), cpu_seconds)


if __name__ == "__main__":
    raise SystemExit(main())
