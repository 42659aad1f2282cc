"""`python -m benchmarks.verify`: how long the proof of the books takes, at any number of entries."""

import argparse
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import django
from django.utils import timezone

from config.devservices.postgres import SUPERUSER, Postgres

if TYPE_CHECKING:
    from wallets.integrity import Proof

NEWS = 300
"""Settlements between two incremental runs: one a second."""


def main() -> None:
    """Fill the books once in --home, then measure there as often as it is called."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--entries", type=int, default=300_000)
    parser.add_argument("--home", type=Path, default=Path(".local/bench-verify"))
    options = parser.parse_args()
    server = Postgres(options.home.resolve() / str(options.entries), durable=False)
    server.start()
    server.create_roles_and_database()
    os.environ |= {
        "DJANGO_SETTINGS_MODULE": "config.settings.test",
        "DATABASE_URL": server.url(SUPERUSER),
    }
    try:
        django.setup()
        measure(options.entries, server.running_pid() or 0)
    finally:
        server.stop()


def measure(entries: int, postmaster: int) -> None:
    """The full proof, then incremental ones after some and after no settlements."""
    from django.core.management import call_command  # noqa: PLC0415 - needs Django set up
    from django.db import connection  # noqa: PLC0415

    from benchmarks import books  # noqa: PLC0415
    from wallets import integrity  # noqa: PLC0415
    from wallets.enums import VerificationMode  # noqa: PLC0415
    from wallets.services.anchors import anchor_draft, anchor_keep  # noqa: PLC0415
    from wallets.services.verification import verification_keep  # noqa: PLC0415

    connection.settings_dict["OPTIONS"]["options"] += " -c statement_timeout=0"
    call_command("provision")
    began = time.perf_counter()
    if filled := books.fill(entries):
        print(f"filled {filled} entries in {time.perf_counter() - began:.1f} s", flush=True)

    def keep(mode: VerificationMode, proof: "Proof") -> None:
        at = timezone.now()
        verification_keep(mode=mode, proof=proof, started_at=at, at=at)

    def timed(what: str, prove: "Callable[[], Proof]") -> "Proof":
        return _timed(what, prove, postmaster)

    keep(VerificationMode.FULL, timed("full", integrity.prove))
    books.settle_more(NEWS)
    keep(VerificationMode.RECENT, timed("incremental", integrity.prove_recent))
    timed("incremental, nothing new", integrity.prove_recent)
    began = time.perf_counter()
    anchor_keep(anchor_draft())
    print(f"anchor of all chains: {time.perf_counter() - began:.2f} s")


def _timed(what: str, prove: "Callable[[], Proof]", postmaster: int) -> "Proof":
    before, began = _cpu(postmaster), time.perf_counter()
    proof = prove()
    seconds, cpu = time.perf_counter() - began, _cpu(postmaster) - before
    print(
        f"{what}: {seconds:.2f} s, {cpu:.2f} s of CPU in the database, {proof.checks} checks,"
        f" {proof.entries} entries",
        flush=True,
    )
    for difference in proof.differences[:5]:
        print(f"  {difference}")
    return proof


def _cpu(postmaster: int) -> float:
    """What the server's processes have used, those that ended included: no neighbour can move it."""
    ticks = 0
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            pid, rest = stat.read_text().split(" ", 1)
        except OSError:
            continue
        fields = rest.rpartition(")")[2].split()
        if int(pid) == postmaster:
            ticks += sum(map(int, fields[11:15]))
        elif int(fields[1]) == postmaster:
            ticks += sum(map(int, fields[11:13]))
    return ticks / os.sysconf("SC_CLK_TCK")


if __name__ == "__main__":
    main()
