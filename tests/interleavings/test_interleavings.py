"""Every order of the steps of two operations ends as one after the other would have ended.

CI plays some orders of each pair, drawn by a seed; `make nightly` plays all. Without the row locks
some order of each family has to end otherwise, or the test sees nothing.
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

import pytest
from django.db import DatabaseError

from common.exceptions import DomainError
from tests.interleavings import completing, grounds, leaving
from tests.interleavings.grounds import Ground, totals
from tests.interleavings.schedule import Stage, stage, words
from tests.races.threads import Outcome, without_locks
from wallets import integrity
from wallets.exceptions import InsufficientFunds

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]

ORDERS = int(os.environ.get("INTERLEAVING_ORDERS", "4"))
SEED = int(os.environ.get("INTERLEAVING_SEED") or 20261126)
FAMILIES = {
    grounds.Reviews: [
        ("approve", "approve"),
        ("approve", "approve a part"),
        ("approve", "request changes"),
        ("approve", "fall silent"),
        ("approve with bonus", "approve with bonus"),
        ("approve with bonus", "approve a part"),
        ("approve a part", "approve a part"),
        ("approve a part", "request changes"),
        ("approve a part", "fall silent"),
        ("request changes", "request changes"),
        ("request changes", "fall silent"),
        ("fall silent", "fall silent"),
        ("submit", "approve"),
        ("submit", "request changes"),
    ],
    grounds.HeldReviews: [
        ("give back", "give back"),
        ("give back", "give back a part"),
        ("give back a part", "give back a part"),
        ("give back", "approve"),
        ("give back a part", "approve"),
        ("give back", "request changes"),
        ("give back", "fall silent"),
    ],
    grounds.Refunds: [
        ("agree", "agree"),
        ("agree", "submit"),
        ("agree", "time out"),
        ("decline", "time out"),
        ("give back", "time out"),
        ("submit", "time out"),
        ("ask again", "decline"),
    ],
    grounds.Fundings: [
        ("fund", "fund"),
        ("fund", "fund from credit"),
        ("fund", "submit"),
        ("fund from credit", "fund from credit"),
        ("fund from credit", "submit"),
    ],
    grounds.Settlements: [
        ("issue", "issue"),
        ("issue", "issue and settle"),
        ("issue and settle", "issue and settle"),
    ],
    grounds.Bills: [
        ("pay", "pay"),
        ("pay", "pay from credit"),
        ("pay", "pay automatically"),
        ("pay", "fall due"),
        ("pay from credit", "pay from credit"),
        ("pay from credit", "pay automatically"),
        ("pay automatically", "pay automatically"),
    ],
    grounds.Answers: [
        ("conclude", "conclude"),
        ("conclude", "conclude without an answer"),
        ("conclude", "pay"),
    ],
    completing.Completions: [
        ("invoice by hand", "invoice by hand"),
        ("invoice by hand", "approve and issue"),
    ],
    completing.Finals: [
        ("issue for the first", "issue for the last"),
        ("invoice by hand", "issue for the last"),
    ],
    completing.Upfronts: [("pay", "pay"), ("pay", "submit"), ("issue", "pay")],
    leaving.Withdrawals: [
        ("cancel", "cancel"),
        ("cancel", "reject"),
        ("cancel", "send"),
        ("reject", "send"),
        ("send", "send"),
    ],
    leaving.Outcomes: [
        ("hear that it is paid", "hear that it is paid"),
        ("hear that it is paid", "hear that it came back"),
        ("hear that it is paid", "hear nothing"),
        ("hear that it came back", "hear that it came back"),
        ("hear that it is paid", "freeze"),
        ("hear that it came back", "freeze"),
    ],
    leaving.Frozen: [
        ("resolve as paid", "resolve as not paid"),
        ("resolve as not paid", "resolve as not paid"),
        ("hear that it is paid", "resolve as paid"),
        ("hear that it is paid", "resolve as not paid"),
    ],
    leaving.Wallets: [("withdraw", "withdraw"), ("withdraw", "hold")],
    leaving.Clearings: [("clear", "clear"), ("clear", "withdraw")],
}
LOCKED_BELOW = {leaving.Wallets}
"""What a wallet can spend is decided under the lock of its balance row, inside the ledger."""
MANY = 1000
"""More than there are orders of a pair, or turns of an operation."""
Pair = tuple[str, str]


@dataclass(frozen=True)
class End:
    """How a schedule ended: what both came to, what became of the case, what moved."""

    outcomes: tuple[str, str]
    facts: tuple
    moved: dict[str, int]


def played(stage: Stage, ground: Ground, pair: Pair, word: str) -> tuple[End, list]:
    operations = ground.fresh()
    before = totals()
    outcomes = stage.play(word, [operations[name] for name in pair])
    after = totals()
    moved = {name: after[name] - before[name] for name in after if after[name] != before[name]}
    end = End(tuple(map(word_of, outcomes)), ground.facts(), moved)
    ground.end()
    return end, list(outcomes)


def word_of(outcome: Outcome) -> str:
    """Refusals are alike: which one it is may depend on how far the other one had come."""
    if isinstance(outcome.error, DomainError):
        return "refused"
    return "done" if outcome.error is None else repr(outcome.error)


def ends(stage: Stage, ground: Ground, pair: Pair, *, most: int) -> Iterator[tuple]:
    """Orders of a pair, whether each ended as one of the two orders one after the other."""
    first, _ = played(stage, ground, pair, "A" * MANY + "B")
    turns_of_a = stage.turns_of("A")
    second, _ = played(stage, ground, pair, "B" * MANY + "A")
    orders = words(turns_of_a, stage.turns_of("B"))
    for word in Random(f"{SEED} {pair}").sample(orders, min(most, len(orders))):
        end, outcomes = played(stage, ground, pair, word)
        yield word, end in (first, second), end, outcomes, (first, second)


@pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.__name__.lower())
def test_every_order_ends_as_one_after_the_other(family):
    ground, count = family(), 0
    with stage() as both:
        for pair in FAMILIES[family]:
            for word, is_fine, end, _, serial in ends(both, ground, pair, most=ORDERS):
                assert is_fine, f"{pair} in the order {word}: {end}, not {serial}"
                count += 1
    assert integrity.differences() == []
    print(f"{count} schedules of {family.__name__} (INTERLEAVING_SEED={SEED})")  # noqa: T201


@pytest.mark.parametrize(
    "family",
    [family for family in FAMILIES if family not in LOCKED_BELOW],
    ids=lambda family: family.__name__.lower(),
)
def test_without_locks_some_order_ends_otherwise(family):
    ground = family()
    with stage() as both, without_locks():
        assert any(
            not is_fine or any(map(was_stopped, outcomes))
            for pair in FAMILIES[family]
            for _, is_fine, _, outcomes, _ in ends(both, ground, pair, most=MANY)
        )


def was_stopped(outcome: Outcome) -> bool:
    """Whether a constraint had to stop it; that credit is too small is only known to one."""
    if isinstance(outcome.error, InsufficientFunds):
        return False
    return outcome.was_stopped_by_the_database or isinstance(outcome.error, DatabaseError)
