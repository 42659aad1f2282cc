"""All processes of the product and its servers, as children that one thread kills and restarts."""

import contextlib
import os
import shutil
import signal
import sys
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

import psycopg

from config.devservices.child import Child, Program
from config.devservices.console import Console
from config.devservices.environment import compose, free_port, without_owner
from config.devservices.exceptions import ServerFailed
from config.devservices.instance import Instance
from config.devservices.postgres import APP_ROLE, OWNER_ROLE, SUPERUSER, Postgres
from config.devservices.run import programs, readiness, simulator
from config.devservices.server import START_SECONDS, Server
from config.devservices.supervisor import Supervisor
from config.devservices.valkey import Valkey

READY_SECONDS: Final = 120.0
RESTART_SECONDS: Final = 0.2
SETTINGS: Final = {
    "RATE_LIMIT_CALLS": "1000000",
    "RATE_LIMIT_REGISTER": "100000",
    "RATE_LIMIT_TOKEN": "100000",
    "LOG_LEVEL": "WARNING",
    "COMPARE_PAYOUTS_SECONDS": "15",
}


class Installation:
    """Web, two relays, worker, beat, provider, PostgreSQL and Valkey on a folder of their own."""

    def __init__(self, home: Path, *, switches: str = "", extra: dict[str, str] | None = None):
        self.home = home
        self.instance = Instance(home, free_port())
        self.postgres = Postgres(home)
        self.valkey = Valkey(home)
        self.book = home / "simulator" / "book.jsonl"
        self.children: dict[str, Child] = {}
        self.chosen = {**SETTINGS, **(extra or {})}
        if switches:
            self.chosen |= {"DJANGO_SETTINGS_MODULE": "chaos.settings", "CHAOS_SWITCHES": switches}
        self.environment: dict[str, str] = {}

    def __enter__(self) -> Self:
        self.home.mkdir(parents=True, exist_ok=True)
        self.log = os.open(self.home / "supervisor.log", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        self.supervisor = Supervisor(self.home / "logs", Console(self.log))
        self.supervisor.__enter__()
        try:
            self._start()
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for child in self.supervisor.children:
            child.kill_session()
        self.supervisor.__exit__(kind, error, trace)
        os.close(self.log)
        for server in (self.postgres, self.valkey):
            shutil.rmtree(server.socket_dir, ignore_errors=True)
        if not self.postgres.folder.is_relative_to(self.home):
            shutil.rmtree(self.postgres.folder, ignore_errors=True)

    @property
    def address(self) -> str:
        return self.instance.address

    def look_after(self, seconds: float) -> None:
        """Restart who died, for so long."""
        self.supervisor.wait_until(lambda: False, seconds)

    def wait_until_ready(self) -> None:
        """/readyz says 200."""
        if not self.supervisor.wait_until(lambda: not readiness(self.instance.port), READY_SECONDS):
            raise ServerFailed(f"the installation does not start, its logs are in {self.home}")

    def kill(self, name: str) -> bool:
        """kill -9 of a whole session, if it runs; the supervisor brings it back at once."""
        child = self.children[name]
        child.pause = RESTART_SECONDS
        child.kill_session()
        return child.process is not None

    def pids(self, name: str) -> list[int]:
        """The process and its children."""
        process = self.children[name].process
        if process is None:
            return []
        with contextlib.suppress(OSError):
            text = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text()
            return [process.pid, *map(int, text.split())]
        return []

    def signal(self, pid: int, number: signal.Signals) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)

    def sql(self, statement: str, *arguments: Any) -> list[tuple[Any, ...]]:
        """One statement as superuser, committed; its rows."""
        url = self.postgres.url(SUPERUSER)
        with psycopg.connect(url, autocommit=True, connect_timeout=5) as connection:
            cursor = connection.execute(statement, arguments)
            return cursor.fetchall() if cursor.description else []

    def money_topics(self) -> list[str]:
        """The topics of the lanes that go first, as the product has them."""
        lanes = "*registry.topics('money'), *registry.topics('payouts')"
        code = f"from outbox import registry; print({lanes})"
        failed, lines = self.manage("shell", "--no-imports", "-c", code)
        if failed or not lines:
            raise ServerFailed(f"manage.py shell failed: {lines}")
        return lines[-1].split()

    def manage(self, *arguments: str) -> tuple[int, list[str]]:
        """Exit code and lines of a management command with the application's own rights."""
        command = (sys.executable, "manage.py", *arguments)
        program = Program(
            arguments[0], command, without_owner(self.environment), restarts=False, is_aloud=False
        )
        child = self.supervisor.run_once(program)
        return child.exit_code or 0, list(child.lines)

    def tail(self, name: str, characters: int = 3000) -> str:
        path = self.home / "logs" / f"{name}.log"
        return path.read_text(errors="replace")[-characters:] if path.exists() else ""

    def _start(self) -> None:
        for server in (self.valkey, self.postgres):
            self._serve(server)
        self.postgres.create_roles_and_database()
        given = {
            "DATABASE_URL": self.postgres.url(APP_ROLE),
            "DATABASE_OWNER_URL": self.postgres.url(OWNER_ROLE),
            "REDIS_URL": self.valkey.url,
        }
        self.environment = compose(self.home, self.address, {**self.chosen, **given})
        for program in simulator(without_owner(self.environment), self.instance):
            _, _, module, *arguments = program.command
            command = (sys.executable, "-m", module.replace("config.devservices", "chaos"))
            self._add(replace(program, command=(*command, *arguments)))
        provision = (sys.executable, "manage.py", "provision")
        done = self.supervisor.run_once(
            Program("provision", provision, self.environment, restarts=False, is_aloud=False)
        )
        if done.exit_code:
            raise ServerFailed("\n".join(["manage.py provision failed:", *done.lines]))
        for program in programs(without_owner(self.environment), self.instance):
            self._add(program)
            if program.name == "relay":
                self._add(replace(program, name="relay-2"))
        self.wait_until_ready()

    def _serve(self, server: Server) -> None:
        child = self._add(Program.of(server))
        if not self.supervisor.wait_until(server.is_ready, START_SECONDS):
            raise ServerFailed(f"{server.name} does not start: {' '.join(child.lines)}")

    def _add(self, program: Program) -> Child:
        child = self.children[program.name] = self.supervisor.start(program)
        return child
