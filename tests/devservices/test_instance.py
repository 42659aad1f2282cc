import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from config.devservices import instance as instance_module
from config.devservices.exceptions import Refused
from config.devservices.instance import Instance

HOLDER = """
import sys, time
from pathlib import Path
from config.devservices.instance import Instance
with Instance(Path(sys.argv[1]), int(sys.argv[2])) as instance:
    print("held", flush=True)
    sys.stdin.readline()
    instance.mark_stopping()
    print("stopping", flush=True)
    time.sleep(1)
"""


@pytest.fixture
def port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def holder(
    tmp_path: Path, port: int, python_environment: dict[str, str]
) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(tmp_path), str(port)],
        env=python_environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    yield process
    process.kill()
    process.communicate()


def test_a_second_instance_on_the_same_data_is_refused_in_one_line(
    tmp_path: Path, port: int, holder: subprocess.Popen[str]
) -> None:
    with pytest.raises(Refused) as refusal, Instance(tmp_path, port + 1):
        pass

    assert str(refusal.value) == (
        f"Tranche already runs on {tmp_path} (process {holder.pid}, http://127.0.0.1:{port}): "
        "stop it, or give this one a TRANCHE_HOME and a PORT of its own."
    )


def test_an_instance_waits_for_the_one_that_is_about_to_leave(
    tmp_path: Path, port: int, holder: subprocess.Popen[str]
) -> None:
    assert holder.stdin is not None
    assert holder.stdout is not None
    holder.stdin.write("stop\n")
    holder.stdin.flush()
    assert holder.stdout.readline() == "stopping\n"

    with Instance(tmp_path, port):
        note = (tmp_path / "run.lock").read_text()

    assert note == f"{os.getpid()}, http://127.0.0.1:{port}"


def test_the_data_of_a_killed_instance_can_be_taken(
    tmp_path: Path, port: int, holder: subprocess.Popen[str]
) -> None:
    holder.kill()
    holder.wait()

    with Instance(tmp_path, port):
        assert (tmp_path / "run.lock").read_text().startswith(f"{os.getpid()},")

    assert (tmp_path / "run.lock").read_text() == ""


def test_two_instances_run_side_by_side(
    tmp_path: Path, port: int, holder: subprocess.Popen[str]
) -> None:
    with Instance(tmp_path / "other", port) as other:
        assert other.address == f"http://127.0.0.1:{port}"


def test_a_taken_port_is_refused_in_one_line(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as stranger:
        port = stranger.getsockname()[1]

        with pytest.raises(Refused) as refusal, Instance(tmp_path, port):
            pass

    assert str(refusal.value) == (
        f"Port {port} is taken by another program: choose a free one, "
        f"for example PORT={port + 1} make run."
    )
    assert (tmp_path / "run.lock").read_text() == ""


def test_the_port_of_a_killed_instance_is_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(instance_module, "PATIENCE_SECONDS", 0.3)
    (tmp_path / "run.lock").write_text("1, http://127.0.0.1:1")
    answers = iter([False, True])
    monkeypatch.setattr(instance_module, "is_free", lambda _port: next(answers))

    with Instance(tmp_path, 8000) as taken:
        assert taken.port == 8000
