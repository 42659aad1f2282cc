"""The tree of RFC 6962 over the heads of all chains: its root, and the path that proves one leaf."""

import hashlib
import struct
from collections.abc import Sequence
from typing import Final

LEAF: Final = b"\x00"
NODE: Final = b"\x01"


def leaf_of(account_id: int, shard: int, seq: int, head: bytes) -> bytes:
    """The leaf of one chain. Its head cannot be guessed, so a leaf tells nothing to others."""
    return hashlib.sha256(LEAF + struct.pack(">qhq", account_id, shard, seq) + head).digest()


def root_of(leaves: Sequence[bytes]) -> bytes:
    """The root; of no leaves, the hash of nothing."""
    if not leaves:
        return hashlib.sha256().digest()
    return _levels(leaves)[-1][0]


def path_of(leaves: Sequence[bytes], index: int) -> list[bytes]:
    """The hashes beside the way from one leaf up to the root."""
    path = []
    for level in _levels(leaves)[:-1]:
        beside = index ^ 1
        if beside < len(level):
            path.append(level[beside])
        index //= 2
    return path


def _levels(leaves: Sequence[bytes]) -> list[Sequence[bytes]]:
    """Every level from the leaves to the root. One that is left over goes up as it is, which is
    the same as splitting at the largest power of two.
    """
    levels = [leaves]
    while len(level := levels[-1]) > 1:
        paired = [
            hashlib.sha256(NODE + level[number] + level[number + 1]).digest()
            for number in range(0, len(level) - 1, 2)
        ]
        levels.append(paired + list(level[len(paired) * 2 :]))
    return levels
