"""The checks of `verify_money`: each is one SQL query that finds nothing."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from wallets.integrity.snapshot import Query

FOLDER: Final = Path(__file__).parent.parent / "sql" / "checks"
RECENT: Final = FOLDER.parent / "recent_checks"
SHOWN: Final = 20
PAYOUT_BOOK: Final = "payout_book_agrees"
"""The one check that looks outside: it reads the provider's book from a setting of its session."""
FACTS: Final = ("wallets_posted_and_due", "wallets_every_break")
"""Views that several checks stand on and that cost most: they are computed once for all of these."""


@dataclass(frozen=True, slots=True)
class Check:
    """A promise about the books, and the query that lists what breaks it."""

    name: str
    promise: str
    sql: str

    @property
    def fact(self) -> str | None:
        """The one of FACTS that it stands on."""
        return next((fact for fact in FACTS if fact in self.sql), None)


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


def statements(every: Sequence[Check]) -> list[Query]:
    """One for the checks of each fact, those first: they take longest. One for each other check."""
    groups: dict[str, list[Check]] = {fact: [] for fact in FACTS}
    for check in every:
        groups.setdefault(check.fact or check.name, []).append(check)
    return [together(group) for group in groups.values()]


def together(group: Sequence[Check]) -> Query:
    """What checks of one fact find, up to SHOWN of each behind its name, and the fact computed once.

    Planned to be read to its end: by a limit alone the planner takes what finds its first rows soon.
    """
    fact = group[0].fact
    computed = [
        *([f"{fact} as materialized (table {fact})"] if fact else []),
        *(f"{check.name} as materialized (\n{check.sql}\n)" for check in group),
    ]
    shown = [
        f"(select '{check.name}', * from {check.name} limit {SHOWN})"  # noqa: S608 - files of ours
        for check in group
    ]
    return Query(f"with {', '.join(computed)} {' union all '.join(shown)}")


def _load(path: Path) -> Check:
    text = path.read_text(encoding="utf-8")
    lines = text.splitlines()
    promise = [line.removeprefix("--").strip() for line in lines if line.startswith("--")]
    return Check(name=path.stem, promise=" ".join(promise), sql=text)
