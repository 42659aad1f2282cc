"""A ledger in plain Python integers, written apart from the SQL, and rows read to compare with."""

import hashlib
import struct
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from django.db import connection

from wallets import ledger
from wallets.enums import AccountKind
from wallets.ledger import AccountSpec, Settlement

POSTGRES_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Accounts:
    outside: int
    available: int
    fees: int


def accounts(*, user: int = 1, currency: str = "USD") -> Accounts:
    specs = [
        AccountSpec("provider:sandbox", AccountKind.OUTSIDE, currency),
        AccountSpec(f"user:{user}", AccountKind.AVAILABLE, currency),
        AccountSpec("platform", AccountKind.FEES, currency),
    ]
    return Accounts(*(ledger.open_accounts(specs)[spec] for spec in specs))


def settlement(
    of: Accounts, *, invoice: int = 1, total: int = 333_334, fee: int = 16_667, tax: int = 0
) -> Settlement:
    return Settlement(
        key=f"settle:{invoice}",
        about_type="invoice",
        about_id=invoice,
        source_account=of.outside,
        available_account=of.available,
        fee_account=of.fees,
        total=total,
        net=total - fee,
        fee=fee,
        lifetime=max(total - fee - tax, 0),
    )


def rows(statement: str, *arguments: object) -> list[tuple]:
    with connection.cursor() as cursor:
        cursor.execute(statement, arguments or None)
        return cursor.fetchall()


def run(*statements: str) -> None:
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


def posted(account: int) -> int:
    return int(rows("SELECT sum(posted) FROM wallets_balance WHERE account_id = %s", account)[0][0])


def lifetime(account: int) -> int:
    return rows("SELECT lifetime FROM wallets_balance WHERE account_id = %s", account)[0][0]


def counts() -> tuple[int, int]:
    """How many journals and entries there are."""
    return rows(
        "SELECT (SELECT count(*) FROM wallets_journal), (SELECT count(*) FROM wallets_entry)"
    )[0]


def breaks() -> list[tuple]:
    return rows(
        "SELECT account_id, shard, seq, problem FROM wallets_every_break"
        " UNION ALL SELECT * FROM wallets_head_breaks()"
    )


def _text(value: str) -> bytes:
    encoded = value.encode()
    return struct.pack(">h", len(encoded)) + encoded


@dataclass
class Oracle:
    """What the ledger must hold after the same calls; shards are summed up."""

    posted: dict[int, int] = field(default_factory=dict)
    lifetime: dict[int, int] = field(default_factory=dict)
    entries: dict[str, dict[int, int]] = field(default_factory=dict)

    def settle(self, settlement: Settlement) -> bool:
        """Whether this was the first call with the key."""
        if settlement.key in self.entries:
            return False
        legs = {
            settlement.source_account: -settlement.total,
            settlement.available_account: settlement.net,
            settlement.fee_account: settlement.fee,
        }
        self.entries[settlement.key] = {a: amount for a, amount in legs.items() if amount}
        for account, amount in legs.items():
            self.posted[account] = self.posted.get(account, 0) + amount
        available = settlement.available_account
        self.lifetime[available] = self.lifetime.get(available, 0) + settlement.lifetime
        return True


def chain_start(account: int, shard: int, owner: str, kind: str, currency: str) -> bytes:
    return hashlib.sha256(
        b"\x01"
        + struct.pack(">qh", account, shard)
        + _text(owner)
        + _text(kind)
        + currency.encode()
    ).digest()


def chain_next(head: bytes, journal: tuple, entry: tuple) -> bytes:
    """The hash of an entry after `head`, by the formula of sql/0001_chain.sql."""
    journal_id, kind, about_type, about_id, key, reverses, posted_at = journal
    leg, account, shard, seq, amount, currency, balance_after = entry
    microseconds = (posted_at - POSTGRES_EPOCH) // timedelta(microseconds=1)
    return hashlib.sha256(
        b"\x01"
        + head
        + struct.pack(">q", journal_id)
        + _text(kind)
        + _text(about_type)
        + struct.pack(">q", about_id)
        + _text(key)
        + struct.pack(">qq", reverses or 0, microseconds)
        + struct.pack(">hqhqq", leg, account, shard, seq, amount)
        + currency.encode()
        + struct.pack(">q", balance_after)
    ).digest()


def recomputed_heads() -> dict[tuple[int, int], bytes]:
    """The head of each chain with entries, from the rows alone."""
    heads = {
        (account, shard): chain_start(account, shard, owner, kind, currency)
        for account, shard, owner, kind, currency in rows(
            "SELECT a.id, b.shard, a.owner, a.kind, a.currency"
            " FROM wallets_account a JOIN wallets_balance b ON b.account_id = a.id"
        )
    }
    for row in rows(
        "SELECT j.id, j.kind, j.about_type, j.about_id, j.key, j.reverses, j.posted_at,"
        " e.leg, e.account_id, e.shard, e.seq, e.amount, e.currency, e.balance_after, e.hash"
        " FROM wallets_entry e JOIN wallets_journal j ON j.id = e.journal_id"
        " ORDER BY e.account_id, e.shard, e.seq"
    ):
        journal, entry, stored = row[:7], row[7:14], row[14]
        chain = entry[1], entry[2]
        heads[chain] = chain_next(heads[chain], journal, entry)
        assert heads[chain] == bytes(stored)
    return heads


def stored_heads() -> dict[tuple[int, int], bytes]:
    return {
        (account, shard): bytes(head)
        for account, shard, head in rows("SELECT account_id, shard, head FROM wallets_balance")
    }
