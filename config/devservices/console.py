"""The terminal, or whatever stands in for it, and the log files."""

import contextlib
import os
import select
import time
from pathlib import Path

from config.devservices.server import LOG_LIMIT

WRITE_LIMIT = 4000  # a pipe that is writable takes this much without blocking
PATIENCE_SECONDS = 5.0
COLOURS = (36, 32, 33, 35, 34, 31)


class Console:
    """Writes lines to a descriptor that nobody may be reading; it never blocks its owner for long."""

    def __init__(self, descriptor: int) -> None:
        self.descriptor = descriptor
        self.is_terminal = os.isatty(descriptor)
        self.closed = False
        self.colours: dict[str, int] = {}

    def say(self, line: str) -> None:
        """What a person must read: worth waiting a little for the reader."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not self._has_room() and time.monotonic() < deadline:
            time.sleep(0.05)
        self._write(line)

    def relay(self, name: str, line: str) -> None:
        """A line of a child: dropped when the reader is asleep, since the log file has it."""
        if self._has_room():
            self._write(f"{self._label(name)} {line}")

    def _label(self, name: str) -> str:
        label = f"{name:>8} |"
        if not self.is_terminal:
            return label
        colour = self.colours.setdefault(name, COLOURS[len(self.colours) % len(COLOURS)])
        return f"\033[{colour}m{label}\033[0m"

    def _has_room(self) -> bool:
        if self.closed:
            return False
        _, writable, _ = select.select([], [self.descriptor], [], 0)
        return bool(writable)

    def _write(self, line: str) -> None:
        if self.closed:
            return
        try:
            os.write(self.descriptor, line.encode(errors="replace")[:WRITE_LIMIT] + b"\n")
        except OSError:
            self.closed = True


class BoundedLog:
    """An append-only file and its predecessor, each of at most LOG_LIMIT bytes."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self.path = path
        self.handle = path.open("ab", buffering=0)

    def write(self, line: bytes) -> None:
        if self.handle.tell() + len(line) > LOG_LIMIT:
            self.handle.close()
            self.path.replace(self.path.with_suffix(".log.1"))
            self.handle = self.path.open("ab", buffering=0)
        with contextlib.suppress(OSError):
            self.handle.write(line)

    def close(self) -> None:
        self.handle.close()
