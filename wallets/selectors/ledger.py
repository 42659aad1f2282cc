"""What the ledger says: balances, and statements with their running balance."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.db import connection
from django.db.models import BigIntegerField, F, OuterRef, Q, Subquery, Sum
from django.db.models.functions import Cast, Coalesce
from djmoney.money import Money

from common.money import from_minor
from wallets.enums import AccountKind, JournalKind, WithdrawalStatus
from wallets.models import Account, Entry, Withdrawal

# The limits inside keep each page a handful of index look-ups, whatever the planner thinks of it.
STATEMENT: Final = """
SELECT e.journal_id, j.posted_at, j.kind, j.about_type, j.about_id,
       e.currency, e.amount, e.balance_after, e.hash, e.seq
FROM wallets_account a
CROSS JOIN LATERAL (
    SELECT * FROM wallets_entry
    WHERE account_id = a.id AND shard = 0
      AND (%(before)s::bigint IS NULL OR seq < wallets_seq_before(a.id, 0::smallint, %(before)s))
      AND (%(until)s::timestamptz IS NULL OR seq <= wallets_seq_at(a.id, 0::smallint, %(until)s))
    ORDER BY seq DESC
    LIMIT %(limit)s
) e
CROSS JOIN LATERAL (SELECT * FROM wallets_journal WHERE id = e.journal_id LIMIT 1) j
WHERE a.owner = %(owner)s AND a.kind = %(kind)s
  AND (%(currency)s::text IS NULL OR a.currency = %(currency)s)
ORDER BY e.journal_id DESC
LIMIT %(limit)s
"""
STATEMENT_AFTER: Final = """
SELECT e.journal_id, j.posted_at, j.kind, j.about_type, j.about_id,
       e.currency, e.amount, e.balance_after, e.hash, e.seq
FROM wallets_account a
CROSS JOIN LATERAL (
    SELECT * FROM wallets_entry
    WHERE account_id = a.id AND shard = 0
      AND seq >= wallets_seq_before(a.id, 0::smallint, %(after)s::bigint + 1)
      AND (%(until)s::timestamptz IS NULL OR seq <= wallets_seq_at(a.id, 0::smallint, %(until)s))
    ORDER BY seq
    LIMIT %(limit)s
) e
CROSS JOIN LATERAL (SELECT * FROM wallets_journal WHERE id = e.journal_id LIMIT 1) j
WHERE a.owner = %(owner)s AND a.kind = %(kind)s
  AND (%(currency)s::text IS NULL OR a.currency = %(currency)s)
ORDER BY e.journal_id
LIMIT %(limit)s
"""
BALANCES_AT: Final = """
SELECT a.currency,
       coalesce(sum(e.balance_after) FILTER (WHERE a.kind = 'available'), 0)::bigint,
       coalesce(sum(e.balance_after) FILTER (WHERE a.kind = 'pending'), 0)::bigint
FROM wallets_account a
LEFT JOIN LATERAL (
    SELECT balance_after FROM wallets_entry
    WHERE account_id = a.id AND shard = 0
      AND seq = wallets_seq_at(a.id, 0::smallint, %(at)s)
) e ON true
WHERE a.owner = %(owner)s AND a.kind IN ('available', 'pending')
GROUP BY a.currency
ORDER BY a.currency
"""


Place = dict[str, str | int | datetime | None]
"""Whose statement of which kind, and where in it."""


@dataclass(frozen=True, slots=True)
class PastBalance:
    """What a wallet had at a moment, in minor units, money reserved by withdrawals included."""

    currency: str
    available: int
    pending: int


@dataclass(frozen=True, slots=True)
class WalletBalance:
    """A user's money in one currency, in minor units; `debt` is what the user owes."""

    currency: str
    available: int
    pending: int
    held: int
    debt: int
    withdrawn: int
    lifetime_earnings: int


@dataclass(frozen=True, slots=True)
class StatementLine:
    """One movement on a user's available money, or credit; `journal_id` is its place.

    `seq` counts the lines of this currency from the first, as receipts do.
    """

    journal_id: int
    posted_at: datetime
    kind: JournalKind
    about_type: str
    about_id: int
    currency: str
    amount: int
    balance_after: int
    hash: bytes
    seq: int


