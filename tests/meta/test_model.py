"""The model that Spin checks makes the moves of the code, and says which of them it leaves out."""

import re
from pathlib import Path

import pytest

from gigs.enums import MILESTONE_TRANSITIONS
from wallets.enums import WITHDRAWAL_TRANSITIONS

MODEL = Path(__file__).resolve().parents[2] / "model" / "money.pml"
TABLES = {"milestone": MILESTONE_TRANSITIONS, "withdrawal": WITHDRAWAL_TRANSITIONS}
ASSIGNED = re.compile(r"\b(milestone|withdrawal) = (\w+)")
GUARD = re.compile(r"\b(milestone|withdrawal|seen) == (\w+)")
READ = re.compile(r"seen = (milestone|withdrawal);")
BEGINS_AT = {"milestone": "in_review", "withdrawal": "none"}
LEFT_OUT = {
    "milestone": {
        "what comes before the review moves no money that it could move twice": {
            ("planned", "funded"),
            ("planned", "in_progress"),
            ("planned", "in_review"),
            ("funded", "in_progress"),
            ("funded", "in_review"),
            ("funded", "cancelled"),
            ("in_progress", "in_review"),
            ("in_progress", "cancelled"),
            ("in_review", "changes_requested"),
            ("changes_requested", "in_review"),
            ("changes_requested", "cancelled"),
        },
    },
    "withdrawal": {
        "staff who reject do what the user does who cancels": {
            ("requested", "rejected"),
            ("approved", "rejected"),
        },
        "money that comes back after it was paid is a payment of its own": {("paid", "returned")},
        "staff who were wrong book what the provider paid, from what there is and the rest as debt": {
            ("returned", "paid")
        },
    },
}


def moves(machine: str) -> set[tuple[str, str]]:
    """Each assignment of a state in the model, from the states of the guard before it."""
    found, guard, read = set(), "", ""
    for line in re.sub(r"/\*.*?\*/", "", MODEL.read_text(), flags=re.DOTALL).splitlines():
        read = (READ.search(line) or [read, read])[1]
        for part in re.split(r"(?=::)", line):
            states = [
                (read if name == "seen" else name, state) for name, state in GUARD.findall(part)
            ]
            guard = states or guard
            for name, after in ASSIGNED.findall(re.sub(r"mtype .*", "", part)):
                if name == machine:
                    found |= {(state, after) for of, state in guard if of == machine}
    return found


@pytest.mark.parametrize("machine", TABLES)
def test_the_model_makes_the_moves_of_the_code_but_for_those_it_leaves_out(machine):
    table = {
        (before.value, after.value)
        for before, following in TABLES[machine].items()
        for after in following
    }
    made = {move for move in moves(machine) if move[0] != "none"}
    left_out = set().union(*LEFT_OUT[machine].values())

    assert made <= table
    assert left_out <= table
    assert made & left_out == set()
    assert made | left_out == table


@pytest.mark.parametrize("machine", TABLES)
def test_the_model_begins_where_its_moves_do(machine):
    assert f"mtype {machine} = {BEGINS_AT[machine]};" in MODEL.read_text()
    assert BEGINS_AT[machine] in {before for before, _ in moves(machine)}
