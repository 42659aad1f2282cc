"""What must be true once it is quiet again, seen from outside: the clients' log, the provider's own
book, and the books, which prove themselves.
"""

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from chaos.callers import Acknowledged, Log
from chaos.installation import Installation
from config.devservices.simulator.book import Payout

PENDING: Final = """
SELECT count(*) FROM outbox_job
WHERE done_at IS NULL AND dead_at IS NULL AND (due_at <= now() OR attempts > 0)
"""
SCHEDULED: Final = "(heartbeat|housekeeping|books|withdrawal.compare)"
OF_MONEY: Final = PENDING + f"AND topic = ANY(%s) AND topic !~ '{SCHEDULED}'"
OF_PAPER: Final = PENDING + f"AND topic <> ALL(%s) AND topic !~ '{SCHEDULED}'"
WAITING: Final = {
    "payments": "SELECT count(*) FROM wallets_payment WHERE status IN ('processing', 'uncertain')",
    "withdrawals": "SELECT count(*) FROM wallets_withdrawal"
    " WHERE status IN ('approved', 'sending', 'uncertain') OR frozen_at IS NOT NULL",
    "approvals": "SELECT count(*) FROM gigs_milestone m JOIN gigs_project p ON p.id = m.project_id"
    " WHERE m.status = 'approved' AND (p.payment_mode = 'held' OR NOT EXISTS"
    " (SELECT FROM invoicing_invoice i WHERE i.milestone_id = m.id))",
    "reserved": "SELECT coalesce(sum(held), 0)::bigint FROM wallets_balance",
}
"""What is left to be done, by kind."""
LAST_MOVED: Final = """
SELECT greatest(extract(epoch FROM max(at) - %s), 0) FROM (
  SELECT max(ended_at) AS at FROM wallets_withdrawal
  UNION ALL SELECT max(ended_at) FROM wallets_payment
  UNION ALL SELECT max(settled_at) FROM gigs_milestone
) t
"""
BACKLOG: Final = {
    "withdrawals": "wallets_withdrawal WHERE approved_at <= %s",
    "payments": "wallets_payment WHERE created_at <= %s",
}
"""What had begun by a moment, by kind."""
OPEN: Final = frozenset({"approved", "sending", "uncertain"})
DEAD: Final = "SELECT topic, key, last_error FROM outbox_job WHERE dead_at IS NOT NULL"
LAST: Final = """
SELECT topic, attempts, round(extract(epoch FROM done_at - created_at)), left(last_error, 60)
FROM outbox_job WHERE done_at IS NOT NULL AND topic = ANY(%s)
ORDER BY done_at - created_at DESC LIMIT 3
"""
KEYS: Final = """
SELECT 'usr_' || replace(u.uuid::text, '-', ''), k.key, k.state
FROM accounts_idempotencykey k JOIN accounts_user u ON u.id = k.user_id
"""
APPROVED: Final = """
SELECT 'mst_' || replace(m.uuid::text, '-', ''), m.status,
  (SELECT count(*) FROM accounts_auditevent a WHERE a.event = 'milestone.approved'
    AND a.target = 'mst_' || replace(m.uuid::text, '-', '')),
  (SELECT count(*) FROM invoicing_invoice i WHERE i.milestone_id = m.id),
  (SELECT count(*) FROM wallets_journal j JOIN invoicing_invoice i ON i.id = j.about_id
    WHERE i.milestone_id = m.id AND j.about_type = 'invoice' AND j.kind = 'settlement')
FROM gigs_milestone m WHERE m.status IN ('approved', 'settled')
"""
PAYMENTS: Final = """
SELECT 'pay_' || replace(uuid::text, '-', ''), status, provider, received_minor FROM wallets_payment
"""
CHARGES: Final = "SELECT key, result, amount_minor FROM wallets_sandboxcharge"
WITHDRAWALS: Final = """
SELECT 'wd_' || replace(uuid::text, '-', ''), status, amount_minor - fee_minor FROM wallets_withdrawal
"""
OUTSIDE: Final = """
SELECT coalesce(sum(e.amount), 0)::bigint FROM wallets_entry e
JOIN wallets_account a ON a.id = e.account_id WHERE a.kind = 'outside'
"""


