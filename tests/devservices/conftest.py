"""Servers and processes with homes of their own; nothing here touches Django."""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from config.devservices.postgres import Postgres
from config.devservices.server import Server
from config.devservices.valkey import Valkey


@pytest.fixture
def kill_nine() -> Callable[[Server], int]:
    """What a full machine does to a server; returns the number of the dead process."""

    def kill(server: Server) -> int:
        pid = server.running_pid()
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
        while server.running_pid() == pid:
            time.sleep(0.01)
        return pid

    return kill


@pytest.fixture
def sleeper() -> Iterator[subprocess.Popen[bytes]]:
    """A stranger: some process that nobody here may signal."""
    process = subprocess.Popen(["sleep", "600"])
    yield process
    process.kill()
    process.wait()


@pytest.fixture
def make_postgres(tmp_path: Path) -> Iterator[Callable[..., Postgres]]:
    made: list[Postgres] = []

    def make(*, durable: bool = True) -> Postgres:
        made.append(Postgres(tmp_path, durable=durable))
        return made[-1]

    yield make
    for postgres in made:
        postgres.stop()
        shutil.rmtree(postgres.socket_dir, ignore_errors=True)
        if postgres.folder != tmp_path:
            shutil.rmtree(postgres.folder, ignore_errors=True)


@pytest.fixture
def postgres(make_postgres: Callable[..., Postgres]) -> Postgres:
    return make_postgres()


@pytest.fixture
def valkey(tmp_path: Path) -> Iterator[Valkey]:
    server = Valkey(tmp_path)
    yield server
    server.stop()
    shutil.rmtree(server.socket_dir, ignore_errors=True)


@pytest.fixture
def python_environment(tmp_path: Path) -> dict[str, str]:
    """For a child Python that imports this repository and keeps its data in a directory of the test."""
    repository = Path(__file__).resolve().parents[2]
    unwanted = {"DATABASE_URL", "DATABASE_OWNER_URL", "REDIS_URL", "PORT", "DEMO"}
    kept = {key: value for key, value in os.environ.items() if key not in unwanted}
    return {
        **kept,
        "PYTHONPATH": str(repository),
        "TRANCHE_HOME": str(tmp_path / "home"),
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
    }
