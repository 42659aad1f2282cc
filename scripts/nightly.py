"""`make nightly`: the long versions of the tests that look for what nobody thought of.

One after the other, each whatever became of those before it. Exit 1 if one was red.
"""

import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parent.parent
PYTHON: Final = sys.executable
TESTS: Final = (
    PYTHON, "-m", "config.devservices.test", "--", "pytest", "-q", "-n", "2", "--dist", "worksteal",
    "-rfEP", "--show-capture=stdout",
)  # fmt: skip
"""On both cores; what a passing test prints, its seed above all, is shown at the end."""


@dataclass(frozen=True)
class Step:
    """One command, and what it finds in the environment where nobody set it."""

    name: str
    command: Sequence[str]
    sizes: Mapping[str, str] = field(default_factory=dict)


def steps(seed: str) -> list[Step]:
    """In the order in which they run."""
    return [
        Step(
            "random lives",
            (*TESTS, "tests/oracle"),
            {
                "ORACLE_RUNS": "2000",
                "ORACLE_STEPS": "100",
                "ORACLE_SHARDS": "4",
                "ORACLE_SEED": seed,
            },
        ),
        Step(
            "orders of steps",
            (*TESTS, "tests/interleavings"),
            {"INTERLEAVING_ORDERS": "1000", "INTERLEAVING_SEED": seed},
        ),
        Step(
            "edits, laws of money and documents",
            (
                *TESTS,
                "tests/wallets/test_tampering.py",
                "tests/common/test_money_laws.py",
                "tests/invoicing/documents/test_official_rules.py",
                "tests/invoicing/documents/test_issued.py",
            ),
            {
                "TAMPER_EDITS": "1000",
                "TAMPER_SEED": seed,
                "MONEY_EXAMPLES": "10000",
                "ISSUED_CURRENCIES": "all",
            },
        ),
        Step("kills", (*TESTS, "tests/kill"), {"KILL_ROUNDS": "10"}),
        Step(
            "a run under fire",
            (PYTHON, "-m", "chaos"),
            {"CHAOS_MINUTES": "30", "CHAOS_KILLS": "800"},
        ),
        Step("its controls", (PYTHON, "-m", "chaos", "--controls")),
        Step("mutants", (PYTHON, "-m", "scripts.mutants"), {"MONEY_EXAMPLES": "60"}),
    ]


def run(todo: Sequence[Step]) -> list[str]:
    """Do all of them; the names of the red ones."""
    red = []
    for step in todo:
        print(f"== {step.name}", flush=True)
        began = time.monotonic()
        done = subprocess.run(step.command, cwd=ROOT, env={**step.sizes, **os.environ}, check=False)
        if done.returncode:
            red.append(step.name)
        colour = "red" if done.returncode else "green"
        print(f"== {step.name}: {colour}, {(time.monotonic() - began) / 60:.1f} min", flush=True)
    return red


def main() -> int:
    """0 when all are green."""
    seed = os.environ.get("SEED") or time.strftime("%Y%m%d")
    print(f"== SEED={seed}", flush=True)
    red = run(steps(seed))
    print(f"== red: {', '.join(red)}" if red else "== all green")
    return 1 if red else 0


if __name__ == "__main__":
    sys.exit(main())
