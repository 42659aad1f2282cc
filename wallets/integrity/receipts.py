"""Receipts: what lets anybody check one line of a statement without the platform."""

from datetime import UTC
from typing import Final

from wallets.enums import AccountKind
from wallets.exceptions import NotAnchoredYet, StatementLineUnknown
from wallets.integrity.anchors import MOMENT, heads_at, leaves_of, of_row, published
from wallets.integrity.merkle import path_of
from wallets.integrity.snapshot import Query, Row, Snapshot, snapshot
from wallets.models import Account, Anchor

Value = str | int | None
FORMAT: Final = "tranche-receipt-v1"
ANCHOR_OF: Final = """
SELECT h.seq, h.anchor_id FROM wallets_anchoredhead h
WHERE h.account_id = %s AND h.shard = 0 AND h.seq >= %s
ORDER BY h.seq LIMIT 1
"""
ENTRIES: Final = """
SELECT e.seq, e.leg, e.amount, e.balance_after, e.hash,
  j.id, j.kind, j.about_type, j.about_id, j.key, j.reverses, j.posted_at
FROM wallets_entry e
JOIN wallets_journal j ON j.id = e.journal_id
WHERE e.account_id = %s AND e.shard = 0 AND e.seq BETWEEN %s AND %s
ORDER BY e.seq
"""
HEAD_BEFORE: Final = """
SELECT coalesce(
  (SELECT e.hash FROM wallets_entry e
   WHERE e.account_id = a.id AND e.shard = 0 AND e.seq = %s::bigint - 1),
  wallets_chain_start(a.id, 0::smallint, a.owner, a.kind, a.currency))
FROM wallets_account a WHERE a.id = %s
"""


def receipt_of(*, user_id: int, currency: str, line: int) -> dict[str, object]:
    """The receipt for one line of the user's statement, by the first anchor that covers it.

    It holds the user's own entries from that line to the anchored head, and of everybody else
    nothing but hashes. StatementLineUnknown; NotAnchoredYet within the first minute.
    """
    account = Account.objects.filter(
        owner=f"user:{user_id}", kind=AccountKind.AVAILABLE, currency=currency
    ).first()
    if account is None:
        raise StatementLineUnknown
    with snapshot() as moment:
        if not 0 < line <= _length(moment, account.pk):
            raise StatementLineUnknown
        anchored = moment.rows(Query(ANCHOR_OF, (account.pk, line)))
        if not anchored:
            raise NotAnchoredYet
        [(last, number)] = anchored
        heads = heads_at(moment, number)
        leaves = leaves_of(heads)
        index = next(place for place, head in enumerate(heads) if head[:2] == (account.pk, 0))
        [(before,)] = moment.rows(Query(HEAD_BEFORE, (line, account.pk)))
        return {
            "format": FORMAT,
            "account": {"id": account.pk, "shard": 0, "currency": currency},
            "line": line,
            "head_before": bytes(before).hex(),
            "entries": _entries(moment, account.pk, line, last),
            "inclusion": {
                "index": index,
                "leaves": len(leaves),
                "path": [beside.hex() for beside in path_of(leaves, index)],
            },
            "anchor": published(of_row(Anchor.objects.get(number=number))),
        }


def _length(moment: Snapshot, account_id: int) -> int:
    query = "SELECT seq FROM wallets_balance WHERE account_id = %s AND shard = 0"
    [(seq,)] = moment.rows(Query(query, (account_id,)))
    return int(seq)


def _entries(moment: Snapshot, account_id: int, first: int, last: int) -> list[dict[str, object]]:
    return [
        {
            "seq": seq,
            "leg": leg,
            "amount": amount,
            "balance_after": balance_after,
            "hash": bytes(head).hex(),
            "journal": _journal(tuple(journal)),
        }
        for seq, leg, amount, balance_after, head, *journal in moment.rows(
            Query(ENTRIES, (account_id, first, last))
        )
    ]


def _journal(row: Row) -> dict[str, Value]:
    number, kind, about_type, about_id, key, reverses, posted_at = row
    return {
        "id": number,
        "kind": kind,
        "about_type": about_type,
        "about_id": about_id,
        "key": key,
        "reverses": reverses,
        "posted_at": posted_at.astimezone(UTC).strftime(MOMENT),
    }
