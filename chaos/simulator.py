"""A payout provider in bad moods: `python -m chaos.simulator PORT BOOK WEBHOOK_ADDRESS`.

One of three first requests goes wrong somehow. It honours keys, and it does not remember its own
declines: who asks again may be paid.
"""

import hashlib
import os
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from config.devservices.simulator.behaviour import PAYS, Behaviour
from config.devservices.simulator.book import Book, Payout
from config.devservices.simulator.server import HOOK_PAUSE, HOOK_SECONDS, Hook, Simulator

PATIENT: Final = 90
"""Tries to tell about an event: real providers go on for days."""
LATELY: Final = timedelta(seconds=PATIENT * (HOOK_PAUSE + HOOK_SECONDS))
"""How long an event may have been on its way."""
DECLINING: Final = 4.0 if "no-lease" in os.environ.get("CHAOS_SWITCHES", "") else 0.5
"""Seconds that a decline takes: long where a second attempt is to overtake it."""
MOODS: Final = (
    (6, Behaviour(is_answer_lost=True, webhooks=0)),
    (4, Behaviour(is_answer_lost=True)),
    (2, Behaviour(is_request_lost=True, webhooks=0)),
    (4, Behaviour(is_request_lost=True, is_answer_lost=True, webhooks=0)),
    (8, Behaviour(status="declined", reason="account_closed", delay=DECLINING)),
    (4, Behaviour(is_error_after=True, webhooks=0)),
    (2, Behaviour(delay=2.0, webhooks=3)),
    (2, Behaviour(status="pending", later=("paid",))),
    (1, Behaviour(later=("returned",))),
)
"""Of a hundred keys so many go like this."""


class MoodySimulator(Simulator):
    """Takes up again what a killed one had left pending, and tells again what came back lately."""

    def start(self) -> None:
        since = datetime.now(UTC) - LATELY
        for payout in self.book.payouts():
            if payout.status == "pending":
                self.follow_up(payout, Behaviour(later=("paid",)))
            elif payout.status == "returned" and datetime.fromisoformat(payout.at) > since:
                self.tell(payout, PAYS.webhooks)
        self.serve_forever()

    def behaviour(self, order: dict[str, Any]) -> Behaviour:
        """Decided by the key, so that a run can be repeated."""
        drawn = int(hashlib.sha256(str(order["key"]).encode()).hexdigest(), 16) % 100
        for share, mood in MOODS:
            if drawn < share:
                return mood
            drawn -= share
        return PAYS

    def accept(self, order: dict[str, Any]) -> tuple[Payout | None, Behaviour]:
        """A declined payout that is asked for again is paid, slowly and without an event."""
        with self.book.lock:
            known = self.book.find(str(order["key"]))
            if known is not None and known.status == "declined":
                paid = self.book.write(replace(known, status="paid", reason=""))
                return paid, replace(PAYS, delay=DECLINING)
        return super().accept(order)


def main() -> None:
    port, book, address = sys.argv[1:]
    secret = os.environ["SANDBOX_PAYOUT_SECRETS"].split(",")[0]
    hook = Hook(address=address, secret=secret, tries=PATIENT)
    MoodySimulator(("127.0.0.1", int(port)), book=Book(Path(book)), hook=hook).start()


if __name__ == "__main__":
    main()
