"""Withdrawals that wait for a provider, all asked for in one moment."""

import time
from collections import Counter
from dataclasses import dataclass
from datetime import timedelta
from itertools import cycle
from typing import Final

from django.db import transaction
from django.db.models.functions import Now
from django.utils import timezone
from djmoney.money import Money

from accounts.enums import Role
from accounts.models import User
from benchmarks.queue import person
from outbox.models import Job
from wallets import ledger
from wallets.enums import OPEN_WITHDRAWALS, AccountKind, JournalKind
from wallets.ledger import AccountSpec, JournalDraft, Leg
from wallets.models import Withdrawal
from wallets.services import BankDetails, payout_method_add, withdrawal_request

OWNERS: Final = 20
AMOUNT: Final = Money("11.00", "USD")
AMOUNT_MINOR: Final = 1100
GOOD: Final = "000123456789"
TROUBLE: Final = (
    "000111111101",
    "000111111102",
    "000111111102",
    "000111111103",
    "000111111105",
    "000111111107",
    "000111111108",
)
"""Accounts that the simulator declines, or about which answer, request or event are lost or late."""


@dataclass(frozen=True, slots=True)
class Owner:
    """Somebody with money and a method for each account."""

    user: User
    methods: dict[str, int]


@transaction.atomic
def prepare(each: int) -> list[Owner]:
    """People with enough for so many withdrawals each; the money comes out of nowhere."""
    at = timezone.now() - timedelta(days=30)
    owners = []
    for number in range(OWNERS):
        user = person(f"payee-{number}@bench.example", Role.FREELANCER)
        _fund(user, each * AMOUNT_MINOR)
        methods = {
            account: payout_method_add(
                details=BankDetails(
                    holder=user.name, iban="", account_number=account, routing_number="021000021"
                ),
                by=user,
                at=at,
            ).pk
            for account in (GOOD, *dict.fromkeys(TROUBLE))
        }
        owners.append(Owner(user, methods))
    return owners


def _fund(user: User, amount: int) -> None:
    specs = [
        AccountSpec("provider:sandbox", AccountKind.OUTSIDE, "USD"),
        AccountSpec(f"user:{user.pk}", AccountKind.AVAILABLE, "USD"),
    ]
    outside, wallet = ledger.open_accounts(specs).values()
    ledger.post(
        JournalDraft(
            JournalKind.SETTLEMENT,
            f"bench:{user.pk}",
            "bench",
            user.pk,
            (Leg(outside, -amount), Leg(wallet, amount)),
        )
    )


@transaction.atomic
def request_all(owners: list[Owner], count: int, trouble: int) -> None:
    """Ask for so many, of which so many in a hundred go wrong; nothing begins before the commit."""
    bad = cycle(TROUBLE)
    for number in range(count):
        owner = owners[number % OWNERS]
        account = next(bad) if number % 100 < trouble else GOOD
        withdrawal_request(
            method_id=owner.methods[account], amount=AMOUNT, by=owner.user, at=timezone.now()
        )


def wait_until_idle() -> None:
    """No job is due."""
    while Job.objects.pending().filter(due_at__lte=Now()).exists():
        time.sleep(0.2)


def statuses() -> Counter[str]:
    """How many withdrawals have which."""
    return Counter(Withdrawal.objects.values_list("status", flat=True))


def left(counted: Counter[str]) -> int:
    """How many are not at their end."""
    return sum(counted[status] for status in OPEN_WITHDRAWALS)
