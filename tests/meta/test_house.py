"""Rules of the house that no linter keeps."""

import ast
import re
from pathlib import Path

import pytest
from django.conf import settings

from accounts.admin import SubjectFilter
from outbox import registry

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("common", "outbox", "accounts", "gigs", "invoicing", "wallets", "config")
LONGEST_MODULE, LONGEST_FUNCTION = 450, 40
ATTICS = {"utils", "helpers", "misc", "manager", "managers", "signals", "receivers"}


def _paths(*folders: str, suffix: str) -> list[Path]:
    return sorted(
        path
        for folder in folders
        for path in (ROOT / folder).rglob(f"*{suffix}")
        if "__pycache__" not in path.parts
    )


CODE = [path for path in _paths(*PACKAGES, suffix=".py") if "migrations" not in path.parts]
TESTS = _paths("tests", "scripts", "benchmarks", "chaos", suffix=".py")
TEMPLATES = _paths("templates", *PACKAGES, suffix=".html")
WRITTEN = [
    *CODE,
    *TEMPLATES,
    *_paths(*PACKAGES, suffix=".sql"),
    *_paths("docs", "deploy", suffix=".md"),
    *_paths("static/css", suffix=".css"),
    *_paths("static/js", suffix=".js"),
    *sorted(ROOT.glob("*.md")),
]


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def _found(pattern: str, paths: list[Path], flags: int = 0) -> list[str]:
    search = re.compile(pattern, flags)
    return [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()[:100]}"
        for path in paths
        for number, line in enumerate(_text(path).splitlines(), 1)
        if search.search(line)
    ]


def test_there_is_something_to_look_at():
    assert len(CODE) > 100
    assert len(TEMPLATES) > 50
    assert len(TESTS) > 50


def test_no_module_is_long():
    lengths = {str(path.relative_to(ROOT)): _text(path).count("\n") for path in [*CODE, *TESTS]}

    assert {name: lines for name, lines in lengths.items() if lines > LONGEST_MODULE} == {}


def test_no_function_is_long():
    long_ones = {
        f"{path.relative_to(ROOT)}:{node.lineno} {node.name}": _lines_of(node)
        for path in CODE
        for node in ast.walk(ast.parse(_text(path)))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and _lines_of(node) > LONGEST_FUNCTION
    }

    assert long_ones == {}


def _lines_of(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Its lines, without those that say what it promises."""
    lines = node.end_lineno - node.lineno + 1
    if ast.get_docstring(node) is None:
        return lines
    return lines - (node.body[0].end_lineno - node.body[0].lineno + 1)


def test_no_module_is_an_attic():
    assert [path for path in CODE if path.stem in ATTICS] == []


def test_tasks_live_in_the_outbox_alone():
    assert [path.parent.name for path in CODE if path.stem == "tasks"] == ["outbox"]


@pytest.mark.parametrize(
    "pattern",
    [
        r"\beta\s*=",
        r"\bcountdown\s*=",
        r"\.retry\(",
        r"\bautoretry_for\b",
        r"\bdelay_on_commit\b",
        r"\bCELERY_TASK_ALWAYS_EAGER\b",
    ],
)
def test_redis_is_trusted_with_nothing(pattern):
    assert _found(pattern, CODE) == []


def test_locks_have_one_spelling_and_queues_another():
    outside = [path for path in CODE if path != ROOT / "common" / "models.py"]

    assert _found(r"select_for_update\((?!skip_locked=True, no_key=True\))", outside) == []


@pytest.mark.parametrize(
    "pattern",
    [
        r"\bcsrf_exempt\((?!not_found\))",
        r"@csrf_exempt",
        r"\bmark_safe\b",
        r"(?<!help_text)\|\s*safe\b",
        r"\bSum\([\"'](?:budget|amount|subtotal|tax|total|fee|net|unit_price)[\"']",
    ],
)
def test_what_went_wrong_elsewhere_is_not_done_here(pattern):
    assert _found(pattern, [*CODE, *TEMPLATES]) == []


@pytest.mark.parametrize(
    "pattern",
    [
        r"<script(?![^>]*\bsrc=)",
        r"<style\b",
        r"\sstyle=",
        r"\son[a-z]+=\"",
        r"javascript:",
        r"https?://(?!(?:schemas|www\.w3\.org|example\.com))[^\s\"'{]*\.(?:js|css|woff2?)",
    ],
)
def test_pages_hold_nothing_that_their_policy_refuses(pattern):
    mails = ROOT / "templates" / "emails"
    pages = [path for path in TEMPLATES if mails not in path.parents]

    assert _found(pattern, pages, re.IGNORECASE) == []


def _places_of_events(trees: list[ast.Module]) -> dict[str, set[int]]:
    """Where functions of that name take an event without naming it."""
    places: dict[str, set[int]] = {}
    for tree in trees:
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef):
                names = [argument.arg for argument in node.args.args]
                if "event" in names:
                    places.setdefault(node.name, set()).add(names.index("event"))
    return places


def _subjects_of_events() -> set[str]:
    """What the events are about that the code writes into the audit log."""
    trees = [ast.parse(_text(path)) for path in CODE]
    places = _places_of_events(trees)
    found = set()
    for call in (node for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Call)):
        given = [keyword.value for keyword in call.keywords if keyword.arg == "event"]
        name = getattr(call.func, "id", getattr(call.func, "attr", ""))
        given += [call.args[place] for place in places.get(name, ()) if place < len(call.args)]
        found |= {
            part.value.partition(".")[0]
            for value in given
            for part in ast.walk(value)
            if isinstance(part, ast.Constant) and re.match(r"[a-z_]+\.", str(part.value))
        }
    return found


def test_the_audit_log_is_filtered_by_all_that_it_is_about():
    written = sorted(_subjects_of_events())

    assert written == SubjectFilter.SUBJECTS


def test_nothing_is_left_for_later():
    assert _found(r"\b(?:TODO|FIXME|XXX|HACK)\b", WRITTEN) == []


def test_every_topic_is_in_the_architecture():
    page = _text(ROOT / "docs" / "architecture.md")
    topics = set(registry.topics())

    listed = {
        name
        for row in re.findall(r"^\| (`[a-z].*?) \|", page, re.M)
        for name in re.findall(r"`([^`]+)`", row)
    }

    assert topics == listed


def test_every_scheduled_job_has_a_handler():
    scheduled = {entry["task"] for entry in settings.CELERY_BEAT_SCHEDULE.values()}

    assert scheduled <= set(registry.topics())


def test_the_money_goes_first():
    money = {
        "milestone.approved",
        "project.awaits_upfront",
        "review.ended",
        "refund.ended",
        "credit.take_back",
        "clearing.due",
        "invoice.issued",
        "payment.auto",
        "payment.resolve",
    }
    assert set(registry.topics("money")) == {*money, "bank.match"}
    assert set(registry.topics("payouts")) == {
        "withdrawal.send",
        "withdrawal.resolve",
        "withdrawal.compare",
    }
