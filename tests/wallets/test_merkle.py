"""The tree over the heads of all chains, without a database."""

from hashlib import sha256
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wallets.integrity import merkle

TOOL = Path(__file__).resolve().parents[2] / "tools" / "verify_receipt.py"


def node(left: bytes, right: bytes) -> bytes:
    return sha256(b"\x01" + left + right).digest()


def test_the_tree_is_that_of_rfc_6962():
    leaves = [merkle.leaf_of(account, 0, 1, bytes(32)) for account in range(1, 6)]
    a, b, c, d, e = leaves

    assert a == sha256(b"\x00" + (1).to_bytes(8) + bytes(2) + (1).to_bytes(8) + bytes(32)).digest()
    assert merkle.root_of([]) == sha256(b"").digest()
    assert merkle.root_of([a]) == a
    assert merkle.root_of(leaves) == node(node(node(a, b), node(c, d)), e)
    assert merkle.path_of(leaves, 2) == [d, node(a, b), e]
    assert merkle.path_of(leaves, 4) == [node(node(a, b), node(c, d))]


@given(st.integers(1, 70), st.data())
def test_every_leaf_has_a_path_that_the_tool_follows(size, data):
    verify = _tool()
    leaves_of = [merkle.leaf_of(account, 0, 1, bytes(32)) for account in range(size)]
    index = data.draw(st.integers(0, size - 1))
    receipt = {
        "account": {"id": index, "shard": 0},
        "entries": [{"seq": 1}],
        "inclusion": {
            "index": index,
            "leaves": size,
            "path": [beside.hex() for beside in merkle.path_of(leaves_of, index)],
        },
        "anchor": {"chains": size, "root": merkle.root_of(leaves_of).hex()},
    }

    verify["check_inclusion"](receipt, bytes(32))

    receipt["inclusion"]["index"] = (index + 1) % size
    if size > 1:
        with pytest.raises(verify["Broken"]):
            verify["check_inclusion"](receipt, bytes(32))


def _tool() -> dict:
    names = {"__name__": "tool"}
    exec(compile(TOOL.read_text(), str(TOOL), "exec"), names)
    return names
