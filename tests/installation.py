"""A whole installation for tests: a database, a Valkey and the four processes, to kill at will.

It is what `make run` starts, next to it: the commands, the roles and `manage.py provision` are the
same. Nothing restarts by itself, so that a test decides when a process comes back.
"""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, Self, TypeVar
from urllib.parse import urlsplit

import httpx
import psycopg
import pytest
from psycopg import sql

from config.devservices.child import Program
from config.devservices.environment import compose, without_owner
from config.devservices.instance import Instance
from config.devservices.linux import dying_with
from config.devservices.places import REPOSITORY
from config.devservices.postgres import APP_ROLE, OWNER_ROLE
from config.devservices.run import programs, readiness, simulator
from config.devservices.valkey import Valkey
from tests.template import address, template_owned

READY_SECONDS = 300.0
POLL_SECONDS = 0.05
LOG_TAIL = 4000
T = TypeVar("T")


def eventually(probe: Callable[[], T], *, seconds: float = 30.0) -> T:
    """The first true value of `probe`; fails when there is none in time."""
    deadline = time.monotonic() + seconds
    while not (found := probe()):
        if time.monotonic() > deadline:
            pytest.fail(f"nothing true within {seconds:g} s; the last value was {found!r}")
        time.sleep(POLL_SECONDS)
    return found


class Process:
    """One program in a session of its own; it dies with the tests, and its words are in a file."""

    def __init__(self, program: Program, log: Path) -> None:
        self.program = program
        self.log = log
        self.popen: subprocess.Popen[bytes] | None = None

    @property
    def is_running(self) -> bool:
        return self.popen is not None and self.popen.poll() is None

    def start(self) -> None:
        self.program.prepare()
        wish = dying_with(os.getpid(), self.program.stop_signals[0])

        def before_exec() -> None:
            self.program.enter()
            wish()

        options: dict[str, Any] = {"stdin": subprocess.DEVNULL, **self.program.options}
        if self.program.environment is not None:
            options["env"] = dict(self.program.environment)
        with self.log.open("ab") as log:
            self.popen = subprocess.Popen(
                self.program.command, stdout=log, stderr=log, start_new_session=True,
                preexec_fn=before_exec, **options,
            )  # fmt: skip

    def signal(self, number: signal.Signals) -> None:
        """To the whole session: a pool child or a gunicorn worker is a process like its master."""
        if self.popen is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.popen.pid, number)

    def kill(self) -> None:
        """kill -9 of everything in the session; returns when the leader is gone."""
        self.signal(signal.SIGKILL)
        if self.popen is not None:
            self.popen.wait()

    def tail(self) -> str:
        return self.log.read_text(errors="replace")[-LOG_TAIL:] if self.log.exists() else ""


