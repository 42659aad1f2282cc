"""What is done to the processes, in an order that the seed decides."""

import contextlib
import random
import signal
import socket
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

import psycopg

from chaos.installation import Installation

LONGEST_FREEZE: Final = 5.0
TERMINATE: Final = """
SELECT pg_terminate_backend(pid) FROM pg_stat_activity
WHERE pid <> pg_backend_pid() AND usename = 'tranche_app' ORDER BY random() LIMIT 3
"""
BACKENDS: Final = "SELECT pid FROM pg_stat_activity WHERE usename = 'tranche_app'"
Strike = Callable[["Storm"], bool]
"""Whether there was anything to hit: who is just starting again has no children yet."""


@dataclass
class Storm:
    """Strikes one fault after the other, and wakes again who was frozen."""

    installation: Installation
    luck: random.Random
    struck: Counter[str] = field(default_factory=Counter)
    frozen: list[tuple[float, int]] = field(default_factory=list)

    @property
    def kills(self) -> int:
        return sum(count for name, count in self.struck.items() if name not in PAUSES)

    def rage(
        self, *, seconds: float, kills: int, every: float, is_enough: Callable[[], bool]
    ) -> None:
        """Until it is enough; or the time is over, however long that many kills take."""
        until = time.monotonic() + seconds
        names, weights = zip(*((name, weight) for name, (weight, _) in FAULTS.items()), strict=True)
        while (time.monotonic() < until or self.kills < kills) and not is_enough():
            name = self.luck.choices(names, weights)[0]
            self.struck[name] += FAULTS[name][1](self)
            pause = min(self.luck.expovariate(1 / every), 3 * every)
            self._wait(pause)
        self.calm()

    def calm(self) -> None:
        """Wake everybody."""
        self._thaw(time.monotonic() + LONGEST_FREEZE)

    def _wait(self, seconds: float) -> None:
        until = time.monotonic() + seconds
        while True:
            self.installation.look_after(min(0.2, max(0.0, until - time.monotonic())))
            self._thaw(time.monotonic())
            if time.monotonic() >= until:
                return

    def _thaw(self, now: float) -> None:
        for at, pid in self.frozen:
            if at <= now:
                self.installation.signal(pid, signal.SIGCONT)
        self.frozen = [(at, pid) for at, pid in self.frozen if at > now]


def whole(name: str) -> Strike:
    """kill -9 of a session: master, children and all."""
    return lambda storm: storm.installation.kill(name)


def child_of(name: str) -> Strike:
    """kill -9 of one child: a gunicorn worker, a process of the pool."""

    def strike(storm: Storm) -> bool:
        children = storm.installation.pids(name)[1:]
        if children:
            storm.installation.signal(storm.luck.choice(children), signal.SIGKILL)
        return bool(children)

    return strike


def pause(*names: str) -> Strike:
    """SIGSTOP of one process, up to five seconds."""

    def strike(storm: Storm) -> bool:
        pids = storm.installation.pids(storm.luck.choice(names))
        if pids:
            pid = storm.luck.choice(pids)
            storm.installation.signal(pid, signal.SIGSTOP)
            seconds = storm.luck.uniform(0.5, LONGEST_FREEZE)
            storm.frozen.append((time.monotonic() + seconds, pid))
        return bool(pids)

    return strike


def flush(storm: Storm) -> bool:
    """FLUSHALL: whatever was on its way is gone."""
    with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(2)
        connection.connect(str(storm.installation.valkey.socket))
        connection.sendall(b"FLUSHALL\r\n")
        return connection.recv(64).startswith(b"+OK")
    return False


def terminate(storm: Storm) -> bool:
    """pg_terminate_backend of three connections."""
    with contextlib.suppress(psycopg.Error):
        return bool(storm.installation.sql(TERMINATE))
    return False


def crash_backend(storm: Storm) -> bool:
    """kill -9 of one backend: PostgreSQL throws all connections out and recovers."""
    with contextlib.suppress(psycopg.Error):
        pids = [pid for (pid,) in storm.installation.sql(BACKENDS)]
        if pids:
            storm.installation.signal(storm.luck.choice(sorted(pids)), signal.SIGKILL)
            return True
    return False


FAULTS: Final[dict[str, tuple[int, Strike]]] = {
    "web child": (14, child_of("web")),
    "web": (3, whole("web")),
    "pool child": (14, child_of("worker")),
    "worker": (6, whole("worker")),
    "relay": (4, whole("relay")),
    "relay-2": (4, whole("relay-2")),
    "beat": (2, whole("beat")),
    "valkey": (6, whole("valkey")),
    "flushall": (8, flush),
    "provider": (6, whole("simulator")),
    "connections": (6, terminate),
    "backend": (4, crash_backend),
    "postgres": (5, whole("postgres")),
    "freeze": (10, pause("web", "worker", "relay", "relay-2", "valkey", "simulator")),
}
"""Weight and deed of each fault."""
PAUSES: Final = frozenset({"freeze", "connections"})
"""What kills no process."""
