import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

DRIVER = """
import sys
from pathlib import Path
from config.devservices.child import Program
from config.devservices.console import Console
from config.devservices.exceptions import StopRequested
from config.devservices.supervisor import Supervisor

folder = Path(sys.argv[1])
try:
    with Supervisor(folder / "logs", Console(1), grace=2.0) as supervisor:
        for script in sorted(folder.glob("*.py")):
            supervisor.start(Program(script.stem, (sys.executable, "-u", str(script))))
        supervisor.console.say("all started")
        supervisor.run_forever()
except StopRequested:
    sys.exit(0)
"""
STEADY = """
import os, time
print("alive", os.getpid())
time.sleep(600)
"""
STUBBORN_WITH_A_CHILD = """
import os, signal, subprocess, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
print("alive", os.getpid())
helper = subprocess.Popen(["sleep", "600"])
print("alive", helper.pid)
time.sleep(600)
"""
POLITE = """
import os, signal, sys, time
def leave(number, frame):
    time.sleep(0.5)
    print("finished the task")
    sys.exit(0)
signal.signal(signal.SIGTERM, leave)
print("alive", os.getpid())
time.sleep(600)
"""
CHATTY = """
import os
print("alive", os.getpid())
while True:
    print("x" * 1000)
"""


def is_alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state not in {"Z", "X"}


def eventually(condition: Callable[[], bool], seconds: float = 60.0) -> bool:
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


class Household:
    """A supervisor in a process of its own, over scripts written by the test."""

    def __init__(self, folder: Path, environment: dict[str, str]) -> None:
        self.folder = folder
        self.environment = environment
        self.output = folder / "output"

    def start(self, stdout: int | None = None, **scripts: str) -> subprocess.Popen[bytes]:
        for name, script in scripts.items():
            (self.folder / f"{name}.py").write_text(textwrap.dedent(script))
        with self.output.open("wb") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-c", DRIVER, str(self.folder)],
                env=self.environment,
                stdout=output if stdout is None else stdout,
                start_new_session=True,
            )
        for name in scripts:
            assert eventually(lambda name=name: self.pids(name))
        return self.process

    def log(self, name: str) -> str:
        path = self.folder / "logs" / f"{name}.log"
        return path.read_text() if path.exists() else ""

    def pids(self, name: str) -> list[int]:
        lines = [line.split() for line in self.log(name).splitlines() if line.startswith("alive ")]
        return [int(line[1]) for line in lines if len(line) == 2]


@pytest.fixture
def household(tmp_path: Path, python_environment: dict[str, str]) -> Iterator[Household]:
    house = Household(tmp_path, python_environment)
    yield house
    house.process.kill()
    house.process.wait()


def test_a_child_that_dies_is_started_again(household: Household) -> None:
    household.start(steady=STEADY)
    (first,) = household.pids("steady")

    os.kill(first, signal.SIGKILL)

    assert eventually(lambda: len(household.pids("steady")) == 2)
    assert "steady | exited with -9; starting again in 0.5 s" in household.output.read_text()


def test_a_child_that_keeps_dying_is_started_less_and_less_often(household: Household) -> None:
    household.start(steady=STEADY, broken="print('alive', 1); raise SystemExit(3)")

    assert eventually(
        lambda: "exited with 3; starting again in 2 s" in household.output.read_text()
    )

    assert "exited with 3; starting again in 0.5 s" in household.output.read_text()
    assert "exited with 3; starting again in 1 s" in household.output.read_text()
    assert len(household.pids("steady")) == 1


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_stops_everything_that_was_started_and_nothing_else(
    household: Household, number: signal.Signals, sleeper: subprocess.Popen[bytes]
) -> None:
    process = household.start(one=STEADY, two=STEADY)

    process.send_signal(number)

    assert process.wait(timeout=60) == 0
    assert not any(is_alive(pid) for name in ("one", "two") for pid in household.pids(name))
    assert sleeper.poll() is None


def test_a_child_may_finish_what_it_is_doing(household: Household) -> None:
    process = household.start(polite=POLITE)

    process.send_signal(signal.SIGTERM)

    assert process.wait(timeout=60) == 0
    assert household.log("polite").endswith("finished the task\n")


def test_a_child_that_will_not_stop_is_killed_with_all_its_own(household: Household) -> None:
    process = household.start(stubborn=STUBBORN_WITH_A_CHILD)
    assert eventually(lambda: len(household.pids("stubborn")) == 2)

    process.send_signal(signal.SIGTERM)

    assert process.wait(timeout=60) == 0
    assert "stubborn did not stop in 2 s: killing it" in household.output.read_text()
    assert not any(is_alive(pid) for pid in household.pids("stubborn"))


def test_kill_nine_of_the_supervisor_leaves_no_child(household: Household) -> None:
    process = household.start(one=STEADY, two=STEADY)

    process.kill()
    process.wait()

    assert eventually(
        lambda: not any(is_alive(pid) for name in ("one", "two") for pid in household.pids(name))
    )


def test_what_a_dead_leader_left_behind_is_killed_before_the_restart(household: Household) -> None:
    household.start(stubborn=STUBBORN_WITH_A_CHILD)
    assert eventually(lambda: len(household.pids("stubborn")) == 2)
    leader, helper = household.pids("stubborn")

    os.kill(leader, signal.SIGKILL)

    assert eventually(lambda: len(household.pids("stubborn")) == 4)
    assert not is_alive(helper)


def test_a_reader_that_sleeps_holds_up_nobody(household: Household) -> None:
    reading, writing = os.pipe()
    process = household.start(writing, chatty=CHATTY, steady=STEADY)
    os.close(writing)
    (first,) = household.pids("steady")

    os.kill(first, signal.SIGKILL)

    assert eventually(lambda: len(household.pids("steady")) == 2)
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=60) == 0
    os.close(reading)


def test_logs_are_bounded(household: Household) -> None:
    household.start(chatty=CHATTY)
    logs = household.folder / "logs"

    assert eventually(lambda: (logs / "chatty.log.1").exists(), 60)

    sizes = [path.stat().st_size for path in logs.iterdir()]
    assert len(sizes) == 2
    assert max(sizes) <= 5 * 1024 * 1024
