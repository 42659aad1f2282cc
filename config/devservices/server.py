"""What PostgreSQL and Valkey have in common: prepared, launched, ready, stopped."""

import contextlib
import os
import signal
import subprocess
import time
from abc import ABC, abstractmethod
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from config.devservices.exceptions import ServerFailed
from config.devservices.linux import command_line
from config.devservices.places import locked

LOG_LIMIT = 5 * 1024 * 1024
LOG_TAIL = 2000
START_SECONDS = 60.0
ORPHAN_SECONDS = 15.0
ORPHAN_POLL_SECONDS = 0.5
STOP_SECONDS = 20.0
POLL_SECONDS = 0.02


class Server(ABC):
    """A server of one data directory, found again by whoever comes next."""

    name: str
    data: Path
    socket_dir: Path
    pid_file: Path
    stop_signals: tuple[signal.Signals, ...] = (signal.SIGTERM,)

    @abstractmethod
    def prepare(self) -> None:
        """Make the data directory fit to start on; harmless when it already is."""

    @abstractmethod
    def command(self) -> list[str]:
        """The arguments of the foreground server."""

    @abstractmethod
    def is_ready(self) -> bool:
        """It answers."""

    @abstractmethod
    def enter(self) -> None:
        """Between fork and exec: become who the server must run as."""

    @property
    def popen_options(self) -> Mapping[str, Any]:
        """What Popen needs beside the arguments."""
        return {"cwd": "/", "stdin": subprocess.DEVNULL}

    @property
    def log(self) -> Path:
        """What a server that was started on its own has to say."""
        return self.data.with_suffix(".log")

    @property
    def start_lock(self) -> Path:
        return self.data.with_suffix(".lock")

    def running_pid(self) -> int | None:
        """The process that serves this data directory. Pid files outlive their writers: a stranger may have the number."""
        try:
            pid = int(self.pid_file.read_text().split()[0])
        except (OSError, ValueError, IndexError):
            return None
        return pid if str(self.data) in command_line(pid) else None

    def start(self) -> None:
        """Have a server running that outlives this process; one that runs already is kept."""
        with locked(self.start_lock):
            process: subprocess.Popen[bytes] | None = None
            began = time.monotonic()
            while not self.is_ready():
                if process is not None and process.poll() is not None:
                    self._give_up_after(ORPHAN_SECONDS, began)
                    time.sleep(ORPHAN_POLL_SECONDS)
                    process = None
                if process is None and self.running_pid() is None:
                    self.prepare()
                    process = self._spawn()
                self._give_up_after(START_SECONDS, began)
                time.sleep(POLL_SECONDS)

    def stop(self) -> None:
        """Ask, ask harder, kill; return when nothing serves this data directory."""
        with locked(self.start_lock):
            for wish in (*self.stop_signals, signal.SIGKILL):
                pid = self.running_pid()
                if pid is None:
                    return
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, wish)
                self._wait_until_gone()

    def log_tail(self) -> str:
        return self.log.read_text(errors="replace")[-LOG_TAIL:] if self.log.exists() else ""

    def _give_up_after(self, seconds: float, began: float) -> None:
        """The orphans of a killed server need a moment to leave its data; a broken one never starts."""
        if time.monotonic() > began + seconds:
            raise ServerFailed(f"{self.name} does not start:\n{self.log_tail()}")

    def _spawn(self) -> subprocess.Popen[bytes]:
        if self.log.exists() and self.log.stat().st_size > LOG_LIMIT:
            self.log.write_text("")
        with self.log.open("ab") as log:
            return subprocess.Popen(
                self.command(), stdout=log, stderr=log, start_new_session=True,
                preexec_fn=self.enter, **self.popen_options,
            )  # fmt: skip

    def _wait_until_gone(self) -> None:
        deadline = time.monotonic() + STOP_SECONDS
        while self.running_pid() is not None and time.monotonic() < deadline:
            time.sleep(POLL_SECONDS)
