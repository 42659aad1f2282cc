"""Each rule that the database keeps has a test that names it."""

import re
from pathlib import Path

import pytest
from django.apps import apps

ROOT = Path(__file__).resolve().parents[2]
OURS = ("accounts", "gigs", "invoicing", "outbox", "wallets")
NAMED = re.compile(r"(?:constraint|create trigger|constraint =)\s+'?([a-z_]+)'?", re.IGNORECASE)


def rules() -> list[str]:
    names = {
        constraint.name
        for app in OURS
        for model in apps.get_app_config(app).get_models()
        for constraint in model._meta.constraints
    }
    for path in ROOT.glob("*/sql/*.sql"):
        if "reverse" not in path.name:
            text = re.sub(r"--.*", "", path.read_text(encoding="utf-8"))
            names |= {name for name in NAMED.findall(text) if name.startswith(OURS)}
    return sorted(names)


@pytest.fixture(scope="module")
def words() -> set[str]:
    return {
        word
        for path in (ROOT / "tests").rglob("test_*.py")
        for word in re.findall(r"\w+", path.read_text(encoding="utf-8"))
    }


@pytest.mark.parametrize("name", rules())
def test_each_rule_is_named_in_a_test(name, words):
    assert name in words