@dataclass
class Verdict:
    """What was found, each as a sentence; nothing when no cent was lost."""

    missing: list[str] = field(default_factory=list)
    stuck: list[str] = field(default_factory=list)
    twice: list[str] = field(default_factory=list)
    books: list[str] = field(default_factory=list)
    clearing: int = 0
    bank_difference: int = 0

    @property
    def findings(self) -> list[str]:
        found = [*self.missing, *self.stuck, *self.twice, *self.books]
        if self.clearing:
            found.append(f"{self.clearing} is still reserved")
        if self.bank_difference:
            found.append(f"the bank account and the provider differ by {self.bank_difference}")
        return found


def waiting(installation: Installation, topics: list[str]) -> dict[str, int]:
    """What money has not come to its end yet, by kind; the provider's book is read last, for it is
    long, and whoever waits for the end asks twice a second.
    """
    left = {"jobs": _count(installation, OF_MONEY, topics)}
    left |= {name: _count(installation, statement) for name, statement in WAITING.items()}
    if not any(left.values()):
        left["returns"] = _untold_returns(installation)
    return {name: count for name, count in left.items() if count}


def _untold_returns(installation: Installation) -> int:
    """Payouts that came back there and are paid here: the event is on its way."""
    book = read_book(installation)
    paid = {key for key, status, _ in installation.sql(WITHDRAWALS) if status == "paid"}
    return sum(key in paid and payout["status"] == "returned" for key, payout in book.items())


def paperwork(installation: Installation, topics: list[str]) -> int:
    """Documents and mails that are still to be made: slow, and nobody's money."""
    return _count(installation, OF_PAPER, topics)


def slowest(installation: Installation, topics: list[str]) -> list[str]:
    """The jobs that took longest, to see what a long wait was for."""
    rows = installation.sql(LAST, topics)
    return [f"{topic} {age} s, {tries} attempts {error}" for topic, tries, age, error in rows]


def settled_after(installation: Installation, over: datetime) -> float:
    """Seconds from then until the last withdrawal, payment or milestone had come to its end.

    Nothing where all had before.
    """
    [(seconds,)] = installation.sql(LAST_MOVED, over)
    return float(seconds)


def backlog(installation: Installation, over: datetime) -> Counter[str]:
    """What had begun and not ended by then, read from what has been written down since."""
    counted = "SELECT count(*) FROM {} AND (ended_at IS NULL OR ended_at > %s)"
    return Counter(
        {
            kind: _count(installation, counted.format(begun), over, over)
            for kind, begun in BACKLOG.items()
        }
    )


def _count(installation: Installation, statement: str, *arguments: Any) -> int:
    [(count,)] = installation.sql(statement, *arguments)
    return int(count)


def judge(installation: Installation, log: Log, topics: list[str]) -> Verdict:
    """The ten points: sums and balances, each acknowledgement once, all intents at their end, nothing
    in between, bank and provider item by item, one credit and invoice each, no work left, each
    movement audited, chains whole.
    """
    verdict = Verdict(missing=list(log.complaints))
    _look_for_acknowledged(installation, log.acknowledged, verdict)
    _look_for_unfinished(installation, topics, verdict)
    _compare_payouts(installation, verdict)
    _compare_charges(installation, verdict)
    code, lines = installation.manage("verify_money")
    if code:
        verdict.books += [f"verify_money: {line}" for line in lines]
    return verdict


