"""How a proof reads: each check to its end, and all of them at one moment."""

import json
from itertools import chain
from typing import Any

import pytest
from django.db import connection

from tests.builders import paid_invoice
from wallets import integrity
from wallets.integrity.checks import (
    FACTS,
    SHOWN,
    Check,
    checks,
    recent_checks,
    statements,
    together,
)

pytestmark = pytest.mark.django_db
EVERY = [*checks(), *recent_checks()]


def plan_of(sql: str) -> dict[str, Any]:
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN (FORMAT JSON, COSTS OFF) {sql}")
        [(answer,)] = cursor.fetchall()
    [made] = json.loads(answer) if isinstance(answer, str) else answer
    return made["Plan"]


def nodes(plan: dict[str, Any]) -> chain[dict[str, Any]]:
    return chain([plan], *(nodes(part) for part in plan.get("Plans", [])))


def found(plan: dict[str, Any], name: str) -> dict[str, Any]:
    """The part that looks for what breaks the promise."""
    [part] = [node for node in nodes(plan) if node.get("Subplan Name") == f"CTE {name}"]
    return part


@pytest.mark.parametrize("check", EVERY, ids=lambda check: check.name)
def test_a_check_is_planned_as_if_all_its_rows_were_wanted(check: Check):
    """By its limit the planner would take what finds its first rows soon, and no check finds any."""
    limited = together([check]).sql
    whole = limited.replace(f" limit {SHOWN})", ")")

    assert limited != whole
    assert found(plan_of(limited), check.name) == found(plan_of(whole), check.name)


def test_what_several_checks_stand_on_is_computed_once():
    whole = [statement.sql for statement in statements(checks())]

    for fact in FACTS:
        [one] = [sql for sql in whole if fact in sql]
        plan = plan_of(one)
        made = [node for node in nodes(plan) if node.get("Subplan Name") == f"CTE {fact}"]
        read = [node for node in nodes(plan) if node.get("CTE Name") == fact]
        sharing = [check for check in checks() if check.fact == fact]
        assert (len(made), len(read)) == (1, sum(check.sql.count(fact) for check in sharing))
        assert len(sharing) > 1


@pytest.mark.django_db(transaction=True)
def test_the_checks_see_one_moment_and_write_nothing():
    """Outside of a transaction they open a read-only one of their own."""
    paid_invoice()
    with connection.cursor() as cursor:
        cursor.execute("SHOW transaction_isolation")
        before = cursor.fetchone()

    assert integrity.differences() == []

    assert not connection.in_atomic_block
    with connection.cursor() as cursor:
        cursor.execute("SHOW transaction_isolation")
        assert cursor.fetchone() == before
