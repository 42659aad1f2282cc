import os
import shutil
import subprocess
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]


OF_AN_OUTER_MAKE = ("MAKELEVEL", "MAKEFLAGS", "MFLAGS", "MAKEOVERRIDES")


def make(*arguments: str, cwd: Path = REPOSITORY) -> subprocess.CompletedProcess[str]:
    environment = {
        name: value for name, value in os.environ.items() if name not in OF_AN_OUTER_MAKE
    }
    return subprocess.run(
        ["make", "--no-print-directory", *arguments],
        cwd=cwd, env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip


def test_make_alone_lists_the_targets() -> None:
    listing = make()

    assert listing.returncode == 0
    named = [line.split()[1] for line in listing.stdout.splitlines()]
    assert named[:5] == ["help", "run", "test", "prove", "test-env"]
    assert {"check", "bench", "fix", "lock", "screens", "vendor", "schema", "clean"} < set(named)


@pytest.mark.parametrize(
    "answer", ["exit 1", "echo 'No module named ensurepip' >&2; exit 1"], ids=["old", "no venv"]
)
def test_an_unfit_python_is_told_in_one_line_what_to_install(tmp_path: Path, answer: str) -> None:
    shutil.copy(REPOSITORY / "Makefile", tmp_path)
    unfit = tmp_path / "python"
    unfit.write_text(f"#!/bin/sh\n{answer}\n")
    unfit.chmod(0o755)

    refusal = make("run", f"PYTHON={unfit}", cwd=tmp_path)

    assert refusal.returncode != 0
    first, *others = refusal.stderr.splitlines()
    assert first.startswith("Tranche needs Python 3.11 or newer with venv:")
    assert [line for line in others if not line.startswith("make: ***")] == []
    assert not (tmp_path / ".venv").exists()