def _look_for_acknowledged(
    installation: Installation, entries: Sequence[Acknowledged], verdict: Verdict
) -> None:
    answered = {(user, key) for user, key, state in installation.sql(KEYS) if state == "answered"}
    milestones = {row[0]: row[1:] for row in installation.sql(APPROVED)}
    payments = {row[0]: row[1] for row in installation.sql(PAYMENTS)}
    withdrawals = {row[0] for row in installation.sql(WITHDRAWALS)}
    for entry in entries:
        is_there = {
            "approve": entry.result in milestones,
            "fund": payments.get(entry.result) == "succeeded",
            "execute": payments.get(entry.result) == "succeeded",
            "withdraw": entry.result in withdrawals,
        }[entry.kind]
        if not is_there or (entry.user, entry.key) not in answered:
            verdict.missing.append(f"{entry.kind} {entry.result} was acknowledged and is missing")
    verdict.twice += _repeated(entries)
    for name, (status, approvals, invoices, credits) in milestones.items():
        if approvals != 1 or invoices > 1 or credits != (status == "settled"):
            verdict.twice.append(
                f"milestone {name} is {status} with {approvals} approvals, {invoices} invoices"
                f" and {credits} credits"
            )


def _repeated(entries: Iterable[Acknowledged]) -> list[str]:
    results = Counter((entry.kind, entry.result) for entry in entries)
    return [
        f"{kind} {result} was acknowledged under {count} keys"
        for (kind, result), count in results.items()
        if count > 1
    ]


def _look_for_unfinished(installation: Installation, topics: list[str], verdict: Verdict) -> None:
    left = waiting(installation, topics)
    verdict.clearing = left.pop("reserved", 0)
    verdict.stuck += [f"{count} {name} are not at their end" for name, count in left.items()]
    verdict.stuck += [
        f"job {topic} {key} was given up: {error[:120]}"
        for topic, key, error in installation.sql(DEAD)
    ]


def _compare_payouts(installation: Installation, verdict: Verdict) -> None:
    ours = {key: (status, net) for key, status, net in installation.sql(WITHDRAWALS)}
    book = read_book(installation)
    for key, payout in book.items():
        base = key.partition("-")[0]
        status, net = ours.get(key, ("unknown", 0))
        if key not in ours:
            verdict.twice.append(f"payout {key} ({payout['status']}) is none of ours: {base}")
        elif status in OPEN:
            verdict.stuck.append(f"payout {key} ({payout['status']}) is {status} here")
        elif payout["status"] == "paid" and (status, net) != ("paid", payout["amount_minor"]):
            verdict.twice.append(f"payout {key} of {payout['amount_minor']} is {status} here")
        elif payout["status"] != "paid" and status == "paid":
            verdict.missing.append(f"payout {key} is paid here and {payout['status']} there")
    for key, (status, _) in ours.items():
        if status == "paid" and key not in book:
            verdict.missing.append(f"withdrawal {key} is paid, and the provider never heard of it")


def _compare_charges(installation: Installation, verdict: Verdict) -> None:
    charges = {key: (result, amount) for key, result, amount in installation.sql(CHARGES)}
    taken = sum(amount for result, amount in charges.values() if result == "succeeded")
    for key, status, provider, received in installation.sql(PAYMENTS):
        result, amount = charges.pop(key, ("", 0))
        if provider == "sandbox" and (status == "succeeded") != (result == "succeeded"):
            verdict.missing.append(f"payment {key} is {status} here and {result} there")
        elif provider == "sandbox" and status == "succeeded" and received != amount:
            verdict.missing.append(f"payment {key}: {amount} taken, {received} received")
    verdict.twice += [f"charge {key} is none of ours" for key in charges]
    paid = sum(p["amount_minor"] for p in read_book(installation).values() if p["status"] == "paid")
    [(outside,)] = installation.sql(OUTSIDE)
    verdict.bank_difference = -int(outside) - (taken - paid)


def read_book(installation: Installation) -> dict[str, Any]:
    """The provider's own book, read behind its back: the last line about a key holds."""
    if not installation.book.exists():
        return {}
    lines = installation.book.read_text().splitlines(keepends=True)
    payouts = [Payout(**json.loads(line)) for line in lines if line.endswith("\n")]
    return {payout.key: payout.as_dict() for payout in payouts}
