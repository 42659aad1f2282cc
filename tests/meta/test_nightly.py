"""`make nightly`: every step runs, and what was red is said at the end."""

import re
import sys
from pathlib import Path

import pytest

from scripts import nightly
from scripts.nightly import Step

ROOT = Path(__file__).resolve().parents[2]


def script(text: str, **sizes: str) -> Step:
    return Step(text, (sys.executable, "-c", text), sizes)


def test_a_red_step_hides_none_that_comes_after_it(tmp_path):
    mark = tmp_path / "mark"

    red = nightly.run([script("exit(3)"), script(f"open({str(mark)!r}, 'w')"), script("1 / 0")])

    assert red == ["exit(3)", "1 / 0"]
    assert mark.exists()


def test_the_environment_says_otherwise_than_the_usual_size(monkeypatch):
    monkeypatch.setenv("NIGHTLY_TRIED", "2")
    tried = "import os; exit(os.environ['NIGHTLY_TRIED'] + os.environ['NIGHTLY_LEFT'] != '23')"

    assert nightly.run([script(tried, NIGHTLY_TRIED="1", NIGHTLY_LEFT="3")]) == []


@pytest.mark.parametrize(("red", "code"), [(["kills"], 1), ([], 0)])
def test_it_ends_as_its_steps_did(monkeypatch, capsys, red, code):
    monkeypatch.setattr(nightly, "run", lambda todo: red)

    assert nightly.main() == code
    assert capsys.readouterr().out.endswith("== red: kills\n" if red else "== all green\n")


def test_its_files_are_there_and_read_their_sizes():
    for step in nightly.steps("7"):
        files = [ROOT / word for word in step.command if word.startswith("tests/")]
        assert all(path.exists() for path in files), step.name
        sources = [
            one for path in files for one in ([path] if path.is_file() else path.glob("*.py"))
        ]
        read = set(
            re.findall(r'environ\.get\(\s*"([A-Z_]+)"', "".join(map(Path.read_text, sources)))
        )
        if files:
            assert set(step.sizes) <= read, step.name
