"""Each failpoint of the code is one that a test kills a process at."""

import ast
from pathlib import Path

from tests.kill.failing import ALL

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("accounts", "gigs", "invoicing", "wallets", "outbox", "config")


def failpoints() -> list[str]:
    return [
        ast.literal_eval(call.args[0])
        for package in PACKAGES
        for path in (ROOT / package).rglob("*.py")
        for call in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(call, ast.Call)
        and isinstance(call.func, ast.Name)
        and call.func.id == "failpoint"
    ]


def test_each_failpoint_is_fired():
    found = failpoints()

    assert sorted(found) == sorted(set(found))
    assert set(found) == set(ALL)
    assert len(ALL) == len(set(ALL))
