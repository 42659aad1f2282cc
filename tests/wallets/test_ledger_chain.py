"""The chains: one formula for all writers, and every edit of a superuser found where it is."""

from contextlib import contextmanager

import pytest
from django.db import connection

from tests.wallets.books import (
    accounts,
    breaks,
    recomputed_heads,
    rows,
    settlement,
    stored_heads,
)
from wallets import ledger
from wallets.enums import JournalKind
from wallets.ledger import JournalDraft, Leg

pytestmark = pytest.mark.django_db


@contextmanager
def unguarded():
    """As a superuser who switches the triggers off."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        yield cursor
        cursor.execute("SET LOCAL session_replication_role = origin")


@pytest.fixture
def of():
    """Five settlements, the last four of them a batch, and a reversal."""
    of = accounts()
    first = ledger.settle(settlement(of))
    ledger.settle_batch([settlement(of, invoice=invoice) for invoice in range(2, 6)])
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
    return of


def test_single_batch_and_any_other_journal_hash_by_one_formula(of):
    assert recomputed_heads() == stored_heads()
    assert breaks() == []


def test_the_chain_of_an_account_starts_from_what_the_account_is():
    accounts(user=1)
    accounts(user=2)

    assert recomputed_heads() == stored_heads()
    assert len(set(stored_heads().values())) == 64 + 64 + 2


PLACE = "account_id = (SELECT id FROM wallets_account WHERE kind = 'available') AND seq = 3"
ITS_JOURNAL = f"id = (SELECT journal_id FROM wallets_entry WHERE {PLACE})"
HASH = "the hash does not follow from the entry"


@pytest.mark.parametrize(
    ("edit", "seq", "problem"),
    [
        (
            f"UPDATE wallets_entry SET amount = amount + 1 WHERE {PLACE}",
            3,
            "the running balance is wrong",
        ),
        (
            f"UPDATE wallets_entry SET amount = amount + 1, balance_after = balance_after + 1 WHERE {PLACE}",
            3,
            HASH,
        ),
        (f"UPDATE wallets_entry SET hash = sha256('x') WHERE {PLACE}", 3, HASH),
        (f"UPDATE wallets_entry SET leg = 9 WHERE {PLACE}", 3, HASH),
        (
            f"UPDATE wallets_entry SET currency = 'EUR' WHERE {PLACE}",
            3,
            "the currency is not the account's",
        ),
        (f"UPDATE wallets_entry SET journal_id = 0 WHERE {PLACE}", 3, "the journal is missing"),
        (f"DELETE FROM wallets_entry WHERE {PLACE}", 4, "entries before this one are missing"),
        (f"DELETE FROM wallets_journal WHERE {ITS_JOURNAL}", 3, "the journal is missing"),
        (
            f"UPDATE wallets_journal SET posted_at = posted_at + '1 microsecond' WHERE {ITS_JOURNAL}",
            3,
            HASH,
        ),
        (f"UPDATE wallets_journal SET about_id = 99 WHERE {ITS_JOURNAL}", 3, HASH),
        (f"UPDATE wallets_journal SET about_type = 'gig' WHERE {ITS_JOURNAL}", 3, HASH),
        (f"UPDATE wallets_journal SET key = 'settle:99' WHERE {ITS_JOURNAL}", 3, HASH),
        (f"UPDATE wallets_journal SET kind = 'reversal' WHERE {ITS_JOURNAL}", 3, HASH),
        (f"UPDATE wallets_journal SET reverses = id - 1 WHERE {ITS_JOURNAL}", 3, HASH),
        ("UPDATE wallets_account SET owner = 'user:2' WHERE kind = 'available'", 1, HASH),
        ("DELETE FROM wallets_account WHERE kind = 'available'", 1, "the account is missing"),
        (
            "DELETE FROM wallets_entry WHERE account_id ="
            " (SELECT id FROM wallets_account WHERE kind = 'available') AND seq = 6",
            6,
            "the balance row does not follow from the last entry",
        ),
        (
            "UPDATE wallets_balance SET posted = posted + 1 WHERE shard = 0",
            6,
            "the balance row does not follow from the last entry",
        ),
        (
            "UPDATE wallets_balance SET min_balance = -100 WHERE shard = 0",
            6,
            "the balance row does not follow from the last entry",
        ),
        (
            "UPDATE wallets_balance SET head = sha256('x') WHERE shard = 0",
            6,
            "the balance row does not follow from the last entry",
        ),
        (
            "DELETE FROM wallets_balance WHERE shard = 0",
            None,
            "balance rows are missing or too many",
        ),
    ],
)
def test_an_edit_behind_the_functions_is_found_where_it_is(of, edit, seq, problem):
    with unguarded() as cursor:
        cursor.execute(edit)

    first = next(row for row in breaks() if row[0] == of.available)
    assert first[2:] == (seq, problem)


def test_two_entries_swapped_are_found(of):
    with unguarded() as cursor:
        for seq, other in ((3, 103), (4, 3), (103, 4)):
            cursor.execute(
                "UPDATE wallets_entry SET seq = %s WHERE account_id = %s AND seq = %s",
                [other, of.available, seq],
            )

    assert [row[2] for row in breaks()] == [3, 4, 5]


def test_breaks_are_found_whatever_the_ranges_of_journals_are(of):
    """An entry whose predecessor is of another range looks it up."""
    with unguarded() as cursor:
        cursor.execute(f"UPDATE wallets_entry SET hash = sha256('x') WHERE {PLACE}")
    journals = [journal for (journal,) in rows("SELECT id FROM wallets_journal ORDER BY id")]

    for last in journals:
        found = rows(
            "SELECT account_id, seq, problem FROM wallets_entry_breaks(0, %s)"
            " UNION ALL SELECT account_id, seq, problem FROM wallets_entry_breaks(%s, %s)",
            *(last, last + 1, journals[-1]),
        )
        assert found == [(of.available, 3, HASH), (of.available, 4, HASH)]


@pytest.mark.parametrize("pieces", [1, 2, 3, 7, 40])
def test_no_journal_is_left_out_between_two_pieces(of, pieces):
    """A piece is for a million entries: one chain is made to say that there are as many."""
    with unguarded() as cursor:
        cursor.execute("UPDATE wallets_entry SET hash = sha256(int8send(journal_id))")
        cursor.execute(
            "UPDATE wallets_balance SET seq = seq + %s WHERE account_id = %s",
            [(pieces - 1) * 1_000_000, of.available],
        )

    found = rows("SELECT account_id, shard, seq FROM wallets_every_break ORDER BY 1, 2, 3")

    assert found == rows("SELECT account_id, shard, seq FROM wallets_entry ORDER BY 1, 2, 3")


def test_time_and_journals_never_go_back_along_a_chain(of):
    assert rows(
        "SELECT count(*) FROM (SELECT"
        " j.posted_at < lag(j.posted_at) OVER chain OR j.id <= lag(j.id) OVER chain AS is_back"
        " FROM wallets_entry e JOIN wallets_journal j ON j.id = e.journal_id"
        " WINDOW chain AS (PARTITION BY account_id, shard ORDER BY seq)) places WHERE is_back"
    ) == [(0,)]
