"""One program under supervision: its process, its lines, its back-off."""

import contextlib
import os
import signal
import subprocess
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import IO, Any

from config.devservices.linux import ON_LINUX, dying_with
from config.devservices.server import Server

FIRST_PAUSE = 0.5
LONGEST_PAUSE = 30.0
HEALTHY_SECONDS = 30.0
READ_SIZE = 65536
LONGEST_LINE = 65536
LINES_KEPT = 50


def nothing() -> None:
    """The step that is not needed."""


@dataclass(frozen=True)
class Program:
    """What to run and how to stop it."""

    name: str
    command: tuple[str, ...]
    environment: Mapping[str, str] | None = None
    stop_signals: tuple[signal.Signals, ...] = (signal.SIGTERM,)
    enter: Callable[[], None] = nothing
    prepare: Callable[[], None] = nothing
    options: Mapping[str, Any] = field(default_factory=dict)
    restarts: bool = True
    is_aloud: bool = True
    is_server: bool = False

    @classmethod
    def of(cls, server: Server) -> "Program":
        """An embedded server, whose chatter belongs in its log."""
        return cls(
            name=server.name,
            command=tuple(server.command()),
            stop_signals=server.stop_signals,
            enter=server.enter,
            prepare=server.prepare,
            options=server.popen_options,
            is_aloud=False,
            is_server=True,
        )


class Child:
    """Runs a program in a session of its own, so that the terminal's Ctrl-C reaches only the supervisor."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.process: subprocess.Popen[bytes] | None = None
        self.exit_code: int | None = None
        self.started_at = 0.0
        self.restart_at: float | None = None
        self.pause = FIRST_PAUSE
        self.has_closed_output = False
        self.lines: deque[str] = deque(maxlen=LINES_KEPT)
        self._partial = b""

    @property
    def output(self) -> IO[bytes]:
        if self.process is None or self.process.stdout is None:
            raise ValueError(f"{self.program.name} is not running")
        return self.process.stdout

    def start(self) -> None:
        self.program.prepare()
        wish = dying_with(os.getpid(), self.program.stop_signals[0])

        def before_exec() -> None:
            self.program.enter()
            wish()

        options = {"stdin": subprocess.DEVNULL, **self.program.options}
        if self.program.environment is not None:
            options["env"] = dict(self.program.environment)
        self.process = subprocess.Popen(
            self.program.command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, bufsize=0,
            start_new_session=True, preexec_fn=before_exec, **options,
        )  # fmt: skip
        os.set_blocking(self.output.fileno(), False)
        self.exit_code, self.restart_at, self.started_at = None, None, time.monotonic()
        self.lines.clear()

    def read_lines(self) -> list[bytes]:
        """Whole lines that have arrived. Half a line waits, unless it is too long."""
        arrived: bytes | None = self.output.read(READ_SIZE)
        self.has_closed_output = arrived == b""
        *lines, self._partial = (self._partial + (arrived or b"")).split(b"\n")
        if len(self._partial) > LONGEST_LINE or (self.has_closed_output and self._partial):
            lines.append(self._partial)
            self._partial = b""
        self.lines.extend(line.decode(errors="replace") for line in lines)
        return lines

    def has_died(self) -> bool:
        """Whether it ended since it was started. Its number is still its own until `bury`."""
        if self.process is None:
            return False
        if not ON_LINUX:
            return self.process.poll() is not None
        ended = os.waitid(os.P_PID, self.process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT)
        return ended is not None

    def bury(self) -> None:
        """Give the number back."""
        if self.process is None:
            return
        self.exit_code = self.process.wait()
        self.output.close()
        self.process = None

    def signal(self, number: signal.Signals) -> None:
        """The leader only: Celery and gunicorn tell their own children, at the right moment."""
        if self.process is not None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.process.pid, number)

    def kill_session(self) -> None:
        if self.process is not None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self.process.pid, signal.SIGKILL)

    def plan_restart(self) -> float:
        """Soon after a long life, later and later after short ones. Returns the pause."""
        if time.monotonic() - self.started_at > HEALTHY_SECONDS:
            self.pause = FIRST_PAUSE
        pause = self.pause
        self.restart_at = time.monotonic() + pause
        self.pause = min(self.pause * 2, LONGEST_PAUSE)
        return pause
