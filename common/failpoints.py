"""Failpoints: named steps at which a test makes the process die, wait or fail.

FAILPOINTS says what happens where: `approve.saved=kill9,payment.asked=sleep:2@p0.1`. Or it is the
path of a folder: a file there that is called like a failpoint holds the action, and whoever gets
there first takes the file away, so that it happens once. Without ALLOW_FAILPOINTS=1 nothing does.
"""

import builtins
import contextlib
import os
import random
import re
import signal
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Self

from django import db
from django.core.checks import CheckMessage, Error

TAKEN: Final = ".fired"
_SPELLING: Final = re.compile(r"(kill9|sleep:[\d.]+|raise:[A-Za-z]+)(?:@p(0?\.\d+|[01]))?")


@dataclass(frozen=True, slots=True)
class Action:
    """What happens at a failpoint, and how probable it is."""

    kind: str
    argument: str = ""
    probability: float = 1.0

    @classmethod
    def parse(cls, text: str) -> Self:
        """From `kill9`, `sleep:2` or `raise:OperationalError`, each with `@p0.05` or without."""
        match = _SPELLING.fullmatch(text.strip())
        if match is None:
            raise ValueError(f"{text!r} is nothing that a failpoint can do")
        kind, _, argument = match[1].partition(":")
        return cls(kind, argument, float(match[2] or 1))

    def act(self) -> None:
        """Do it, or not, as probability has it."""
        if self.probability < 1 and random.random() >= self.probability:  # noqa: S311 - no secret
            return
        match self.kind:
            case "kill9":
                os.kill(os.getpid(), signal.SIGKILL)
            case "sleep":
                time.sleep(float(self.argument))
            case _:
                raise _error_named(self.argument)("a failpoint")


def _error_named(name: str) -> type[Exception]:
    found = getattr(db, name, None) or getattr(builtins, name, None)
    if not (isinstance(found, type) and issubclass(found, Exception)):
        raise ValueError(f"there is no exception {name}")
    return found


def from_table(text: str) -> Callable[[str], None]:
    """What to call at each failpoint, for a list of `name=action`."""
    pairs = [entry.partition("=") for entry in text.split(",") if entry.strip()]
    actions = {name.strip(): Action.parse(action) for name, _, action in pairs}

    def reach(name: str) -> None:
        action = actions.get(name)
        if action is not None:
            action.act()

    return reach


def from_folder(folder: Path) -> Callable[[str], None]:
    """What to call at each failpoint, for a folder with a file for each thing that is to happen."""

    def reach(name: str) -> None:
        taken = folder / f"{name}{TAKEN}"
        with contextlib.suppress(FileNotFoundError):
            (folder / name).rename(taken)
            Action.parse(taken.read_text()).act()

    return reach


def wanted() -> str:
    """What the environment asks for."""
    return os.environ.get("FAILPOINTS", "")


def are_allowed() -> bool:
    """Whether this is an installation to break."""
    return os.environ.get("ALLOW_FAILPOINTS", "") == "1"


def are_wanted() -> bool:
    """Whether the environment speaks of failpoints at all: production refuses that."""
    return bool(wanted()) or are_allowed()


def armed() -> Callable[[str], None] | None:
    """What to call at each failpoint; None, as nearly always, for nothing."""
    if not wanted() or not are_allowed():
        return None
    return from_folder(Path(wanted())) if wanted().startswith("/") else from_table(wanted())


_reach = armed()


def failpoint(name: str) -> None:
    """Mark a step between two others; in production nothing happens here."""
    if _reach is not None:
        _reach(name)


def check_allowed(app_configs: Sequence[Any] | None, **kwargs: Any) -> list[CheckMessage]:
    """Failpoints that are named and not allowed are somebody's mistake."""
    if wanted() and not are_allowed():
        hint = "Set ALLOW_FAILPOINTS=1 in a test installation, or unset FAILPOINTS."
        return [Error("FAILPOINTS is set, and failpoints are off.", hint=hint, id="common.E001")]
    return []


def check_production(app_configs: Sequence[Any] | None, **kwargs: Any) -> list[CheckMessage]:
    """An installation that is deployed has no failpoints."""
    if are_wanted():
        hint = "Unset FAILPOINTS and ALLOW_FAILPOINTS."
        return [Error("Failpoints make processes die on purpose.", hint=hint, id="common.E002")]
    return []
