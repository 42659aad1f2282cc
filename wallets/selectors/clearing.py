"""Earned money that cannot be spent yet, with the days on which it can."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from djmoney.money import Money

from accounts.models import User
from common.models import LockableQuerySet
from invoicing.models import Invoice
from wallets.models import Clearing

MOST_SHOWN: Final = 12


@dataclass(frozen=True, slots=True)
class ClearingRow:
    """The net amount of an invoice, and when it can be spent."""

    invoice: Invoice
    amount: Money
    available_at: datetime


def clearings_for(user: User) -> LockableQuerySet[Clearing]:
    """What waits for the user."""
    return (
        Clearing.objects.waiting()
        .filter(user=user)
        .select_related("invoice__project", "invoice__milestone")
    )


def clearings_of(user: User, *, currency: str) -> list[ClearingRow]:
    """What waits for the user in one currency, the next first, up to MOST_SHOWN."""
    rows = clearings_for(user).filter(currency=currency).order_by("available_at", "pk")
    return [
        ClearingRow(
            invoice=row.invoice,
            amount=row.amount,
            available_at=row.available_at,
        )
        for row in rows[:MOST_SHOWN]
    ]
