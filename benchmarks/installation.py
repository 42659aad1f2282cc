"""The product as `make run` starts it, in a data directory of its own, for the time of a run."""

import os
import shlex
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import httpx

REPOSITORY = Path(__file__).resolve().parent.parent
READY_SECONDS = 120
SECRET: Final = "a secret of the benchmark"
NO_CHOICE: Final[Mapping[str, str]] = {}


@dataclass(frozen=True, slots=True)
class Installation:
    """Where it answers, and the environment of commands beside it."""

    address: str
    home: Path
    environment: dict[str, str]


@contextmanager
def moody_provider(port: int) -> Iterator[Mapping[str, str]]:
    """The payout provider of `make chaos`, for the product on that port; what names it there."""
    own = free_port()
    given = {"SANDBOX_PAYOUT_URL": f"http://127.0.0.1:{own}", "SANDBOX_PAYOUT_SECRETS": SECRET}
    hook = f"http://127.0.0.1:{port}/api/v1/provider-events/sandbox/"
    with tempfile.TemporaryDirectory(prefix="tranche-bench-") as folder:
        book = str(Path(folder) / "book.jsonl")
        process = subprocess.Popen(
            [sys.executable, "-m", "chaos.simulator", str(own), book, hook],
            cwd=REPOSITORY,
            env={**os.environ, **given},
        )
        try:
            yield given
        finally:
            process.kill()
            process.wait()


@contextmanager
def installation(*, port: int = 0, given: Mapping[str, str] = NO_CHOICE) -> Iterator[Installation]:
    """Start with default durability, two gunicorn workers and two worker processes; stop after."""
    with tempfile.TemporaryDirectory(prefix="tranche-bench-") as folder:
        home = Path(folder)
        port = port or free_port()
        environment = {
            **os.environ,
            **given,
            "TRANCHE_HOME": folder,
            "PORT": str(port),
            "DEMO": "0",
            "RATE_LIMIT_CALLS": "1000000",
            "RATE_LIMIT_REGISTER": "100000",
            "RATE_LIMIT_TOKEN": "100000",
        }
        for name in ("DATABASE_URL", "DATABASE_OWNER_URL", "REDIS_URL", "DJANGO_SETTINGS_MODULE"):
            environment.pop(name, None)
        log = (home / "make-run.log").open("w")
        process = subprocess.Popen(
            [sys.executable, "-m", "config.devservices.run"],
            cwd=REPOSITORY,
            env=environment,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
        address = f"http://127.0.0.1:{port}"
        try:
            _wait_until_ready(address, process, home)
            yield Installation(address=address, home=home, environment=_saved(home))
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(timeout=60)


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port


def _wait_until_ready(address: str, process: subprocess.Popen[bytes], home: Path) -> None:
    deadline = time.monotonic() + READY_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            break
        try:
            if httpx.get(f"{address}/readyz", timeout=2).status_code == httpx.codes.OK:
                return
        except httpx.HTTPError:
            pass
        time.sleep(0.2)
    sys.exit("The installation did not start:\n" + (home / "make-run.log").read_text()[-4000:])


def _saved(home: Path) -> dict[str, str]:
    pairs = (line.split("=", 1) for line in (home / "env").read_text().splitlines() if line)
    return {name: shlex.split(value)[0] for name, value in pairs}
