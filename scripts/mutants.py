"""Mutation testing of the pure money modules: is every change to them noticed by their tests?

Run by `make mutants`. mutmut changes one thing at a time ([tool.mutmut] in pyproject.toml says where
and which tests have to notice). What survives is argued in docs/mutants.md, there and nowhere else.
Transition tables are data, which mutmut leaves alone: each pair of states is flipped here, and the
generated page of states has to differ.
"""

import re
import shutil
import subprocess
import sys
from itertools import product
from pathlib import Path
from typing import Final

from scripts import states

ROOT: Final = Path(__file__).resolve().parent.parent
ARGUED: Final = ROOT / "docs" / "mutants.md"
MUTMUT: Final = Path(sys.executable).parent / "mutmut"
LEAST: Final = 0.95
NOTICED: Final = {"killed", "timeout", "segfault"}


def mutants() -> dict[str, str]:
    """What became of each mutant."""
    shutil.rmtree(ROOT / "mutants", ignore_errors=True)
    subprocess.run([MUTMUT, "run", *sys.argv[1:]], cwd=ROOT, check=True)
    listed = subprocess.run(
        [MUTMUT, "results", "--all", "true"], cwd=ROOT, check=True, capture_output=True, text=True
    )
    return dict(re.findall(r"^\s+(\S+): (.+)$", listed.stdout, re.MULTILINE))


def unnoticed_flips() -> list[str]:
    """Pairs of states of which one could be let or refused and the page of states stay the same."""
    page, found = states.document(), []
    for name, table in states.MACHINES.items():
        for before, after in product(table, table):
            kept = table[before]
            table[before] = kept ^ {after}
            if states.document() == page:
                found.append(f"{name}: {before} to {after}")
            table[before] = kept
    return found


def main() -> int:
    """0 when enough is noticed, and each survivor is argued."""
    fates = mutants()
    survivors = {name for name, fate in fates.items() if fate not in NOTICED}
    argued = set(re.findall(r"^\| `([\w.ǁ]+)` ", ARGUED.read_text(encoding="utf-8"), re.MULTILINE))
    share = 1 - len(survivors) / max(len(fates), 1)
    flips = sum(len(table) ** 2 for table in states.MACHINES.values())
    print(f"{len(fates) - len(survivors)} of {len(fates)} mutants noticed ({share:.1%}),", end=" ")
    print(f"{flips} flips of transition tables")
    wrong = [
        *(f"not argued in {ARGUED.name}: {name}" for name in sorted(survivors - argued)),
        *(f"argued, and noticed: {name}" for name in sorted(argued - survivors)),
        *(f"a flip that the page of states does not show: {flip}" for flip in unnoticed_flips()),
    ]
    if share < LEAST:
        wrong.append(f"less than {LEAST:.0%} of the mutants are noticed")
    for line in wrong:
        print(line, file=sys.stderr)
    return min(len(wrong), 1)


if __name__ == "__main__":
    sys.exit(main())
