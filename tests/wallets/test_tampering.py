"""Random edits by a superuser are found, and found where they are. `make nightly` draws 1,000."""

import os
from collections import Counter
from random import Random

import pytest
from django.db import transaction

from tests.wallets import tampering
from tests.wallets.books import accounts, breaks, run, settlement
from wallets import ledger
from wallets.enums import JournalKind
from wallets.ledger import JournalDraft, Leg

pytestmark = pytest.mark.django_db
EDITS = int(os.environ.get("TAMPER_EDITS", "110"))
SEED = int(os.environ.get("TAMPER_SEED", "20261124"))


@pytest.fixture
def books():
    """Three people, thirty settlements, single and in batches, and a reversal."""
    people = [accounts(user=user) for user in (1, 2, 3)]
    for number in range(1, 31, 6):
        of = people[number % 3]
        first = ledger.settle(settlement(of, invoice=number))
        ledger.settle_batch(
            [settlement(people[n % 3], invoice=n) for n in range(number + 1, number + 6)]
        )
    ledger.post(
        JournalDraft(
            kind=JournalKind.REVERSAL,
            key="reverse:1",
            about_type="invoice",
            about_id=1,
            legs=(
                Leg(of.outside, 333_334),
                Leg(of.available, -316_667, lifetime=-316_667),
                Leg(of.fees, -16_667),
            ),
            reverses=first.journal_id,
        )
    )
    assert breaks() == []
    return tampering.places()


def first_breaks() -> dict[tuple[int, int], int]:
    found: dict[tuple[int, int], int] = {}
    for account, shard, seq, _ in breaks():
        found.setdefault((account, shard), seq)
    return found


def test_every_random_edit_is_found_where_it_is(books):
    random = Random(SEED)
    done, missed = Counter(), []
    run("SET CONSTRAINTS ALL IMMEDIATE", "SET LOCAL session_replication_role = replica")

    for number in range(EDITS):
        edit = tampering.EDITS[number % len(tampering.EDITS)]
        before = transaction.savepoint()
        expected, found = edit(books, random), first_breaks()
        transaction.savepoint_rollback(before)
        done[edit.__name__] += 1
        if found != expected:
            missed.append(f"{number} {edit.__name__}: {expected}, found {found}")

    run("SET LOCAL session_replication_role = origin")
    assert breaks() == []
    assert missed == [], f"seed {SEED}"
    assert done.total() == EDITS
    assert min(done.values()) >= EDITS // len(tampering.EDITS)
    print(f"{EDITS - len(missed)} of {EDITS} edits found where they are (seed {SEED})")  # noqa: T201
