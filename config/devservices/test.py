"""Run a command against a PostgreSQL and a Valkey of its own: `python -m config.devservices.test -- pytest`.

The servers live in $TRANCHE_HOME/test. Commands that run at the same time share them, and the last
one stops them; `--keep` leaves them running for the next command, `--stop` stops them.
"""

import argparse
import contextlib
import fcntl
import os
import shlex
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import FrameType

from config.devservices.exceptions import Refused, ServerFailed
from config.devservices.places import REPOSITORY, home
from config.devservices.postgres import SUPERUSER, Postgres
from config.devservices.server import Server
from config.devservices.valkey import Valkey


class TestServers:
    """The throw-away servers of one home, and who uses them."""

    __test__ = False

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.postgres = Postgres(folder, durable=False)
        self.valkey = Valkey(folder)
        self.kept = folder / "kept"
        self.users = folder / "users.lock"

    @property
    def servers(self) -> tuple[Server, ...]:
        return (self.postgres, self.valkey)

    @contextlib.contextmanager
    def used(self, *, keep: bool) -> Iterator[dict[str, str]]:
        """The environment of a command that uses them; the last user switches off the light."""
        with self.users.open("a") as users:
            fcntl.flock(users, fcntl.LOCK_SH)
            if keep:
                self.kept.touch()
            try:
                yield self._started()
            finally:
                if not self.kept.exists():
                    self._stop_if_last(users.fileno())

    def stop(self) -> None:
        """Stop them now, whoever uses them."""
        self.kept.unlink(missing_ok=True)
        for server in self.servers:
            server.stop()

    def _started(self) -> dict[str, str]:
        for server in self.servers:
            server.start()
        self.postgres.create_roles_and_database()
        return {
            "DJANGO_SETTINGS_MODULE": "config.settings.test",
            "DATABASE_URL": self.postgres.url(SUPERUSER),
            "REDIS_URL": self.valkey.url,
        }

    def _stop_if_last(self, users: int) -> None:
        with contextlib.suppress(BlockingIOError):
            fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
            self.stop()


def run_command(command: list[str], given: dict[str, str]) -> int:
    """Run `command` and pass on what we are sent: the servers are stopped after it, not under it."""
    environment = {key: value for key, value in os.environ.items() if key != "DATABASE_OWNER_URL"}
    environment |= given
    environment["PATH"] = f"{Path(sys.executable).parent}:{environment.get('PATH', os.defpath)}"
    running: list[subprocess.Popen[bytes]] = []

    def forward(number: int, _frame: FrameType | None) -> None:
        for process in running:
            process.send_signal(number)

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, forward)
    running.append(subprocess.Popen(command, env=environment, preexec_fn=_default_interrupt))
    code = running[0].wait()
    return code if code >= 0 else 128 - code


def _default_interrupt() -> None:
    """The terminal's Ctrl-C is for the command; an ignored signal would stay ignored in it."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def _leave(number: int, _frame: FrameType | None) -> None:
    sys.exit(128 + number)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m config.devservices.test", description=__doc__)
    parser.add_argument("--keep", action="store_true", help="leave the servers running")
    parser.add_argument("--stop", action="store_true", help="stop the servers that were kept")
    parser.add_argument("command", nargs="*", help="what to run; without it, print the environment")
    return parser.parse_args()


def main() -> int:
    options = arguments()
    os.chdir(REPOSITORY)
    signal.signal(signal.SIGTERM, _leave)
    try:
        servers = TestServers(home() / "test")
        if options.stop:
            servers.stop()
            return 0
        with servers.used(keep=options.keep or not options.command) as environment:
            if options.command:
                return run_command(options.command, environment)
            for key, value in environment.items():
                print(f"export {key}={shlex.quote(value)}")
            return 0
    except (Refused, ServerFailed) as problem:
        print(problem, file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
