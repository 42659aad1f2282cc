"""Several journals in one call: all or none, in their order, with their locks taken first."""

from functools import partial

import pytest
from django.db import transaction

from tests.races.threads import at_once, tally
from tests.wallets.books import breaks, counts, posted, rows
from wallets import ledger
from wallets.enums import AccountKind, JournalKind
from wallets.exceptions import InsufficientFunds, JournalKeyReused
from wallets.ledger import AccountSpec, JournalDraft, Leg

pytestmark = pytest.mark.django_db

SPECS = (
    AccountSpec("provider:sandbox", AccountKind.OUTSIDE, "USD"),
    AccountSpec("user:1", AccountKind.CREDIT, "USD"),
    AccountSpec("milestone:1", AccountKind.HELD, "USD"),
    AccountSpec("milestone:2", AccountKind.HELD, "USD"),
)


def accounts() -> list[int]:
    found = ledger.open_accounts(SPECS)
    return [found[spec] for spec in SPECS]


def draft(kind: JournalKind, key: str, *legs: tuple[int, int]) -> JournalDraft:
    return JournalDraft(kind, key, "payment", 1, tuple(Leg(*leg) for leg in legs))


def top_up_and_fund(number: int = 1) -> list[JournalDraft]:
    outside, credit, first, second = accounts()
    return [
        draft(JournalKind.TOP_UP, f"receive:{number}", (outside, -1_000), (credit, 1_000)),
        draft(JournalKind.FUNDING, f"fund:{number}", (credit, -900), (first, 400), (second, 500)),
    ]


def test_each_journal_follows_from_the_one_before():
    posted_ones = ledger.post_many(top_up_and_fund())

    assert [one.key for one in posted_ones] == ["receive:1", "fund:1"]
    assert [one.replayed for one in posted_ones] == [False, False]
    assert posted_ones[0].journal_id < posted_ones[1].journal_id
    assert [posted(account) for account in accounts()] == [-1_000, 100, 400, 500]
    assert rows("SELECT kind FROM wallets_journal ORDER BY id") == [("top_up",), ("funding",)]
    assert breaks() == []


def test_a_repeated_call_finds_the_first_ones_journals():
    first = ledger.post_many(top_up_and_fund())

    second = ledger.post_many(top_up_and_fund())

    assert [one.journal_id for one in second] == [one.journal_id for one in first]
    assert [one.replayed for one in second] == [True, True]
    assert counts() == (2, 5)


def test_nothing_is_written_when_one_of_them_cannot_be():
    outside, credit, first, _ = accounts()
    drafts = top_up_and_fund()
    too_much = draft(JournalKind.RELEASE, "release:1", (first, -401), (credit, 401))

    with pytest.raises(InsufficientFunds), transaction.atomic():
        ledger.post_many([*drafts, too_much])
    assert counts() == (0, 0)

    ledger.post_many(drafts)
    other = draft(JournalKind.TOP_UP, "receive:1", (outside, -999), (credit, 999))
    with pytest.raises(JournalKeyReused), transaction.atomic():
        ledger.post_many([other])


def test_nothing_to_write_asks_nothing(django_assert_num_queries):
    with django_assert_num_queries(0):
        assert ledger.post_many([]) == []


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_calls_that_name_accounts_in_other_orders_do_not_wait_for_each_other():
    _, credit, first, second = accounts()
    ledger.post_many(top_up_and_fund())

    def round_trip(number: int, one: int, other: int) -> None:
        ledger.post_many(
            [
                draft(JournalKind.RELEASE, f"out:{number}", (one, -1), (credit, 1)),
                draft(JournalKind.FUNDING, f"in:{number}", (credit, -1), (other, 1)),
            ]
        )

    pairs = [(first, second) if number % 2 else (second, first) for number in range(20)]
    outcomes = at_once(*[partial(round_trip, number, *pair) for number, pair in enumerate(pairs)])

    assert tally(outcomes) == {"done": 20}
    assert [posted(account) for account in accounts()] == [-1_000, 100, 400, 500]
    assert breaks() == []
