"""Twenty clients who move money: fund, submit, approve, execute, withdraw, and again."""

import itertools
import random
import threading
import time
from collections import deque
from dataclasses import dataclass, field
from typing import Any, Final

from chaos.callers import Acknowledged, Answer, Caller, GaveUp, Log, at_once

TASKS: Final = 50
BUDGET: Final = {"amount": "5000.00", "currency": "USD"}
WITHDRAWN: Final = {"amount": "11.00", "currency": "USD"}
ACCOUNT: Final = {
    "holder": "Freelancer", "account_number": "000123456789", "routing_number": "021000021",
}  # fmt: skip
METHODS: Final = (("test_ok", 82), ("test_timeout", 10), ("test_declined", 4), ("test_over", 4))
WITHDRAWING: Final = 0.4
RIVALRY: Final = 0.08
REPEATING: Final = 0.08
SOON: Final = 2.0
THINKING: Final = 0.5
"""Seconds between two steps of a client, on average. Twenty who do not think ask for more than two cores
do under fire, and the longer they do the longer it takes until all is settled."""
Work = tuple[str, str]
"""The next step, and the milestone that it is about."""


@dataclass
class Pair:
    """A commissioner and a freelancer, and what waits to be done between them."""

    commissioner: Caller
    freelancer: Caller
    account: str = ""
    work: deque[Work] = field(default_factory=deque)
    later: deque[tuple[float, Work]] = field(default_factory=deque)
    held: set[str] = field(default_factory=set)
    made: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def prepare(self, key: str) -> None:
        """The bank account, and the first two projects."""
        made = self.freelancer.expect("/api/v1/payout-methods/", ACCOUNT, key=f"{key}-account")
        self.account = made["id"]
        self.refill(key)
        self.refill(key)

    def next(self, key: str) -> Work:
        with self.lock:
            if self.later and self.later[0][0] < time.monotonic():
                return self.later.popleft()[1]
            if not self.work:
                self.refill(key)
            return self.work.popleft()

    def refill(self, key: str) -> None:
        """A project of fifty milestones, with held funds or paid on invoice by turns."""
        self.made += 1
        is_held = self.made % 2 == 1
        key = f"{key}-{self.made}"
        gig = {
            "title": f"Chaos {key}",
            "description": "Work to be paid for.",
            "category": "development",
            "budget": BUDGET,
            "payment_mode": "held" if is_held else "on_invoice",
            "milestones": [{"title": f"Part {number}"} for number in range(1, TASKS + 1)],
        }
        gig_id = self.commissioner.expect("/api/gigs/post", gig, key=f"{key}-gig")["id"]
        bid = {"pitch": "I have done this before."}
        path = f"/api/v1/gigs/{gig_id}/applications/"
        self.freelancer.expect(path, bid, key=f"{key}-bid")
        match = {"gig_id": gig_id, "freelancer_id": self.freelancer.id}
        path = "/api/gigs/match-freelancer"
        project = self.commissioner.expect(path, match, key=f"{key}-match")
        tasks = [task["id"] for task in project["tasks"]]
        if is_held:
            self.held.update(tasks)
        waiting = list(self.work)
        begun = [("fund" if is_held else "submit", task) for task in tasks]
        both = itertools.zip_longest(begun, waiting)
        self.work = deque(work for two in both for work in two if work)


