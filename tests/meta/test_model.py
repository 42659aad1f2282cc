"""The model that Spin checks speaks of the same states and moves as the code."""

import re
from pathlib import Path

from gigs.enums import MILESTONE_TRANSITIONS, MilestoneStatus
from wallets.enums import WITHDRAWAL_TRANSITIONS, WithdrawalStatus

MODEL = Path(__file__).resolve().parents[2] / "model" / "money.pml"
TABLES = {
    "milestone": {
        (before.value, after.value)
        for before, following in MILESTONE_TRANSITIONS.items()
        for after in following
    },
    "withdrawal": {
        (before.value, after.value)
        for before, following in WITHDRAWAL_TRANSITIONS.items()
        for after in following
    },
}


def test_each_move_of_the_model_is_one_of_the_code():
    moves = re.findall(r"move (milestone|withdrawal) (\w+) (\w+)", MODEL.read_text())

    assert len(moves) >= 9
    for machine, before, after in moves:
        assert (before, after) in TABLES[machine], (machine, before, after)


def test_each_state_of_the_model_is_one_of_the_code():
    milestone, withdrawal = (
        {name.strip() for name in names.split(",")}
        for names in re.findall(r"^mtype = \{(.*)\};$", MODEL.read_text(), re.MULTILINE)[:2]
    )

    assert milestone <= set(MilestoneStatus.values)
    # `none` is no withdrawal yet; `withdrawn` is one that was cancelled, a name of its own in Spin.
    assert withdrawal - {"none", "withdrawn"} <= set(WithdrawalStatus.values)