def wallet_balances(user_id: int) -> list[WalletBalance]:
    """The user's wallet, a row for each currency that it has ever had, in one query."""
    available, pending = Q(kind=AccountKind.AVAILABLE), Q(kind=AccountKind.PENDING)
    debt = Q(kind=AccountKind.DEBT)
    paid = (
        Withdrawal.objects.filter(
            user_id=user_id,
            status=WithdrawalStatus.PAID,
            currency=OuterRef("currency"),
            payment__isnull=True,
        )
        .values("currency")
        .annotate(total=Cast(Sum("amount_minor"), BigIntegerField()))
        .values("total")
    )
    rows = (
        Account.objects.filter(available | pending | debt, owner=f"user:{user_id}")
        .values("currency")
        .annotate(
            available=Sum(F("balances__posted") - F("balances__held"), filter=available, default=0),
            pending=Sum("balances__posted", filter=pending, default=0),
            held=Sum("balances__held", filter=available, default=0),
            debt=-Sum("balances__posted", filter=debt, default=0),
            lifetime_earnings=Sum("balances__lifetime", default=0),
            withdrawn=Coalesce(Subquery(paid), 0),
        )
        .order_by("currency")
    )
    return [WalletBalance(**row) for row in rows]


def taken_by(key: str) -> dict[AccountKind, int]:
    """What the journal of that key took off each kind of account of a wallet; minor units."""
    taken = {AccountKind.PENDING: 0, AccountKind.AVAILABLE: 0, AccountKind.DEBT: 0}
    entries = Entry.objects.filter(journal__key=key, account__kind__in=taken)
    for kind, amount in entries.values_list("account__kind", "amount"):
        taken[AccountKind(kind)] = -amount
    return taken


def owing(user_ids: Collection[int]) -> set[tuple[int, str]]:
    """Who of these users owes something, and in which currencies."""
    rows = Account.objects.filter(
        owner__in=[f"user:{user_id}" for user_id in user_ids],
        kind=AccountKind.DEBT,
        balances__posted__lt=0,
    )
    return {
        (int(owner.removeprefix("user:")), currency)
        for owner, currency in rows.values_list("owner", "currency")
    }


def wallet_covers(user_id: int, currency: str) -> Money:
    """What a credit note can take of the wallet before more is owed than what clears will pay."""
    rows = [row for row in wallet_balances(user_id) if row.currency == currency]
    free = sum(row.pending + max(row.available, 0) - row.debt for row in rows)
    return from_minor(max(free, 0), currency)


def balances_at(user_id: int, *, at: datetime) -> list[PastBalance]:
    """The wallet as the ledger had it at that moment, by a look-up in each chain."""
    with connection.cursor() as cursor:
        cursor.execute(BALANCES_AT, {"owner": f"user:{user_id}", "at": at})
        return [PastBalance(*row) for row in cursor.fetchall()]


def statement_page(
    *,
    user_id: int,
    currency: str | None,
    before: int | None,
    limit: int,
    until: datetime | None = None,
    kind: AccountKind = AccountKind.AVAILABLE,
) -> list[StatementLine]:
    """Lines before the place `before`, newest first: O(limit), however long the history is.

    With `until`, those that were posted by then.
    """
    place: Place = {"before": before, "until": until}
    place |= {"owner": f"user:{user_id}", "kind": kind.value, "currency": currency}
    return _lines(STATEMENT, place, limit=limit)


def statement_page_after(
    *,
    user_id: int,
    currency: str | None,
    after: int,
    limit: int,
    until: datetime | None = None,
    kind: AccountKind = AccountKind.AVAILABLE,
) -> list[StatementLine]:
    """The lines next after the place `after`, newest first; as quick as `statement_page`."""
    place: Place = {"after": after, "until": until}
    place |= {"owner": f"user:{user_id}", "kind": kind.value, "currency": currency}
    return _lines(STATEMENT_AFTER, place, limit=limit)[::-1]


def _lines(statement: str, place: Place, *, limit: int) -> list[StatementLine]:
    with connection.cursor() as cursor:
        cursor.execute(statement, {**place, "limit": limit})
        return [
            StatementLine(journal_id, posted_at, JournalKind(kind), *rest)
            for journal_id, posted_at, kind, *rest in cursor.fetchall()
        ]


def platform_fees_total(currency: str) -> int:
    """What the platform has taken in fees, less what it gave back, in minor units."""
    total = Account.objects.filter(
        owner="platform", kind=AccountKind.FEES, currency=currency
    ).aggregate(total=Sum("balances__posted", default=0))
    return int(total["total"])
