"""An installation whose processes can be made to die at a failpoint, once for each file."""

import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from common.failpoints import TAKEN
from tests.installation import Installation, Person, eventually
from tests.kill.proxy import Proxy

HURRIED = {"DJANGO_SETTINGS_MODULE": "chaos.settings", "CHAOS_SWITCHES": "hurry"}
PASSING = {"busy", "idempotency_key_in_flight", "payment_in_progress"}
PATIENCE_SECONDS = 90.0
ROUNDS = int(os.environ.get("KILL_ROUNDS") or 1)
WEB = (
    "request.received",
    "request.authenticated",
    "request.key_taken",
    "approve.locked",
    "approve.allowed",
    "approve.saved",
    "approve.job_written",
    "request.answer_kept",
    "outbox.nudge",
    "request.committed",
)
"""Where the request that approves can die, in its order."""
PAYING = (
    "payment.saved",
    "payment.job_written",
    "payment.begun",
    "payment.charged",
    "settle.posted",
    "settle.invoices_paid",
    "settle.milestones_settled",
    "settle.told",
)
"""Where the request that pays an invoice can."""
FUNDING = ("fund.posted", "fund.noted")
CREDITING = ("credit.issued", "credit.posted")
WITHDRAWING = ("withdraw.saved", "withdraw.reserved", "withdraw.requested")
RELAY = ("relay.taken",)
"""Where the relay can: nobody but the test starts it again."""
APPROVED = (
    *RELAY,
    "job.received",
    "job.claimed",
    "issue.locked",
    "issue.written",
    "job.done",
    "job.asked",
    "job.settled",
    "job.committed",
)
"""Where relay and worker can die on the way from an approval to its invoice and documents."""
SENT = (
    "send.claimed",
    "send.asked",
    "send.answered",
    "window.told",
    "send.posted",
    "window.settled",
    "window.committed",
)
"""Where the worker can die while it sends a withdrawal."""
ALL = (*WEB, *PAYING, *FUNDING, *CREDITING, *WITHDRAWING, *APPROVED, *SENT)


@dataclass
class Failing:
    """Arms failpoints of the processes, and sees whether one was reached."""

    installation: Installation
    folder: Path
    proxy: Proxy

    def kill_at(self, name: str) -> None:
        """Whoever gets there first dies."""
        (self.folder / f"{name}{TAKEN}").unlink(missing_ok=True)
        partial = self.folder / f"{name}.new"
        partial.write_text("kill9")
        partial.rename(self.folder / name)

    def has_fired(self, name: str) -> bool:
        return (self.folder / f"{name}{TAKEN}").exists()

    def wait_until_fired(self, name: str) -> None:
        """Somebody died there; who does not come back by itself is started again.

        The relay takes the file away just before it dies: until it is gone, it looks alive.
        """
        eventually(lambda: self.has_fired(name), seconds=60)
        if name in RELAY:
            relay = self.installation.processes["relay"]
            eventually(lambda: not relay.is_running)
        self.revive()

    def ask(self, person: Person, path: str, body: Any, key: str, **headers: str) -> httpx.Response:
        """The definite answer, asked for under one key as often as it takes."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < deadline:
            self.revive()
            try:
                given = person.client.post(
                    path, json=body, headers={**headers, "Idempotency-Key": key}
                )
            except httpx.HTTPError:
                continue
            if given.status_code < 500 and given.json().get("code") not in PASSING:
                return given
            time.sleep(0.1)
        pytest.fail(f"no definite answer to {path}")

    def revive(self) -> None:
        """A process that ends because one of its children died is started again."""
        for name in ("relay", "worker", "web"):
            if not self.installation.processes[name].is_running:
                self.installation.start(name)