class Client(threading.Thread):
    """Does one thing after the other for its pair, until it is told to stop."""

    def __init__(
        self, pair: Pair, log: Log, *, name: str, luck: random.Random, thinking: float
    ) -> None:
        super().__init__(name=name, daemon=True)
        self.pair, self.log, self.luck, self.thinking = pair, log, luck, thinking
        self.stopping = threading.Event()
        self.has_funds = False
        self.counter = 0

    def run(self) -> None:
        while not self.stopping.is_set():
            try:
                self.step()
            except GaveUp as problem:
                self.log.complain(f"no definite answer: {problem}")
                return
            except Exception as problem:  # noqa: BLE001 - a broken client must not look idle
                self.log.complain(f"{self.name} broke: {type(problem).__name__}: {problem}")
                return
            self.stopping.wait(self.luck.uniform(0, 2 * self.thinking))

    def step(self) -> None:
        if self.has_funds and self.luck.random() < WITHDRAWING:
            self.withdraw()
            return
        stage, milestone = self.pair.next(self.key("project"))
        following = getattr(self, stage)(milestone)
        if following == stage or following == "pay":
            self.pair.later.append((time.monotonic() + SOON, (following, milestone)))
        elif following:
            self.pair.work.appendleft((following, milestone))

    def key(self, kind: str) -> str:
        """A new one; the same in each run of the same seed."""
        self.counter += 1
        return f"{self.name}-{self.counter}-{kind}-{self.luck.getrandbits(32):08x}"

    def fund(self, milestone: str) -> str:
        body = {"payment_method": self._method()}
        path = f"/api/v1/milestones/{milestone}/fund/"
        answer = self.post("fund", self.pair.commissioner, path, body, subject=milestone)
        return "submit" if answer.is_ok or answer.code == "transition_refused" else "fund"

    def submit(self, milestone: str) -> str:
        body = {"message": "Done.", "links": []}
        path = f"/api/v1/milestones/{milestone}/submit/"
        answer = self.pair.freelancer.ask("POST", path, body, key=self.key("submit"))
        if answer.is_ok:
            return "approve"
        self.log.count(self.log.refused, f"submit {answer.code}")
        return "submit"

    def approve(self, milestone: str) -> str:
        path = f"/api/v1/milestones/{milestone}/approve/"
        self.post("approve", self.pair.commissioner, path, {}, subject=milestone)
        if milestone not in self.pair.held:
            return "pay"
        self.has_funds = True
        return ""

    def pay(self, milestone: str) -> str:
        """Once the invoice has come, which it does by itself."""
        path = f"/api/v1/invoices/?task_id={milestone}"
        found = self.pair.commissioner.ask("GET", path).body["results"]
        if not found:
            return "pay"
        invoice = found[0]
        self.has_funds = True
        body = {"invoice_id": invoice["id"], "payment_method": self._method()}
        path = "/api/payments/execute"
        answer = self.post("execute", self.pair.commissioner, path, body, subject=milestone)
        return "" if answer.is_ok or answer.code == "already_paid" else "pay"

    def withdraw(self) -> None:
        body = {"payout_method": self.pair.account, "amount": WITHDRAWN}
        path = "/api/v1/withdrawals/"
        answer = self.post("withdraw", self.pair.freelancer, path, body, subject="")
        self.has_funds = answer.is_ok

    def post(self, kind: str, caller: Caller, path: str, body: Any, *, subject: str) -> Answer:
        """A movement of money, sometimes by two at once, sometimes repeated."""
        key = self.key(kind)
        if subject and self.luck.random() < RIVALRY:
            return self._rival(kind, caller, path, body, subject=subject, key=key)
        answer = caller.ask("POST", path, body, key=key)
        self._note(kind, caller, key, answer, subject)
        if answer.is_ok and self.luck.random() < REPEATING:
            again = caller.ask("POST", path, body, key=key)
            self.log.replays += 1
            if again.body != answer.body:
                self.log.complain(f"{kind} {key} was answered in two ways: {answer} {again}")
        return answer

    def _rival(
        self, kind: str, caller: Caller, path: str, body: Any, *, subject: str, key: str
    ) -> Answer:
        """Two keys for one thing: it happens once."""
        keys = (key, f"{key}-rival")
        answers = at_once(
            *(lambda key=key: caller.ask("POST", path, body, key=key) for key in keys)  # type: ignore[misc]
        )
        for used, answer in zip(keys, answers, strict=True):
            self._note(kind, caller, used, answer, subject)
        done = [answer for answer in answers if answer.is_ok]
        if len(done) > 1:
            self.log.complain(f"{kind} of {subject} was done under two keys")
        return done[0] if done else answers[0]

    def _note(self, kind: str, caller: Caller, key: str, answer: Answer, subject: str) -> None:
        if not answer.is_ok:
            self.log.count(self.log.refused, f"{kind} {answer.code}")
            return
        named = answer.body.get("payment", answer.body)
        self.log.note(
            Acknowledged(kind=kind, user=caller.id, key=key, subject=subject, result=named["id"])
        )

    def _method(self) -> str:
        names, weights = zip(*METHODS, strict=True)
        return self.luck.choices(names, weights)[0]
