import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from config.devservices.postgres import Postgres
from config.devservices.valkey import Valkey

pytestmark = pytest.mark.kill

REPOSITORY = Path(__file__).resolve().parents[2]
READY_SECONDS = 240


class Installation:
    """`make run` without make, in a home and on a port of the test's own."""

    def __init__(self, environment: dict[str, str]) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = int(probe.getsockname()[1])
        self.home = Path(environment["TRANCHE_HOME"])
        environment = {k: v for k, v in environment.items() if k != "DJANGO_SETTINGS_MODULE"}
        self.environment = {**environment, "PORT": str(self.port), "DEMO": "0"}
        self.started: list[subprocess.Popen[str]] = []

    @property
    def ready_line(self) -> str:
        return f"Tranche is ready: http://127.0.0.1:{self.port}"

    def start(self) -> subprocess.Popen[str]:
        self.home.mkdir(parents=True, exist_ok=True)
        with (self.home / "output").open("w") as output:
            process = subprocess.Popen(
                [sys.executable, "-m", "config.devservices.run"],
                cwd=REPOSITORY, env=self.environment, stdout=output, stderr=output, text=True,
                start_new_session=True,
            )  # fmt: skip
        self.started.append(process)
        return process

    def output(self) -> list[str]:
        return (self.home / "output").read_text().splitlines()

    def wait_until_ready(self) -> None:
        deadline = time.monotonic() + READY_SECONDS
        while self.ready_line not in self.output():
            assert time.monotonic() < deadline, "\n".join(self.output())
            assert self.started[-1].poll() is None, "\n".join(self.output())
            time.sleep(0.1)

    def processes(self) -> list[int]:
        """Everything that was started for this home, by whatever parent it has now."""
        mark = f"TRANCHE_HOME={self.home}".encode()
        found = []
        for folder in Path("/proc").glob("[0-9]*"):
            try:
                if mark in (folder / "environ").read_bytes().split(b"\0"):
                    found.append(int(folder.name))
            except OSError:
                continue
        return found

    def wait_until_gone(self) -> None:
        deadline = time.monotonic() + 30
        while self.processes():
            assert time.monotonic() < deadline
            time.sleep(0.1)


@pytest.fixture
def installation(python_environment: dict[str, str]) -> Iterator[Installation]:
    installation = Installation(python_environment)
    yield installation
    for process in installation.started:
        process.kill()
        process.wait()
    installation.wait_until_gone()
    for server in (Postgres(installation.home), Valkey(installation.home)):
        server.stop()
        shutil.rmtree(server.socket_dir, ignore_errors=True)


def test_what_runs_is_unharmed_by_a_second_start_and_by_kill_nine_and_goes_when_asked(
    installation: Installation,
) -> None:
    first = installation.start()
    installation.wait_until_ready()
    with urllib.request.urlopen(f"http://127.0.0.1:{installation.port}/readyz") as answer:
        assert answer.status == 200
    assert installation.output().count(installation.ready_line) == 1

    refused = subprocess.run(
        [sys.executable, "-m", "config.devservices.run"],
        cwd=REPOSITORY, env=installation.environment, capture_output=True, text=True, check=False,
    )  # fmt: skip

    assert (refused.returncode, refused.stdout) == (1, "")
    assert refused.stderr.startswith(f"Tranche already runs on {installation.home} (process ")
    assert refused.stderr.count("\n") == 1
    assert first.poll() is None

    for pid in installation.processes():
        os.kill(pid, signal.SIGKILL)
    first.wait()
    second = installation.start()
    installation.wait_until_ready()
    second.send_signal(signal.SIGTERM)

    assert second.wait(timeout=120) == 0
    assert installation.processes() == []
