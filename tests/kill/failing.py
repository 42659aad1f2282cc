"""An installation whose processes can be made to die at a failpoint, once for each file."""

import os
from dataclasses import dataclass
from pathlib import Path

from common.failpoints import TAKEN
from tests.installation import Installation, eventually
from tests.kill.proxy import Proxy

HURRIED = {"DJANGO_SETTINGS_MODULE": "chaos.settings", "CHAOS_SWITCHES": "hurry"}
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
WITHDRAWING = ("withdraw.saved", "withdraw.reserved", "withdraw.requested")
APPROVED = (
    "relay.taken",
    "job.received",
    "job.claimed",
    "issue.locked",
    "issue.written",
    "issue.numbered",
    "issue.announced",
    "job.done",
    "job.committed",
)
"""Where relay and worker can die on the way from an approval to its invoice."""
SENT = ("send.claimed", "send.asked", "send.answered", "job.asked", "send.posted", "job.settled")
"""Where the worker can die while it sends a withdrawal."""
ALL = (*WEB, *PAYING, *FUNDING, *WITHDRAWING, *APPROVED, *SENT)


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
        """Somebody died there; who does not come back by itself is started again."""
        eventually(lambda: self.has_fired(name), seconds=60)
        self.revive()

    def revive(self) -> None:
        for name in ("relay", "worker"):
            if not self.installation.processes[name].is_running:
                self.installation.start(name)
