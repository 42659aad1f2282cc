"""`python -m chaos`: run the product, kill it, and prove that no cent was lost. Exit 1 if one was."""

import argparse
import contextlib
import os
import random
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Final

import psycopg

from chaos import oracle
from chaos.callers import Caller, Log
from chaos.clients import THINKING, Client, Pair
from chaos.faults import Storm
from chaos.installation import Installation
from chaos.oracle import Verdict
from config.devservices.console import Console
from config.devservices.places import REPOSITORY

CLIENTS: Final = 20
MINUTES: Final = 3
KILLS: Final = 60
EVERY: Final = 1.9
QUIET_SECONDS: Final = 300.0
PATIENCE_SECONDS: Final = 90.0
CONTROLS: Final = {
    "sweeper-off": "stuck",
    "new-key": "twice",
    "timeout-fails": "twice",
    "resend-fails": "twice",
    "no-lease": "twice",
}
"""What is taken away, and what it must come to."""
CONTROL_SECONDS: Final = 180.0
CONTROL_WITHDRAWALS: Final = 120
CONTROL_FAULTS: Final = 20
"""At least: a quick machine has asked for the withdrawals before anything was killed."""
CONTROL_EVERY: Final = 2.5
CONTROL_QUIET_SECONDS: Final = 60.0
SHOWN: Final = 50
PREFIX: Final = "tranche-chaos-"


@dataclass(frozen=True, slots=True)
class Plan:
    """How long, how hard, with which luck, and what is taken away."""

    seconds: float
    every: float
    seed: int
    switches: str = ""
    quiet_seconds: float = QUIET_SECONDS
    paper_seconds: float = 0.0
    withdrawals: float = float("inf")
    faults: int = 0
    kills: int = 0
    thinking: float = THINKING


@dataclass
class Report:
    """What a run was like."""

    plan: Plan
    struck: Counter[str]
    kills: int
    log: Log
    settle_seconds: float
    quiet_seconds: float
    verdict: Verdict
    stormed_seconds: float
    backlog: Counter[str]
    slowest: list[str]
    paperwork: int

    @property
    def acknowledged(self) -> str:
        kinds = Counter(entry.kind for entry in self.log.acknowledged)
        return f"{kinds.total()} acknowledged ({_counted(kinds)})"

    def lines(self) -> list[str]:
        return [
            f"seed            {self.plan.seed}",
            f"under fire      {self.stormed_seconds:.0f} s, {CLIENTS} clients",
            f"kills           {self.kills} ({_counted(self.struck)})",
            f"operations      {self.acknowledged}",
            f"retried         {self.log.retries.total()} ({_counted(self.log.retries)})",
            f"refused         {self.log.refused.total()} ({_counted(self.log.refused)})",
            f"asked again     {self.log.replays}",
            f"missing         {len(self.verdict.missing)}",
            f"stuck           {len(self.verdict.stuck)}",
            f"done twice      {len(self.verdict.twice)}",
            f"in the books    {len(self.verdict.books)} differences",
            f"clearing        {self.verdict.clearing}",
            f"bank - provider {self.verdict.bank_difference}",
            f"backlog         {_counted(self.backlog)}, when the fire ended",
            f"settled after   {self.settle_seconds:.1f} s",
            f"quiet after     {self.quiet_seconds:.1f} s",
            f"paperwork left  {self.paperwork}",
            *(f"slow            {words}" for words in self.slowest),
        ]


def _counted(counter: Counter[str]) -> str:
    return ", ".join(f"{name} {count}" for name, count in counter.most_common())


def run(plan: Plan, home: Path, say: Console) -> Report:
    """One installation from its first breath to the verdict."""
    luck = random.Random(plan.seed)
    began = time.monotonic()
    with Installation(home, switches=plan.switches) as installation:
        log = Log()
        topics = installation.money_topics()
        clients = _clients(installation, log, plan)
        say.say(f"ready after {time.monotonic() - began:.0f} s; seed {plan.seed}")
        stormed, storm = time.monotonic(), Storm(installation, luck)
        _rage(storm, clients, log, plan)
        over, over_at = time.monotonic(), datetime.now(UTC)
        log.patient_until = over + PATIENCE_SECONDS
        _stop(clients, installation)
        waiting = partial(oracle.waiting, installation, topics)
        quiet = _until_none(installation, waiting, over, plan.quiet_seconds)
        say.say(f"quiet after {quiet:.1f} s")
        left = partial(oracle.paperwork, installation, topics)
        _until_none(installation, left, time.monotonic(), plan.paper_seconds)
        verdict = oracle.judge(installation, log, topics)
        return Report(
            plan=plan,
            struck=storm.struck,
            kills=storm.kills,
            log=log,
            settle_seconds=oracle.settled_after(installation, over_at),
            quiet_seconds=quiet,
            verdict=verdict,
            stormed_seconds=over - stormed,
            backlog=oracle.backlog(installation, over_at),
            slowest=oracle.slowest(installation, topics),
            paperwork=left(),
        )


