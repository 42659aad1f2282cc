"""`make run`: servers where none are given, the schema, the demo, and the processes of Tranche."""

import http.client
import os
import signal
import sys
from pathlib import Path

from config.devservices.child import Program
from config.devservices.console import Console
from config.devservices.environment import (
    WEB_POOL,
    chosen_port,
    compose,
    save,
    wants_demo,
    without_owner,
)
from config.devservices.exceptions import Refused, ServerFailed, StopRequested
from config.devservices.instance import Instance
from config.devservices.linux import dying_with
from config.devservices.places import REPOSITORY, home
from config.devservices.postgres import APP_ROLE, OWNER_ROLE, Postgres
from config.devservices.server import START_SECONDS, Server
from config.devservices.supervisor import Supervisor
from config.devservices.valkey import Valkey

PATIENCE_SECONDS = 60.0
NO_WARNING_FOR_ROOT = "ignore::UserWarning:celery.platforms"


def start_servers(supervisor: Supervisor, folder: Path) -> dict[str, str]:
    """PostgreSQL unless DATABASE_URL is set, Valkey unless REDIS_URL is; returns the URLs of what was started."""
    given: dict[str, str] = {}
    if not os.environ.get("REDIS_URL"):
        valkey = Valkey(folder)
        _start(supervisor, valkey)
        given["REDIS_URL"] = valkey.url
    if not os.environ.get("DATABASE_URL"):
        postgres = Postgres(folder)
        _start(supervisor, postgres)
        postgres.create_roles_and_database()
        given["DATABASE_URL"] = postgres.url(APP_ROLE)
        given["DATABASE_OWNER_URL"] = postgres.url(OWNER_ROLE)
    return given


def _start(supervisor: Supervisor, server: Server) -> None:
    server.stop()  # one left by a supervisor that was killed: we hold the lock, so nobody uses it
    child = supervisor.start(Program.of(server))
    if not supervisor.wait_until(server.is_ready, START_SECONDS):
        raise ServerFailed(f"{server.name} does not start: " + " ".join(list(child.lines)[-3:]))


def provision(supervisor: Supervisor, environment: dict[str, str]) -> list[str]:
    """Migrate as owner, grant to the app role, load the demo; returns what there is to tell about it."""
    command = [sys.executable, "manage.py", "provision"]
    if wants_demo():
        command.append("--demo")
    program = Program("provision", tuple(command), environment, restarts=False, is_aloud=False)
    child = supervisor.run_once(program)
    if child.exit_code:
        raise ServerFailed("\n".join(["manage.py provision failed:", *child.lines]))
    return list(child.lines)


def simulator(environment: dict[str, str], instance: Instance) -> list[Program]:
    """The payout simulator, unless somebody names another one with SANDBOX_PAYOUT_URL."""
    port = environment.get("SANDBOX_PAYOUT_PORT")
    if port is None:
        return []
    book = str(instance.home / "simulator" / "book.jsonl")
    hook = f"{instance.address}/api/v1/provider-events/sandbox/"
    module = "config.devservices.simulator"
    command = (sys.executable, "-m", module, port, book, hook)
    return [Program("simulator", command, environment)]


def programs(environment: dict[str, str], instance: Instance) -> list[Program]:
    """Tranche itself; the same four are in the Procfile and in deploy/systemd."""
    python = sys.executable
    celery = (python, "-W", NO_WARNING_FOR_ROOT, "-m", "celery", "-A", "config", "-q")
    # Pages and calls go first when the machine is busy: background work waits a little. No more than
    # that, for money settles there, and a worker that was killed takes seconds of CPU to come back.
    worker = (
        "nice",
        "-n",
        "5",
        *celery,
        "worker",
        "-c",
        "2",
        "-l",
        "WARNING",
        "--without-gossip",
        "--without-mingle",
    )
    schedule = str(instance.home / "beat-schedule")
    beat = (*celery, "beat", "-l", "WARNING", "--pidfile=", "-s", schedule)
    web = (python, "-m", "gunicorn", "-c", "python:config.webserver", "config.wsgi")
    pooled = {"DATABASE_POOL": WEB_POOL, **environment, "PORT": str(instance.port)}
    return [
        Program("web", web, pooled),
        Program("worker", worker, environment),
        Program("relay", (python, "manage.py", "relay"), environment),
        Program("beat", beat, environment),
    ]


def readiness(port: int) -> str:
    """Empty when /readyz says 200, else what it says."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", "/readyz")
        response = connection.getresponse()
        text = response.read(500).decode(errors="replace")
    except (OSError, http.client.HTTPException) as problem:
        return str(problem)
    finally:
        connection.close()
    return "" if response.status == http.HTTPStatus.OK else f"{response.status} {text}"


def run(supervisor: Supervisor, instance: Instance) -> None:
    """The whole life of an installation; ends with StopRequested."""
    say = supervisor.console.say
    say(f"Starting Tranche: data in {instance.home}, logs in {supervisor.logs}")
    environment = compose(instance.home, instance.address, start_servers(supervisor, instance.home))
    save(instance.home, environment)
    for program in simulator(without_owner(environment), instance):
        supervisor.start(program)
    news = provision(supervisor, environment)
    for program in programs(without_owner(environment), instance):
        supervisor.start(program)
    while not supervisor.wait_until(lambda: not readiness(instance.port), PATIENCE_SECONDS):
        say(f"Not ready yet: {readiness(instance.port)}; the logs are in {supervisor.logs}")
    say(f"Tranche is ready: {instance.address}")
    say(f"  Mails are not sent: each is a file in {instance.home / 'mails'}")
    for line in news:
        say(line)
    supervisor.run_forever()


def main() -> int:
    os.chdir(REPOSITORY)
    if "--stop-with-parent" in sys.argv[1:]:
        dying_with(os.getppid(), signal.SIGTERM)()
    try:
        folder = home()
        with (
            Instance(folder, chosen_port()) as instance,
            Supervisor(folder / "logs", Console(sys.stdout.fileno())) as supervisor,
        ):
            try:
                run(supervisor, instance)
            finally:
                instance.mark_stopping()
    except StopRequested:
        return 0
    except (Refused, ServerFailed) as problem:
        print(problem, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
