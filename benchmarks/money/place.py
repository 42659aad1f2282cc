"""A PostgreSQL, a Valkey and a Django set up for them, with default durability, for one run."""

import os
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import django
from django.db import connection

from benchmarks.installation import REPOSITORY
from config.devservices.environment import compose
from config.devservices.postgres import DATABASE, SUPERUSER, Postgres
from config.devservices.valkey import Valkey

NANOSECONDS = 1e9
WORK = "work"
"""The database of all sections but the large books."""
POLL_SECONDS = 0.01
SETTINGS = {
    "max_connections": "140",
    "shared_buffers": "512MB",
    "max_wal_size": "8GB",
}
"""Room for the data and for 100 clients; whatever makes a commit durable stays as it comes."""


class BenchPostgres(Postgres):
    """The product's server with more memory and connections."""

    def command(self) -> list[str]:
        options = [part for name, value in SETTINGS.items() for part in ("-c", f"{name}={value}")]
        return [*super().command(), *options]


@dataclass
class Place:
    """Where a run happens."""

    home: Path
    server: Postgres
    environment: dict[str, str]
    pgbench: str = field(init=False)

    def __post_init__(self) -> None:
        self.pgbench = self.server.binaries.tool("pgbench")

    @property
    def postmaster(self) -> int:
        return self.server.running_pid() or 0


@contextmanager
def place(home: Path | None) -> Iterator[Place]:
    """Start both servers in an empty directory, or in `home` and keep what is there; stop after."""
    parent = REPOSITORY / ".local"
    parent.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="bench-money-", dir=parent) as folder:
        where = home.resolve() if home else Path(folder)
        where.mkdir(parents=True, exist_ok=True)
        server, valkey = BenchPostgres(where), Valkey(where)
        server.start()
        valkey.start()
        try:
            server.create_roles_and_database()
            started = {"DATABASE_URL": server.url(SUPERUSER), "REDIS_URL": valkey.url}
            for name in ("DATABASE_OWNER_URL", "DJANGO_SETTINGS_MODULE"):
                os.environ.pop(name, None)
            environment = compose(where, "http://127.0.0.1:8000", started)
            environment |= {"LOG_LEVEL": "WARNING", "PYTHONPATH": str(REPOSITORY)}
            environment["SANDBOX_PAYOUT_URL"] = ""  # no simulator runs, so there is no book of it
            os.environ |= environment
            django.setup()
            yield Place(where, server, environment)
        finally:
            valkey.stop()
            server.stop()


def work_in(name: str) -> None:
    """Go on in a new copy of the provisioned, empty database."""
    connection.close()
    connection.settings_dict["NAME"] = "postgres"
    with connection.cursor() as cursor:
        cursor.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        cursor.execute(f"CREATE DATABASE {name} TEMPLATE {DATABASE}")
    connection.close()
    connection.settings_dict["NAME"] = name


class BackendCpu:
    """CPU seconds of the server's processes while the block runs, from schedstat.

    A backend that ends inside is known by its last look, at most a hundredth of a second old.
    """

    def __init__(self, postmaster: int) -> None:
        self._postmaster = postmaster
        self._seen: dict[int, int] = {}
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._poll, daemon=True)
        self.seconds = 0.0
        self.wall = 0.0

    def __enter__(self) -> "BackendCpu":
        self._before = _schedstat(self._postmaster)
        self._began = time.perf_counter()
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.wall = time.perf_counter() - self._began
        self._stop.set()
        self._thread.join()
        self._seen |= _schedstat(self._postmaster)
        spent = sum(ns - self._before.get(pid, 0) for pid, ns in self._seen.items())
        self.seconds = spent / NANOSECONDS

    def _poll(self) -> None:
        while not self._stop.wait(POLL_SECONDS):
            self._seen |= _schedstat(self._postmaster)


def _schedstat(postmaster: int) -> dict[int, int]:
    """Nanoseconds on a CPU by process of the server."""
    try:
        children = Path(f"/proc/{postmaster}/task/{postmaster}/children").read_text().split()
    except OSError:
        return {}
    found = {}
    for pid in children:
        try:
            found[int(pid)] = int(Path(f"/proc/{pid}/schedstat").read_text().split()[0])
        except (OSError, IndexError):
            continue
    return found
