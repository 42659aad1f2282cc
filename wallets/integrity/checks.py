"""The checks of `verify_money`: each is one SQL query that finds nothing."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

FOLDER: Final = Path(__file__).parent.parent / "sql" / "checks"
RECENT: Final = FOLDER.parent / "recent_checks"
SHOWN: Final = 20
CHAINS: Final = "chains_hold"
"""The one check that costs more than all others; it is done in pieces."""


PAYOUT_BOOK: Final = "payout_book_agrees"
"""The one check that looks outside: it reads the provider's book from a setting of its session."""


@dataclass(frozen=True, slots=True)
class Check:
    """A promise about the books, and the query that lists what breaks it."""

    name: str
    promise: str
    sql: str


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that breaks a promise."""

    check: str
    subject: str
    detail: str


def checks() -> list[Check]:
    """All checks, by name."""
    return [_load(path) for path in sorted(FOLDER.glob("*.sql"))]


def recent_checks() -> list[Check]:
    """The checks of what was written since the last green run, by name.

    Each keeps the name of the promise that it keeps a part of.
    """
    return [_load(path) for path in sorted(RECENT.glob("*.sql"))]


def _load(path: Path) -> Check:
    text = path.read_text(encoding="utf-8")
    lines = text.splitlines()
    promise = [line.removeprefix("--").strip() for line in lines if line.startswith("--")]
    return Check(name=path.stem, promise=" ".join(promise), sql=text)
