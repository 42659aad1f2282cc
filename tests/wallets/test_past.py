"""The wallet as it was: balances and statement at a moment, in a handful of look-ups."""

from datetime import UTC, datetime, timedelta

import pytest
from django.urls import reverse

from tests.wallets.books import accounts, rows, run, settlement
from wallets import ledger
from wallets.enums import AccountKind
from wallets.selectors import balances_at, statement_page, statement_page_after

pytestmark = pytest.mark.django_db
FIRST = datetime(2026, 3, 1, 9, tzinfo=UTC)
NET = 316_667


@pytest.fixture
def of(freelancer):
    """Five settlements, one a day; the third and fourth at the same moment."""
    of = accounts(user=freelancer.pk)
    for number in range(1, 6):
        ledger.settle(settlement(of, invoice=number))
    run("SET LOCAL session_replication_role = replica")
    for number, day in enumerate((0, 1, 2, 2, 4), 1):
        at = FIRST + timedelta(days=day)
        run(
            f"UPDATE wallets_journal SET posted_at = '{at.isoformat()}' WHERE key = 'settle:{number}'"
        )
    run("SET LOCAL session_replication_role = origin")
    return of


MOMENTS = [
    (FIRST - timedelta(microseconds=1), 0),
    (FIRST, 1),
    (FIRST + timedelta(hours=5), 1),
    (FIRST + timedelta(days=1), 2),
    (FIRST + timedelta(days=2) - timedelta(microseconds=1), 2),
    (FIRST + timedelta(days=2), 4),
    (FIRST + timedelta(days=4), 5),
    (FIRST + timedelta(days=400), 5),
]


@pytest.mark.parametrize(("at", "lines"), MOMENTS)
def test_the_place_at_a_moment_counts_what_was_posted_by_then(of, at, lines):
    assert rows("SELECT wallets_seq_at(%s, 0::smallint, %s)", of.available, at) == [(lines,)]


@pytest.mark.parametrize(("at", "lines"), MOMENTS)
def test_the_balance_at_a_moment_is_that_of_the_last_line_by_then(of, freelancer, at, lines):
    [balance] = balances_at(freelancer.pk, at=at)

    assert (balance.currency, balance.available, balance.pending) == ("USD", lines * NET, 0)


@pytest.mark.parametrize(("at", "lines"), MOMENTS)
def test_the_statement_until_a_moment_ends_there(of, freelancer, at, lines):
    page = statement_page(user_id=freelancer.pk, currency="USD", before=None, limit=10, until=at)

    assert [line.seq for line in page] == list(range(lines, 0, -1))


def test_newer_lines_do_not_go_beyond_the_moment(of, freelancer):
    oldest = statement_page(user_id=freelancer.pk, currency="USD", before=None, limit=10)[-1]

    page = statement_page_after(
        user_id=freelancer.pk,
        currency="USD",
        after=oldest.journal_id,
        limit=10,
        until=FIRST + timedelta(days=1),
    )

    assert [line.seq for line in page] == [2]


def test_a_wallet_of_nobody_had_nothing(stranger):
    assert balances_at(stranger.pk, at=FIRST) == []


@pytest.fixture
def page_of(client_for, freelancer):
    def get(query: str):
        return client_for(freelancer).get(f"{reverse('wallets:statement')}?currency=USD{query}")

    return get


def test_the_page_shows_the_end_of_a_day(of, page_of):
    page = page_of("&until=2026-03-02")

    text = page.content.decode()
    assert "At the end of 2 March 2026" in text
    assert str(page.context["past"].available) == "US$6,333.34"
    assert [row.line for row in page.context["statement"].rows] == [2, 1]
    assert page_of("").context["past"] is None


def test_pages_of_the_past_stay_in_the_past(of, page_of, monkeypatch):
    monkeypatch.setattr("wallets.selectors.statements.statement.__kwdefaults__", {
        "before": None, "until": None, "size": 2, "kind": AccountKind.AVAILABLE,
    })  # fmt: skip
    first = page_of("&until=2026-03-03")

    assert [row.line for row in first.context["statement"].rows] == [4, 3]
    older = first.context["statement"].older
    assert f"?currency=USD&amp;until=2026-03-03&amp;before={older}" in first.content.decode()


def test_a_day_before_the_first_line_says_so(of, page_of):
    page = page_of("&until=2026-02-01")

    assert "No movements by then" in page.content.decode()
    assert page.context["past"].available.amount == 0


@pytest.mark.parametrize("day", ["nonsense", "2026-02-30", "99999-01-01"])
def test_what_is_no_day_is_told_and_the_statement_is_todays(of, page_of, day):
    page = page_of(f"&until={day}")

    assert page.context["form"].errors["until"]
    assert page.context["past"] is None
    assert len(page.context["statement"].rows) == 5


PAST = "/api/v1/wallet/past/"
LINES = "/api/v1/wallet/transactions/"


def test_the_api_tells_the_past(of, api, freelancer):
    at = "2026-03-02T23:59:59.999999Z"

    answer = api(freelancer).get(PAST, {"at": at})
    lines = api(freelancer).get(LINES, {"until": at, "limit": "1"}).json()

    assert answer.json() == {
        "at": at,
        "balances": [
            {
                "currency": "USD",
                "available": {"amount": "6333.34", "currency": "USD"},
                "pending": {"amount": "0.00", "currency": "USD"},
            }
        ],
    }
    assert [line["line"] for line in lines["results"]] == [2]
    assert [line["line"] for line in api(freelancer).get(lines["next"]).json()["results"]] == [1]


@pytest.mark.parametrize(
    "moment",
    ["2026-03-02", "2026-03-02T00:00:00", "2026-03-02T00:00:00+01:00", "2026-02-30T00:00:00Z", "0001-01-01T00:00:00Z", "x"],
)  # fmt: skip
def test_a_moment_has_one_spelling(api, freelancer, moment):
    for address, name in ((PAST, "at"), (LINES, "until")):
        refusal = api(freelancer).get(address, {name: moment})
        assert (refusal.status_code, refusal.json()["code"]) == (400, "invalid_moment")


def test_the_past_needs_a_moment(api, freelancer):
    refusal = api(freelancer).get(PAST)

    assert (refusal.status_code, refusal.json()["code"]) == (400, "required")
