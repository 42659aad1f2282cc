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
        measure(options.entries)
    finally:
        server.stop()


def measure(entries: int) -> None:
    """The full proof, then incremental ones after some and after no settlements."""
    from django.core.management import call_command  # noqa: PLC0415 - needs Django set up
    from django.db import connection  # noqa: PLC0415

    from benchmarks import books  # noqa: PLC0415
    from wallets import integrity  # noqa: PLC0415
    from wallets.enums import VerificationMode  # noqa: PLC0415
    from wallets.services.verification import verification_keep  # noqa: PLC0415

    connection.settings_dict["OPTIONS"]["options"] += " -c statement_timeout=0"
    call_command("provision")
    began = time.perf_counter()
    if filled := books.fill(entries):
        print(f"filled {filled} entries in {time.perf_counter() - began:.1f} s", flush=True)

    def keep(mode: VerificationMode, proof: "Proof") -> None:
        at = timezone.now()
        verification_keep(mode=mode, proof=proof, started_at=at, at=at)

    keep(VerificationMode.FULL, _timed("full", integrity.prove))
    books.settle_more(NEWS)
    keep(VerificationMode.RECENT, _timed("incremental", integrity.prove_recent))
    _timed("incremental, nothing new", integrity.prove_recent)


def _timed(what: str, prove: "Callable[[], Proof]") -> "Proof":
    began = time.perf_counter()
    proof = prove()
    seconds = time.perf_counter() - began
    print(f"{what}: {seconds:.2f} s, {proof.checks} checks, {proof.entries} entries", flush=True)
    for difference in proof.differences[:5]:
        print(f"  {difference}")
    return proof


if __name__ == "__main__":
    main()
