"""Random lives of projects and wallets: after each step the product is as the oracle says."""

import ast
import os
from decimal import ROUND_DOWN, Decimal
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from common import money
from tests.oracle import (
    banking,
    billing,
    books,
    crediting,
    extras,
    leaving,
    parts,
    paying,
    work,
)
from tests.oracle.lives import Lives

RUNS = int(os.environ.get("ORACLE_RUNS", "50"))
STEPS = int(os.environ.get("ORACLE_STEPS", "25"))
SHARDS = int(os.environ.get("ORACLE_SHARDS", "1"))
"""Among how many tests the runs are divided, for as many processes."""
SEED = int(os.environ.get("ORACLE_SEED") or 20261126)
PHASES = (
    (Phase.generate, Phase.shrink) if os.environ.get("ORACLE_SHRINK") != "0" else (Phase.generate,)
)
RARE = {
    "a part is paid from held",
    "a part is paid from credit",
    "the rest of a part is paid",
    "a part is undone",
    "credit pays an invoice by itself",
    "a corrected invoice is issued, milestone",
    "a corrected invoice is issued, manual",
    "a corrected invoice is issued, upfront",
    "a corrected invoice is issued, final",
    "extra work is invoiced",
}
"""What has to happen in some of the lives: a rule that is never drawn proves nothing."""
STANDARD_LIBRARY = {"collections", "copy", "datetime"}
ORACLE = (books, work, billing, extras, paying, parts, leaving, crediting, banking)


def live(*, shard=0, phases=PHASES):
    Lives.meet()
    run_state_machine_as_test(
        seed(SEED + shard)(Lives),
        settings=settings(
            max_examples=RUNS // SHARDS,
            stateful_step_count=STEPS,
            deadline=None,
            database=None,
            report_multiple_bugs=False,
            phases=phases,
            suppress_health_check=list(HealthCheck),
        ),
    )


@pytest.mark.django_db
@pytest.mark.parametrize("shard", range(SHARDS))
def test_the_product_is_as_the_oracle_says_after_each_step(shard):
    runs = RUNS // SHARDS
    print(f"ORACLE_SEED={SEED + shard} ORACLE_RUNS={runs} ORACLE_STEPS={STEPS}")  # noqa: T201

    live(shard=shard)

    rare = ", ".join(f"{name}: {count}" for name, count in Lives.reached.most_common())
    print(f"{Lives.deeds} deeds; {rare}")  # noqa: T201
    assert set(Lives.reached) == RARE


@pytest.mark.django_db
def test_a_fee_that_is_rounded_down_is_seen(monkeypatch):
    def rounded_down(rate, gross):
        return int((rate * gross).quantize(Decimal(1), ROUND_DOWN))

    monkeypatch.setattr(money, "fee_on", rounded_down)

    with pytest.raises(AssertionError):
        live(phases=[Phase.generate])


@pytest.mark.parametrize("module", ORACLE)
def test_the_oracle_stands_alone(module):
    tree = ast.parse(Path(module.__file__).read_text())
    imports = [node for node in ast.walk(tree) if isinstance(node, ast.Import | ast.ImportFrom)]

    names = {getattr(node, "module", None) or node.names[0].name for node in imports}
    assert names <= {*STANDARD_LIBRARY, *(one.__name__ for one in ORACLE)}
