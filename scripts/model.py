"""Check model/money.pml with Spin: every property holds, and no guard can be taken away.

Run by `make model`, where spin and a C compiler are installed (Debian: spin, gcc).
"""

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Final

MODEL: Final = Path(__file__).resolve().parent.parent / "model" / "money.pml"
PROPERTIES: Final = (
    "conservation",
    "covered",
    "settled_once",
    "settled_or_refunded",
    "paid_once",
    "nothing_given_away",
)
BROKEN_WITHOUT: Final = {
    ("LOCK=0",): ("conservation", "settled_once", "settled_or_refunded"),
    ("KEY=0",): ("paid_once", "nothing_given_away"),
    ("NEWKEY=1",): ("paid_once", "nothing_given_away"),
    ("TIMEOUT_FAILS=1",): ("nothing_given_away",),
    ("LEASE=0", "STICKY=0"): ("nothing_given_away",),
}
"""Which switches take a guard away, and the properties that must have a counter-example then."""


def holds(switches: tuple[str, ...], names: tuple[str, ...]) -> dict[str, bool]:
    """Whether each property holds in the model with these switches."""
    with tempfile.TemporaryDirectory() as folder:
        _run(["spin", "-a", *(f"-D{switch}" for switch in switches), str(MODEL)], folder)
        _run(["gcc", "-O2", "-o", "pan", "pan.c"], folder)
        found = {}
        for name in names:
            report = _run(["./pan", "-a", "-m400000", "-N", name], folder)
            found[name] = "errors: 0" in report
            states = [line.split()[0] for line in report.splitlines() if "states, stored" in line]
            print(
                f"{' '.join(switches) or 'all guards':24} {name:20} {states[0]:>8} states", end=" "
            )
            print("holds" if found[name] else "counter-example")
    return found


def _run(command: list[str], folder: str) -> str:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True)
    return done.stdout


def main() -> int:
    """0 when the model proves what it should, and fails where it must."""
    missing = [tool for tool in ("spin", "gcc") if shutil.which(tool) is None]
    if missing:
        print(f"make model needs {' and '.join(missing)}.", file=sys.stderr)
        return 1
    wrong = [f"{name} does not hold" for name, held in holds((), PROPERTIES).items() if not held]
    for switches, names in BROKEN_WITHOUT.items():
        for name, held in holds(switches, names).items():
            if held:
                wrong.append(f"{name} holds with {' '.join(switches)}: the model cannot see it")
    for line in wrong:
        print(line, file=sys.stderr)
    return min(len(wrong), 1)


if __name__ == "__main__":
    sys.exit(main())