def _clients(installation: Installation, log: Log, plan: Plan) -> list[Client]:
    """Twenty, two for each pair of people. Made by a few threads, while the children are watched."""
    pairs: dict[int, Pair] = {}

    def make(number: int) -> None:
        people = [
            Caller(installation.address, log, email=f"{role}-{number}@chaos.example", role=role)
            for role in ("commissioner", "freelancer")
        ]
        pair = Pair(*people)
        pair.prepare(f"{plan.seed}-{number}")
        pairs[number] = pair

    threads = [threading.Thread(target=make, args=(n,), daemon=True) for n in range(CLIENTS // 2)]
    for thread in threads:
        thread.start()
    installation.supervisor.wait_until(lambda: not any(t.is_alive() for t in threads), 120)
    if len(pairs) < CLIENTS // 2:
        raise RuntimeError(f"the people did not get ready; logs in {installation.home}")
    return [
        Client(
            pairs[number // 2],
            log,
            name=f"client-{number}",
            luck=random.Random(f"{plan.seed}:{number}"),
            thinking=plan.thinking,
        )
        for number in range(CLIENTS)
    ]


def _rage(storm: Storm, clients: Sequence[Client], log: Log, plan: Plan) -> None:
    for client in clients:
        client.start()
    storm.rage(
        seconds=plan.seconds,
        kills=plan.kills,
        every=plan.every,
        is_enough=partial(_enough, log, storm, plan),
    )


def _stop(clients: Sequence[Client], installation: Installation) -> None:
    """Let each come to the end of its step."""
    for client in clients:
        client.stopping.set()
    installation.supervisor.wait_until(
        lambda: not any(client.is_alive() for client in clients), PATIENCE_SECONDS + 30
    )


def _enough(log: Log, storm: Storm, plan: Plan) -> bool:
    """Whether so much was done and asked for that a missing guarantee has shown."""
    asked = sum(entry.kind == "withdraw" for entry in list(log.acknowledged))
    return asked >= plan.withdrawals and storm.struck.total() >= plan.faults


def _until_none(
    installation: Installation, left: Callable[[], object], since: float, patience: float
) -> float:
    """Seconds since then until nothing is left, or until there is no more patience."""
    while time.monotonic() < since + patience:
        installation.look_after(0.5)
        with contextlib.suppress(psycopg.Error):
            if not left():
                break
    return time.monotonic() - since


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m chaos", description=__doc__)
    minutes = float(os.environ.get("CHAOS_MINUTES") or MINUTES)
    parser.add_argument("--seconds", type=float, default=60 * minutes, help="under fire")
    kills = int(os.environ.get("CHAOS_KILLS") or KILLS)
    parser.add_argument("--kills", type=int, default=kills, help="at least, however long it takes")
    parser.add_argument("--thinking", type=float, default=THINKING, help="seconds, each client")
    parser.add_argument("--every", type=float, default=EVERY, help="seconds between two faults")
    parser.add_argument("--seed", type=int, default=int(os.environ.get("CHAOS_SEED") or 0))
    parser.add_argument(
        "--controls", nargs="*", choices=tuple(CONTROLS), help="what must be found out"
    )
    parser.add_argument("--keep", default="", help="a folder to run in and to leave behind")
    return parser.parse_args()


def prove(plan: Plan, home: Path, say: Console) -> int:
    """0 when no cent was lost."""
    report = run(plan, home, say)
    for line in report.lines():
        say.say(line)
    for finding in report.verdict.findings[:SHOWN]:
        say.say(f"FOUND           {finding}")
    return 1 if report.verdict.findings else 0


def disprove(plan: Plan, home: Path, say: Console) -> int:
    """0 when it was found out that a guarantee is missing."""
    report = run(plan, home, say)
    expected = CONTROLS[plan.switches]
    findings: list[str] = getattr(report.verdict, expected)
    words = f"{len(findings)} {expected}, as: {findings[0]}" if findings else "NOT FOUND OUT"
    say.say(f"control         {plan.switches}: {report.kills} kills, {report.acknowledged}")
    say.say(f"                {words}")
    return 0 if findings else 1


def main() -> int:
    options = arguments()
    os.chdir(REPOSITORY)
    say = Console(sys.stdout.fileno())
    seed = options.seed or random.SystemRandom().randrange(1, 10**6)
    with tempfile.TemporaryDirectory(prefix=PREFIX, ignore_cleanup_errors=True) as folder:
        home = Path(options.keep or folder).resolve()
        if options.controls is None:
            plan = Plan(
                options.seconds,
                options.every,
                seed,
                paper_seconds=options.seconds / 10,
                kills=options.kills,
                thinking=options.thinking,
            )
            return prove(plan, home, say)
        plan = Plan(
            CONTROL_SECONDS,
            CONTROL_EVERY,
            seed,
            quiet_seconds=CONTROL_QUIET_SECONDS,
            withdrawals=CONTROL_WITHDRAWALS,
            faults=CONTROL_FAULTS,
            thinking=0.0,
        )
        return max(
            disprove(replace(plan, switches=name), home / name, say)
            for name in options.controls or CONTROLS
        )


if __name__ == "__main__":
    sys.exit(main())
