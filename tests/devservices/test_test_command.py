import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from config.devservices.test import TestServers

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def servers(python_environment: dict[str, str]) -> Iterator[TestServers]:
    servers = TestServers(Path(python_environment["TRANCHE_HOME"]) / "test")
    yield servers
    servers.stop()
    for server in servers.servers:
        shutil.rmtree(server.socket_dir, ignore_errors=True)


@pytest.fixture
def run(python_environment: dict[str, str], servers: TestServers) -> Run:
    def run_command(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "config.devservices.test", *arguments],
            env=python_environment, capture_output=True, text=True, check=False,
        )  # fmt: skip

    return run_command


def test_the_command_finds_its_servers_and_its_exit_code_is_kept(
    run: Run, servers: TestServers
) -> None:
    script = (
        "import os, sys; print(os.environ['DATABASE_URL'], os.environ['REDIS_URL']); sys.exit(7)"
    )

    done = run("--", "python", "-c", script)

    assert done.stdout == f"{servers.postgres.url('postgres')} {servers.valkey.url}\n"
    assert done.returncode == 7
    assert servers.postgres.running_pid() is None
    assert servers.valkey.running_pid() is None


def test_servers_that_are_kept_serve_the_next_command(run: Run, servers: TestServers) -> None:
    run("--keep", "--", "true")
    kept = servers.postgres.running_pid()

    run("--", "true")

    assert kept is not None
    assert servers.postgres.running_pid() == kept
    assert run("--stop").returncode == 0
    assert servers.postgres.running_pid() is None


def test_a_command_that_ends_leaves_the_servers_to_another_that_runs(
    run: Run, servers: TestServers
) -> None:
    inner = f"{sys.executable} -m config.devservices.test -- true"
    check = "import os, socket; s = socket.socket(socket.AF_UNIX); s.connect(os.environ['REDIS_URL'][7:-5])"

    done = run("--", "sh", "-c", f'{inner} && python -c "{check}"')

    assert (done.returncode, done.stderr) == (0, "")
    assert servers.valkey.running_pid() is None


def test_without_a_command_it_prints_the_environment(run: Run, servers: TestServers) -> None:
    done = run()

    assert done.stdout.splitlines() == [
        "export DJANGO_SETTINGS_MODULE=config.settings.test",
        f"export DATABASE_URL='{servers.postgres.url('postgres')}'",
        f"export REDIS_URL='{servers.valkey.url}'",
    ]
