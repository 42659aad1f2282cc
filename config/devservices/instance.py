"""One running installation on one data directory: its lock and its port."""

import errno
import fcntl
import os
import socket
import time
from pathlib import Path
from types import TracebackType
from typing import Self

from config.devservices.exceptions import Refused

STOPPING = "stopping"
PATIENCE_SECONDS = 25.0
POLL_SECONDS = 0.1


class Instance:
    """Holds a data directory and a port. The lock goes with the process, by whatever death."""

    def __init__(self, home: Path, port: int) -> None:
        self.home = home
        self.port = port

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def __enter__(self) -> Self:
        """Refuse a home or a port in use; wait for a former instance that is about to leave."""
        self.home.mkdir(parents=True, exist_ok=True)
        self._lock = (self.home / "run.lock").open("a+")
        try:
            self._take_home()
            self._take_port(PATIENCE_SECONDS if self._note() else 0)
        except Refused:
            self._lock.close()
            raise
        self._write(f"{os.getpid()}, {self.address}")
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._write("")
        self._lock.close()

    def mark_stopping(self) -> None:
        """Tell the next one that waiting is worth while."""
        self._write(f"{os.getpid()}, {STOPPING}")

    def _take_home(self) -> None:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not self._lock_is_ours():
            holder = self._note()
            if not holder.endswith(STOPPING) or time.monotonic() > deadline:
                raise Refused(
                    f"Tranche already runs on {self.home} (process {holder}): stop it, "
                    "or give this one a TRANCHE_HOME and a PORT of its own."
                )
            time.sleep(POLL_SECONDS)

    def _lock_is_ours(self) -> bool:
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def _take_port(self, patience: float) -> None:
        deadline = time.monotonic() + patience
        while not is_free(self.port):
            if time.monotonic() >= deadline:
                raise Refused(
                    f"Port {self.port} is taken by another program: choose a free one, "
                    f"for example PORT={self.port + 1} make run."
                )
            time.sleep(POLL_SECONDS)

    def _note(self) -> str:
        self._lock.seek(0)
        return self._lock.read().strip()

    def _write(self, note: str) -> None:
        self._lock.truncate(0)
        self._lock.write(note)
        self._lock.flush()


def is_free(port: int) -> bool:
    """Whether a server could listen there."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as problem:
            if problem.errno == errno.EADDRINUSE:
                return False
            raise Refused(f"Port {port} cannot be used: {problem.strerror}.") from problem
    return True
