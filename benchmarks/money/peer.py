"""django-hordak 2.0 in an environment and a database of its own, and our ledger with the same legs."""

import gc
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from django.db import connection

from benchmarks.installation import REPOSITORY
from benchmarks.money.place import Place
from config.devservices.postgres import SUPERUSER
from wallets import ledger
from wallets.enums import AccountKind
from wallets.ledger import AccountSpec, Settlement

HOME = REPOSITORY / ".local" / "bench-hordak"
PACKAGES = ("django-hordak==2.0.0", "Django==5.2.*", "psycopg[binary]==3.3.*")
DATABASE = "hordak"
PEER = Path(__file__).with_name("peer_script.py")
REPEATS = 3
BATCH = 1000


@dataclass(frozen=True, slots=True)
class Peer:
    """What hordak did: journals a second, and the reads at its size in milliseconds."""

    single: float
    bulk: float
    balance_ms: float
    page_ms: float
    entries: int


@dataclass(frozen=True, slots=True)
class Journals:
    """What our ledger did with the same three legs, through its public functions."""

    single: float
    bulk: float


def theirs(place: Place, *, single: int, bulks: int, entries: int) -> Peer | str:
    """Measure hordak, or the reason why it cannot be measured here."""
    python = HOME / "bin" / "python"
    if reason := _install(python):
        return reason
    with connection.cursor() as cursor:
        cursor.execute(f"DROP DATABASE IF EXISTS {DATABASE}")
        cursor.execute(f"CREATE DATABASE {DATABASE} OWNER {SUPERUSER}")
    arguments = [str(place.server.socket_dir), DATABASE, str(single), str(bulks), str(entries)]
    command = [str(python), str(PEER), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        return done.stderr.strip().splitlines()[-1]
    return Peer(**json.loads(done.stdout.splitlines()[-1]))


def _install(python: Path) -> str:
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", str(HOME)], check=True)
    pip = [str(python), "-m", "pip", "install", "-q", "--disable-pip-version-check", *PACKAGES]
    done = subprocess.run(pip, capture_output=True, text=True, check=False)
    return f"not installed: {done.stderr.strip()[-200:]}" if done.returncode else ""


def ours(*, single: int, bulks: int) -> Journals:
    """The same legs by wallets.ledger, one at a time and 1,000 at once."""
    specs = [
        AccountSpec("provider:bench", AccountKind.OUTSIDE, "USD"),
        AccountSpec("user:1", AccountKind.AVAILABLE, "USD"),
        AccountSpec("platform", AccountKind.FEES, "USD"),
    ]
    accounts = list(ledger.open_accounts(specs).values())
    number = iter(range(10**9))

    def one() -> Settlement:
        about = next(number)
        return Settlement(f"bench:{about}", "bench", about, *accounts, 10_000, 9_500, 500, 9_500)

    ledger.settle(one())
    gc.freeze()
    alone, many = [], []
    for _ in range(REPEATS):
        alone.append(_rate(lambda: ledger.settle(one()), single))
        many.append(
            BATCH * _rate(lambda: ledger.settle_batch([one() for _ in range(BATCH)]), bulks)
        )
    return Journals(statistics.median(alone), statistics.median(many))


def _rate(call: Callable[[], object], times: int) -> float:
    began = time.perf_counter()
    for _ in range(times):
        call()
    return times / (time.perf_counter() - began)
