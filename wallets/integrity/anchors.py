"""Anchors: signed statements of what all chains were, each one bound to the one before it."""

import base64
import binascii
import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.conf import settings

from wallets.integrity.checks import Difference
from wallets.integrity.merkle import leaf_of, root_of
from wallets.integrity.snapshot import Query, Row, Snapshot
from wallets.models import Anchor

CHECK: Final = "anchors_hold"
FIRST: Final = bytes(32)
"""What the first anchor names as the one before it."""
SEED_BYTES: Final = 32
MOMENT: Final = "%Y-%m-%dT%H:%M:%S.%fZ"
FILE_LAG_SECONDS: Final = 300
TAIL_BYTES: Final = 4096
HEADS: Final = """
SELECT b.account_id, b.shard, b.seq, b.head, b.seq > coalesce((
  SELECT max(h.seq) FROM wallets_anchoredhead h
  WHERE h.account_id = b.account_id AND h.shard = b.shard), -1)
FROM wallets_balance b
ORDER BY b.account_id, b.shard
"""
HEADS_AT: Final = """
SELECT h.account_id, h.shard, h.seq, h.head
FROM wallets_balance b
CROSS JOIN LATERAL (
  SELECT * FROM wallets_anchoredhead h
  WHERE h.account_id = b.account_id AND h.shard = b.shard AND h.anchor_id <= %s
  ORDER BY h.anchor_id DESC LIMIT 1
) h
ORDER BY h.account_id, h.shard
"""
ANCHORS: Final = """
SELECT number, at, chains, root, previous, public_key, signature FROM wallets_anchor ORDER BY number
"""


class NoAnchorKey(Exception):
    """ANCHOR_KEY is missing or is not 32 bytes in base64."""


@dataclass(frozen=True, slots=True)
class Signed:
    """An anchor, as it is published."""

    number: int
    at: datetime
    chains: int
    root: bytes
    previous: bytes
    public_key: bytes
    signature: bytes


def statement_of(anchor: Signed) -> bytes:
    """The signed bytes: six lines of text."""
    lines = (
        "tranche-anchor-v1",
        f"number {anchor.number}",
        f"at {anchor.at.astimezone(UTC).strftime(MOMENT)}",
        f"chains {anchor.chains}",
        f"root {anchor.root.hex()}",
        f"previous {anchor.previous.hex()}",
    )
    return "".join(f"{line}\n" for line in lines).encode()


def digest_of(anchor: Signed) -> bytes:
    """What the next anchor names as the one before it."""
    return hashlib.sha256(statement_of(anchor) + anchor.signature).digest()


def published(anchor: Signed) -> dict[str, str | int]:
    """An anchor as receipts, the page and the file show it."""
    return {
        "number": anchor.number,
        "at": anchor.at.astimezone(UTC).strftime(MOMENT),
        "chains": anchor.chains,
        "root": anchor.root.hex(),
        "previous": anchor.previous.hex(),
        "key": anchor.public_key.hex(),
        "signature": anchor.signature.hex(),
    }


def line_of(anchor: Signed) -> str:
    """One line of the published file."""
    return json.dumps(published(anchor)) + "\n"


def number_in(line: str) -> int:
    """The number of the anchor in a line of the published file."""
    return int(json.loads(line)["number"])


def of_row(row: Anchor) -> Signed:
    """An anchor as it is kept."""
    return Signed(
        number=row.number,
        at=row.at,
        chains=row.chains,
        root=bytes(row.root),
        previous=bytes(row.previous),
        public_key=bytes(row.public_key),
        signature=bytes(row.signature),
    )


def sign(heads: Sequence[Row], *, after: Signed | None, at: datetime) -> Signed:
    """The statement that these are all chains, signed. NoAnchorKey without a good ANCHOR_KEY."""
    key = _signing_key()
    unsigned = Signed(
        number=after.number + 1 if after else 1,
        at=at,
        chains=len(heads),
        root=root_of(leaves_of(heads)),
        previous=digest_of(after) if after else FIRST,
        public_key=key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw),
        signature=b"",
    )
    return replace(unsigned, signature=key.sign(statement_of(unsigned)))


