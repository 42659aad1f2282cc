"""Proving the books: everything, or what was written since the last green run."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from django.conf import settings

from wallets.integrity.anchors import anchor_differences, last_line
from wallets.integrity.checks import (
    CHAINS,
    PAYOUT_BOOK,
    SHOWN,
    Check,
    Difference,
    checks,
    recent_checks,
)
from wallets.integrity.providers import payout_book
from wallets.integrity.snapshot import Query, Row, Snapshot, snapshot

PIECE_ENTRIES: Final = 1_000_000
LEAST, MOST = -(2**63), 2**63 - 1
PIECES: Final = """
SELECT coalesce(min(journal_id), 0), coalesce(max(journal_id), 0),
  (SELECT coalesce(sum(seq), 0) FROM wallets_balance)
FROM wallets_entry
"""
NAMED: Final = """
SELECT 'account ' || account_id || coalesce(' shard ' || shard, '') || coalesce(' place ' || seq, ''),
  problem
FROM {}
"""
OF_ENTRIES: Final = NAMED.format("wallets_entry_breaks(%s, %s)")
OF_HEADS: Final = NAMED.format("wallets_head_breaks()")
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
        asked = [
            *((CHAINS, query) for query in _chain_queries(moment)),
            *((c.name, shown(c)) for c in every if c.name not in (CHAINS, PAYOUT_BOOK)),
        ]
        found = moment.all_rows(
            [query for _, query in asked], workers=workers or settings.VERIFY_WORKERS
        )
        [(entries,)] = moment.rows(Query(ALL_ENTRIES))
        outside = _beside_payout_book(moment, every)
        return Proof(
            checks=len(every),
            entries=int(entries),
            differences=_named([*zip((name for name, _ in asked), found, strict=True), outside])
            + anchor_differences(moment, file_line=file_line),
            moved=[_head(row) for row in moment.rows(Query(MOVED))],
        )


def prove_recent() -> Proof:
    """The entries since each chain's checkpoint, what they are about, and the sums of all balances.

    What was green before is taken as it was: an edit of an old row that leaves the balances alone
    is found by `prove`.
    """
    every = recent_checks()
    with snapshot() as moment:
        found = [(check.name, moment.rows(shown(check))) for check in every]
        moved = moment.rows(Query(MOVED))
        return Proof(
            checks=len(every),
            entries=sum(int(row[5]) for row in moved),
            differences=_named(found),
            moved=[_head(row) for row in moved],
        )


def _chain_queries(moment: Snapshot) -> list[Query]:
    """The chains in pieces of a million entries, by ranges of journals: those lie together."""
    [(first, last, entries)] = moment.rows(Query(PIECES))
    pieces = max(1, -(-int(entries) // PIECE_ENTRIES))
    inner = [first + (last - first) * number // pieces for number in range(1, pieces)]
    starts = [LEAST, *inner]
    ends = [*(start - 1 for start in inner), MOST]
    ranges = [
        Query(f"{OF_ENTRIES} LIMIT {SHOWN}", bounds) for bounds in zip(starts, ends, strict=True)
    ]
    return [*ranges, Query(f"{OF_HEADS} LIMIT {SHOWN}")]


def _beside_payout_book(moment: Snapshot, every: Sequence[Check]) -> tuple[str, list[Row]]:
    check = next(check for check in every if check.name == PAYOUT_BOOK)
    moment.rows(Query("SELECT set_config('tranche.payout_book', %s, true)", (payout_book(),)))
    return PAYOUT_BOOK, moment.rows(shown(check))


def shown(check: Check) -> Query:
    """Planned to be read to its end: by a limit alone the planner takes what finds its first rows soon."""
    whole = f"with found as materialized (\n{check.sql}\n)"
    return Query(f"{whole} select * from found limit {SHOWN}")  # noqa: S608 - checks are files of ours


def _named(found: Sequence[tuple[str, list[Row]]]) -> list[Difference]:
    by_check: dict[str, list[Difference]] = {}
    for name, rows in found:
        by_check.setdefault(name, []).extend(
            Difference(check=name, subject=subject, detail=detail) for subject, detail in rows
        )
    return [difference for name in sorted(by_check) for difference in by_check[name][:SHOWN]]


def _head(row: Row) -> Head:
    account_id, shard, seq, posted, head, _ = row
    return Head(account_id=account_id, shard=shard, seq=seq, posted=posted, hash=bytes(head))
