"""Proving the books: everything, or what was written since the last green run."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from django.conf import settings

from wallets.integrity.anchors import anchor_differences, last_line
from wallets.integrity.checks import (
    PAYOUT_BOOK,
    Check,
    Difference,
    checks,
    recent_checks,
    statements,
    together,
)
from wallets.integrity.providers import payout_book
from wallets.integrity.snapshot import Query, Row, Snapshot, snapshot

MOVED: Final = """
SELECT b.account_id, b.shard, b.seq, b.posted, b.head, b.seq - coalesce(c.seq, 0)
FROM wallets_balance b
LEFT JOIN wallets_checkpoint c USING (account_id, shard)
WHERE b.seq > coalesce(c.seq, 0)
"""
ALL_ENTRIES: Final = "SELECT coalesce(sum(seq), 0) FROM wallets_balance"


@dataclass(frozen=True, slots=True)
class Head:
    """The end of a chain at the moment of a proof."""

    account_id: int
    shard: int
    seq: int
    posted: int
    hash: bytes


@dataclass(frozen=True, slots=True)
class Proof:
    """What was checked at one moment, what was found, and the chains that grew since the last."""

    checks: int
    entries: int
    differences: list[Difference]
    moved: list[Head]


def differences() -> list[Difference]:
    """What breaks a promise, up to SHOWN of each check, all seen in one snapshot.

    An empty list means that the books are in order.
    """
    return prove().differences


def prove(*, workers: int | None = None) -> Proof:
    """Every promise about every row, on VERIFY_WORKERS connections that see one snapshot."""
    every = checks()
    file_line = last_line(Path(settings.ANCHOR_FILE)) if settings.ANCHOR_FILE else None
    with snapshot() as moment:
        found = moment.all_rows(
            statements([check for check in every if check.name != PAYOUT_BOOK]),
            workers=workers or settings.VERIFY_WORKERS,
        )
        [(entries,)] = moment.rows(Query(ALL_ENTRIES))
        found.append(_beside_payout_book(moment, every))
        return Proof(
            checks=len(every),
            entries=int(entries),
            differences=_named(found) + anchor_differences(moment, file_line=file_line),
            moved=[_head(row) for row in moment.rows(Query(MOVED))],
        )


def prove_recent() -> Proof:
    """The entries since each chain's checkpoint, what they are about, and the sums of all balances.

    What was green before is taken as it was: an edit of an old row that leaves the balances alone
    is found by `prove`.
    """
    every = recent_checks()
    with snapshot() as moment:
        found = [moment.rows(together([check])) for check in every]
        moved = moment.rows(Query(MOVED))
        return Proof(
            checks=len(every),
            entries=sum(int(row[5]) for row in moved),
            differences=_named(found),
            moved=[_head(row) for row in moved],
        )


def _beside_payout_book(moment: Snapshot, every: Sequence[Check]) -> list[Row]:
    check = next(check for check in every if check.name == PAYOUT_BOOK)
    moment.rows(Query("SELECT set_config('tranche.payout_book', %s, true)", (payout_book(),)))
    return moment.rows(together([check]))


def _named(found: Sequence[list[Row]]) -> list[Difference]:
    named = [Difference(*row) for rows in found for row in rows]
    return sorted(named, key=lambda difference: difference.check)


def _head(row: Row) -> Head:
    account_id, shard, seq, posted, head, _ = row
    return Head(account_id=account_id, shard=shard, seq=seq, posted=posted, hash=bytes(head))