def _signing_key() -> Ed25519PrivateKey:
    try:
        seed = base64.b64decode(settings.ANCHOR_KEY, validate=True)
    except binascii.Error as error:
        raise NoAnchorKey from error
    if len(seed) != SEED_BYTES:
        raise NoAnchorKey
    return Ed25519PrivateKey.from_private_bytes(seed)


def heads_at(moment: Snapshot, number: int) -> list[Row]:
    """Every chain as an anchor has it: account, shard, seq, head."""
    return [_plain(row) for row in moment.rows(Query(HEADS_AT, (number,)))]


def leaves_of(heads: Sequence[Row]) -> list[bytes]:
    """The leaves of the tree over these chains."""
    return [leaf_of(account_id, shard, seq, head) for account_id, shard, seq, head in heads]


def heads_now(moment: Snapshot) -> tuple[list[Row], list[Row]]:
    """Every chain as it is, and those that grew since they were anchored."""
    rows = moment.rows(Query(HEADS))
    return [_plain(row[:4]) for row in rows], [_plain(row[:4]) for row in rows if row[4]]


def anchor_differences(moment: Snapshot, *, file_line: str | None) -> list[Difference]:
    """Where the newest anchor is not what its key, its heads and the file outside say.

    That each follows from the one before is the SQL check of the same name.
    """
    newest = _rows(moment, "WHERE number = (SELECT max(number) FROM wallets_anchor)")
    found = [difference for anchor in newest for difference in _newest_differences(moment, anchor)]
    return found + _file_differences(moment, newest, file_line)


def last_line(path: Path) -> str | None:
    """The last whole line of the file outside; None when there is no file."""
    try:
        with path.open("rb") as file:
            file.seek(max(0, path.stat().st_size - TAIL_BYTES))
            lines = file.read().decode().splitlines(keepends=True)
    except FileNotFoundError:
        return None
    return next((line for line in reversed(lines) if line.endswith("\n")), "")


def _newest_differences(moment: Snapshot, anchor: Signed) -> list[Difference]:
    """The newest signature vouches for all before it: each names the hash of the one before."""
    found = []
    try:
        Ed25519PublicKey.from_public_bytes(anchor.public_key).verify(
            anchor.signature, statement_of(anchor)
        )
    except InvalidSignature:
        found.append(_difference(anchor, "its signature is not its key's"))
    if root_of(leaves_of(heads_at(moment, anchor.number))) != anchor.root:
        found.append(_difference(anchor, "its root is not that of its heads"))
    return found


def _file_differences(
    moment: Snapshot, newest: list[Signed], file_line: str | None
) -> list[Difference]:
    if not settings.ANCHOR_FILE or (not newest and not file_line):
        return []
    name = Path(settings.ANCHOR_FILE).name
    if not file_line:
        late = _rows(moment, "WHERE number = 1")
        return [_difference(late[0], f"is missing in {name}")] if _is_old(moment, late) else []
    number = number_in(file_line)
    same = _rows(moment, f"WHERE number = {number}")
    if not same or line_of(same[0]) != file_line:
        return [Difference(CHECK, f"anchor {number}", f"is another one in {name}")]
    following = _rows(moment, f"WHERE number = {number + 1}")
    if _is_old(moment, following):
        return [_difference(following[0], f"is missing in {name}")]
    return []


def _is_old(moment: Snapshot, anchors: list[Signed]) -> bool:
    [(now,)] = moment.rows(Query("SELECT clock_timestamp()"))
    return bool(anchors) and (now - anchors[0].at).total_seconds() > FILE_LAG_SECONDS


def _rows(moment: Snapshot, where: str) -> list[Signed]:
    query = ANCHORS.replace("ORDER BY", f"{where} ORDER BY")
    return [_signed(row) for row in moment.rows(Query(query))]


def _signed(row: Row) -> Signed:
    number, at, chains, *rest = row
    root, previous, public_key, signature = map(bytes, rest)
    return Signed(number, at, chains, root, previous, public_key, signature)


def _difference(anchor: Signed, words: str) -> Difference:
    return Difference(CHECK, f"anchor {anchor.number}", words)


def _plain(row: Row) -> Row:
    return (*row[:3], bytes(row[3]))
