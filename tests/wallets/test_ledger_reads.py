"""Wallets, statements and the plans of the ledger's reads."""

import json
from dataclasses import asdict

import pytest
from django.db import connection
from django.utils import timezone

from tests.wallets.books import Accounts, accounts, rows, run, settlement
from wallets import ledger, selectors
from wallets.enums import AccountKind, JournalKind
from wallets.ledger import AccountSpec
from wallets.selectors import WalletBalance

pytestmark = pytest.mark.django_db


def history(of: Accounts, *, first: int = 1, length: int = 7) -> None:
    ledger.settle_batch(
        [
            settlement(of, invoice=invoice, total=100 + invoice, fee=10)
            for invoice in range(first, first + length)
        ]
    )


def page(*, user: int = 1, currency: str | None = None, before: int | None = None, limit: int = 50):
    return selectors.statement_page(user_id=user, currency=currency, before=before, limit=limit)


def test_a_wallet_shows_each_currency_in_one_query(django_assert_num_queries):
    ledger.settle(settlement(accounts(), total=12_000, fee=500, tax=2_000))
    yen = accounts(currency="JPY")
    ledger.settle(settlement(yen, invoice=2, total=700, fee=35))
    run(f"UPDATE wallets_balance SET held = 65 WHERE account_id = {yen.available}")
    ledger.settle(settlement(accounts(user=2), invoice=3))

    with django_assert_num_queries(1):
        found = selectors.wallet_balances(1)

    assert found == [
        WalletBalance(
            currency="JPY",
            available=600,
            pending=0,
            held=65,
            debt=0,
            withdrawn=0,
            lifetime_earnings=665,
        ),
        WalletBalance(
            currency="USD",
            available=11_500,
            pending=0,
            held=0,
            debt=0,
            withdrawn=0,
            lifetime_earnings=9_500,
        ),
    ]


def test_a_wallet_that_never_had_money_is_empty():
    assert selectors.wallet_balances(1) == []
    assert page() == []


def test_a_statement_line_says_what_moved_and_what_was_left():
    of = accounts()
    history(of, length=1)
    made = ledger.settle(settlement(of, invoice=12, total=500, fee=25))

    line = asdict(page()[0])

    assert bytes(line.pop("hash")) == bytes(
        rows("SELECT head FROM wallets_balance WHERE shard = 0")[0][0]
    )
    assert line == {
        "journal_id": made.journal_id,
        "posted_at": made.posted_at,
        "kind": JournalKind.SETTLEMENT,
        "about_type": "invoice",
        "about_id": 12,
        "currency": "USD",
        "amount": 475,
        "balance_after": 566,
        "seq": 2,
    }


def test_pages_of_a_statement_follow_each_other_without_gap_or_overlap():
    history(accounts())
    history(accounts(currency="JPY"), first=8, length=3)
    history(accounts(user=2), first=11)

    seen: list[int] = []
    before = None
    while lines := page(before=before, limit=4):
        seen += [line.about_id for line in lines]
        before = lines[-1].journal_id

    assert seen == [10, 9, 8, 7, 6, 5, 4, 3, 2, 1]


def test_a_page_back_holds_what_comes_next_after_a_place():
    history(accounts())
    history(accounts(currency="JPY"), first=8, length=3)
    place = page()[6]

    lines = selectors.statement_page_after(
        user_id=1, currency=None, after=place.journal_id, limit=4
    )

    assert place.about_id == 4
    assert [line.about_id for line in lines] == [8, 7, 6, 5]


def test_a_statement_of_one_currency_has_no_other():
    history(accounts())
    history(accounts(currency="JPY"), first=8, length=3)

    assert [line.about_id for line in page(currency="JPY")] == [10, 9, 8]


@pytest.mark.parametrize("length", [0, 1, 2, 7])
def test_a_place_in_a_chain_is_found_by_halving(length):
    of = accounts()
    history(of, length=7)
    journals = [row[0] for row in rows("SELECT id FROM wallets_journal ORDER BY id")]
    boundary = ([*journals, journals[-1] + 1])[length]

    found = rows("SELECT wallets_seq_before(%s, 0::smallint, %s)", of.available, boundary)

    assert found == [(length + 1,)]


def test_platform_fees_are_what_all_shards_took():
    history(accounts())
    history(accounts(user=2), first=8, length=3)

    assert selectors.platform_fees_total("USD") == 100
    assert selectors.platform_fees_total("EUR") == 0


@pytest.fixture
def full_ledger():
    """Enough rows, and statistics on them, that a planner would know what a scan costs."""
    for user in range(1, 41):
        history(accounts(user=user), first=user * 100, length=100)
    ledger.open_accounts(
        [AccountSpec(f"user:{user}", AccountKind.AVAILABLE, "USD") for user in range(100, 3_000)]
    )
    run("ANALYZE wallets_account, wallets_balance, wallets_journal, wallets_entry")


def test_no_read_of_the_ledger_scans_entries_or_journals(full_ledger):
    plans = Plans()

    with connection.execute_wrapper(plans):
        selectors.wallet_balances(7)
        page(user=7)
        page(user=7, currency="USD", before=3_000)
        selectors.statement_page_after(user_id=7, currency="USD", after=3_000, limit=50)
        selectors.platform_fees_total("USD")
        selectors.balances_at(7, at=timezone.now())
        selectors.statement_page(
            user_id=7, currency="USD", before=None, limit=50, until=timezone.now()
        )

    assert len(plans.scanned) == 7
    assert plans.scanned == [set()] * 7


def test_posting_scans_no_table_of_the_ledger(full_ledger):
    of = accounts(user=7)
    before = _scans()

    ledger.settle(settlement(of, invoice=1))
    ledger.settle_batch([settlement(of, invoice=invoice) for invoice in range(1, 80)])
    rows("SELECT wallets_seq_before(%s, 0::smallint, 3000)", of.available)
    rows("SELECT wallets_seq_at(%s, 0::smallint, now())", of.available)

    assert _scans() == before


class Plans:
    """Explains each statement and notes the tables that it would scan from end to end."""

    def __init__(self) -> None:
        self.scanned: list[set[str]] = []

    def __call__(self, execute, sql, params, many, context):
        cursor = context["cursor"].cursor
        cursor.execute(f"EXPLAIN (FORMAT JSON) {sql}", params)
        ((plan,),) = cursor.fetchall()
        tree = plan if isinstance(plan, list) else json.loads(plan)
        self.scanned.append(
            {
                node["Relation Name"]
                for node in _nodes(tree[0]["Plan"])
                if node["Node Type"] == "Seq Scan"
            }
            & {"wallets_entry", "wallets_journal"}
        )
        return execute(sql, params, many, context)


def _nodes(plan: dict):
    yield plan
    for child in plan.get("Plans", []):
        yield from _nodes(child)


def _scans() -> list[tuple]:
    return rows(
        "SELECT relname, pg_stat_get_xact_numscans(oid) FROM pg_class"
        " WHERE relname IN ('wallets_entry', 'wallets_journal', 'wallets_balance') ORDER BY 1"
    )