class Database:
    """A migrated database of its own in the cluster of the tests, owned and used by the two roles."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.server = os.environ["DATABASE_URL"]

    def url(self, role: str) -> str:
        return address(self.server, role=role, database=self.name)

    def create(self) -> None:
        name = sql.Identifier(self.name)
        self._as_superuser(
            sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(name),
            sql.SQL("CREATE DATABASE {} TEMPLATE {} OWNER {}").format(
                name, sql.Identifier(template_owned()), sql.Identifier(OWNER_ROLE)
            ),
            sql.SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(name),
            sql.SQL("GRANT CONNECT ON DATABASE {} TO {}").format(name, sql.Identifier(APP_ROLE)),
        )

    def drop(self) -> None:
        statement = sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)")
        self._as_superuser(statement.format(sql.Identifier(self.name)))

    def run(self, statement: str, *arguments: Any) -> list[tuple[Any, ...]]:
        """One statement as superuser, committed; its rows."""
        with psycopg.connect(
            self.url(urlsplit(self.server).username or ""), autocommit=True
        ) as connection:
            cursor = connection.execute(statement, arguments)
            return cursor.fetchall() if cursor.description else []

    def _as_superuser(self, *statements: sql.Composed) -> None:
        with psycopg.connect(self.server, autocommit=True) as connection:
            for statement in statements:
                connection.execute(statement)


class Installation:
    """Web, worker, relay and beat on a database and a Valkey that nobody else uses."""

    def __init__(self, folder: Path, *, name: str) -> None:
        self.database = Database(f"tranche_{name}_{os.getpid()}")
        self.valkey = Valkey(folder)
        self.instance = Instance(folder, _free_port())
        self.environment = compose(
            folder,
            self.address,
            {
                "DJANGO_SETTINGS_MODULE": "config.settings.dev",
                "DATABASE_URL": self.database.url(APP_ROLE),
                "DATABASE_OWNER_URL": self.database.url(OWNER_ROLE),
                "REDIS_URL": self.valkey.url,
            },
        )
        self.processes: dict[str, Process] = {}

    @property
    def address(self) -> str:
        return self.instance.address

    def __enter__(self) -> Self:
        try:
            self._start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        for process in reversed(self.processes.values()):
            process.kill()
        self.database.drop()
        shutil.rmtree(self.valkey.socket_dir, ignore_errors=True)

    def start(self, name: str) -> None:
        """Start a process again that was killed."""
        self.processes[name].start()

    def restart(self, name: str, **environment: str) -> None:
        """Kill a process and start it with these variables beside its own."""
        process = self.processes[name]
        process.kill()
        known = process.program.environment or {}
        process.program = replace(process.program, environment={**known, **environment})
        process.start()

    def kill(self, name: str) -> None:
        """kill -9."""
        self.processes[name].kill()

    def freeze(self, name: str) -> None:
        """Keep a process from doing anything, so that a kill meets it at a known place."""
        self.processes[name].signal(signal.SIGSTOP)

    def thaw(self, name: str) -> None:
        self.processes[name].signal(signal.SIGCONT)

    def wait_until_ready(self) -> None:
        """/readyz says 200."""
        eventually(lambda: self._is_ready(), seconds=READY_SECONDS)

    def sql(self, statement: str, *arguments: Any) -> list[tuple[Any, ...]]:
        """One statement as superuser, committed; its rows."""
        return self.database.run(statement, *arguments)

    def redis(self, command: str) -> str:
        """The first line that Valkey answers to a command without arguments that need quoting."""
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(5)
            connection.connect(str(self.valkey.socket))
            connection.sendall(f"{command}\r\n".encode())
            return connection.recv(4096).decode().splitlines()[0]

    def manage(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        """A management command with the application's own rights."""
        return self._manage(without_owner(self.environment), *arguments)

    def assert_books_in_order(self) -> None:
        """verify_money finds nothing and says so with its exit code."""
        done = self.manage("verify_money")
        assert (done.returncode, done.stderr) == (0, ""), done.stdout
        assert done.stdout.endswith("checks, 0 differences.\n")

    def log_tails(self) -> str:
        return "\n".join(
            f"--- {name} ---\n{process.tail()}" for name, process in self.processes.items()
        )

    def _start(self) -> None:
        self.database.create()
        self._add(Program.of(self.valkey)).start()
        eventually(self.valkey.is_ready)
        for program in simulator(without_owner(self.environment), self.instance):
            self._add(program).start()
        provisioned = self._manage(self.environment, "provision")
        if provisioned.returncode:
            pytest.fail(f"manage.py provision failed:\n{provisioned.stdout}{provisioned.stderr}")
        for program in programs(without_owner(self.environment), self.instance):
            self._add(program).start()
        self.wait_until_ready()

    def _add(self, program: Program) -> Process:
        process = Process(program, self.instance.home / f"{program.name}.log")
        self.processes[program.name] = process
        return process

    def _is_ready(self) -> bool:
        for name, process in self.processes.items():
            if not process.is_running:
                pytest.fail(f"{name} died\n{self.log_tails()}")
        return not readiness(self.instance.port)

    def _manage(
        self, environment: dict[str, str], *arguments: str
    ) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [sys.executable, "manage.py", *arguments], cwd=REPOSITORY, env=environment,
            capture_output=True, text=True, check=False, timeout=READY_SECONDS,
        )  # fmt: skip


class Person:
    """Somebody who calls the API with a token of their own, each time on a new connection: the
    server may hang up on an idle one just when it is used again.
    """

    def __init__(self, address: str, *, name: str, role: str) -> None:
        self.name = name
        self.email = f"{name.lower().replace(' ', '.')}@example.com"
        self.password = "a long and private sentence"
        unkept = httpx.Limits(max_keepalive_connections=0)
        self.client = httpx.Client(base_url=address, timeout=20, limits=unkept)
        self.registered = self.client.post(
            "/api/v1/auth/register/",
            json={"email": self.email, "password": self.password, "name": name, "role": role},
        )
        signed_in = self.client.post(
            "/api/v1/auth/token/", json={"email": self.email, "password": self.password}
        )
        assert signed_in.status_code == 201, signed_in.text
        self.client.headers["Authorization"] = f"Bearer {signed_in.json()['token']}"
        self.id: str = signed_in.json()["user"]["id"]

    def get(self, path: str, **query: str) -> httpx.Response:
        return self.client.get(path, params=query)

    def read(self, path: str, **query: str) -> Any:
        """The body of a GET that must succeed."""
        response = self.get(path, **query)
        assert response.status_code == 200, response.text
        return response.json()

    def post(self, path: str, body: Any, *, key: str | None = None) -> httpx.Response:
        headers = {"Idempotency-Key": key} if key else {}
        return self.client.post(path, json=body, headers=headers)


def show_logs(item: pytest.Item, report: pytest.TestReport) -> None:
    """Put the ends of the processes' logs below the failure of a test."""
    installation = getattr(item, "funcargs", {}).get("installation")
    if report.failed and installation is not None:
        report.sections.append(("Processes", installation.log_tails()))


@contextlib.contextmanager
def running_installation(factory: pytest.TempPathFactory, *, name: str) -> Iterator[Installation]:
    with Installation(factory.mktemp(name), name=name) as installation:
        yield installation


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
