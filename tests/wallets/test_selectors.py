from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from djmoney.money import Money

from tests.builders import (
    active_project,
    paid_invoice,
    pay,
    pending_application,
    sent_invoice,
    submitted_milestone,
)
from tests.factories import AT, CommissionerFactory, FreelancerFactory
from wallets import selectors
from wallets.selectors import statements
from wallets.services import (
    payment_method_add,
    payment_method_make_default,
    payment_method_remove,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def project(commissioner, freelancer):
    return active_project(commissioner=commissioner, freelancer=freelancer)


def usd(amount):
    return Money(amount, "USD")


def figures(rows):
    return [(str(row.amount.amount), str(row.balance_after.amount)) for row in rows]


def pay_each(project, positions):
    for position in positions:
        paid_invoice(project, position=position)


def test_the_statement_runs_newest_first_with_its_invoices(project, freelancer):
    invoices = [paid_invoice(project, position=n) for n in (1, 2, 3)]

    page = selectors.statement(freelancer.pk, currency="USD")

    assert figures(page.rows) == [
        ("3166.66", "9500.00"),
        ("3166.67", "6333.34"),
        ("3166.67", "3166.67"),
    ]
    assert [row.invoice for row in page.rows] == invoices[::-1]
    assert {row.label for row in page.rows} == {"Milestone payment"}
    assert all(row.is_arriving for row in page.rows)
    assert (page.older, page.is_newest) == (None, True)


def test_statement_pages_meet_without_gap_or_overlap(freelancer):
    pay_each(active_project(freelancer=freelancer, tasks=5), range(1, 6))
    whole = list(selectors.statement_rows(freelancer.pk, currency="USD"))

    pages, before = [], None
    while True:
        page = selectors.statement(freelancer.pk, currency="USD", before=before, size=2)
        assert page.is_newest == (before is None)
        pages.append(page.rows)
        before = page.older
        if before is None:
            break

    assert [len(rows) for rows in pages] == [2, 2, 1]
    assert [row for rows in pages for row in rows] == whole
    assert figures(whole)[0] == ("1900.00", "9500.00")


def test_a_statement_is_of_one_person_and_one_currency(project, freelancer, commissioner):
    paid_invoice(project)
    paid_invoice(
        active_project(freelancer=freelancer, budget="1001", currency="JPY", tasks=2), position=1
    )
    paid_invoice()

    assert figures(selectors.statement(freelancer.pk, currency="JPY").rows) == [("476", "476")]
    assert figures(selectors.statement(freelancer.pk, currency="USD").rows) == [
        ("3166.67", "3166.67")
    ]
    assert selectors.statement(freelancer.pk, currency="EUR").rows == []
    assert selectors.statement(commissioner.pk, currency="USD").rows == []


def test_a_statement_asks_as_much_for_twelve_lines_as_for_three(freelancer):
    project, counts = active_project(freelancer=freelancer, tasks=12), []
    for lines, positions in ((3, range(1, 4)), (12, range(4, 13))):
        pay_each(project, positions)
        with CaptureQueriesContext(connection) as queries:
            rows = selectors.statement(freelancer.pk, currency="USD").rows
            titles = [(row.invoice.project.title, row.invoice.milestone.title) for row in rows]
        assert len(titles) == lines
        counts.append(len(queries))

    assert counts == [2, 2]


def test_the_whole_statement_is_read_in_chunks(freelancer, monkeypatch):
    pay_each(active_project(freelancer=freelancer, tasks=5), range(1, 6))
    at_once = list(selectors.statement_rows(freelancer.pk, currency="USD"))
    monkeypatch.setattr(statements, "CHUNK_SIZE", 2)

    assert list(selectors.statement_rows(freelancer.pk, currency="USD")) == at_once
    assert len(at_once) == 5


@pytest.mark.parametrize(
    ("asked", "preferred", "shown"),
    [
        ("JPY", "USD", "JPY"),
        ("", "USD", "USD"),
        ("CHF", "USD", "USD"),
        ("CHF", "EUR", "JPY"),
        ("", "EUR", "JPY"),
    ],
)
def test_the_wallet_shows_a_currency_that_it_has(freelancer, asked, preferred, shown):
    paid_invoice(active_project(freelancer=freelancer))
    paid_invoice(active_project(freelancer=freelancer, budget="1001", currency="JPY", tasks=2))

    assert selectors.wallet_currency(freelancer.pk, asked=asked, preferred=preferred) == shown


def test_an_empty_wallet_shows_the_preferred_currency(freelancer):
    assert selectors.wallet_currency(freelancer.pk, asked="JPY", preferred="CHF") == "CHF"


def test_the_chart_has_twelve_months_and_the_current_one_last(project, freelancer):
    old = datetime(2025, 11, 30, 23, 0, tzinfo=UTC)
    first = datetime(2025, 12, 1, tzinfo=UTC)
    for position, paid_at in ((1, old), (2, first), (3, AT)):
        pay(sent_invoice(project, position=position, at=old), at=paid_at)

    chart = selectors.earnings_by_month(freelancer, currency="USD", at=AT)

    assert [f"{month.month:%Y-%m}" for month in chart.months] == [
        "2025-12",
        *(f"2026-{month:02d}" for month in range(1, 12)),
    ]
    assert [month.amount for month in chart.months] == [
        usd("3166.67"),
        *[usd("0.00")] * 10,
        usd("3166.66"),
    ]
    assert chart.total == usd("6333.33")
    source = chart.source("Net")
    assert (source["currency"], source["decimals"]) == ("USD", 2)
    assert source["labels"][0] == "Dec 25"
    assert source["series"] == [{"name": "Net", "values": ["3166.67", *["0.00"] * 10, "3166.66"]}]


def test_the_chart_writes_yen_without_decimals(freelancer):
    paid_invoice(active_project(freelancer=freelancer, budget="1001", currency="JPY", tasks=2))

    source = selectors.earnings_by_month(freelancer, currency="JPY", at=AT).source("Net")

    assert (source["decimals"], source["series"][0]["values"][-1]) == (0, "476")


def test_a_freelancers_board(project, freelancer):
    paid, sent = paid_invoice(project, position=1), sent_invoice(project, position=2)

    board = selectors.freelancer_board(freelancer, asked="", at=AT)

    assert [(b.currency, b.available, b.lifetime_earnings) for b in board.balances] == [
        ("USD", 316_667, 316_667)
    ]
    assert board.invoices == [sent, paid]
    assert [(row.count, row.amount) for row in board.waiting] == [(1, usd("3333.33"))]
    assert board.chart.total == usd("3166.67")
    assert board.currencies == ["USD"]
    assert [milestone.position for milestone in board.todo.due] == [3]


def test_a_commissioners_board(project, commissioner):
    paid_invoice(project, position=1)
    open_invoice = sent_invoice(project, position=2)
    submitted_milestone(project, position=3)
    paid_invoice(active_project(commissioner=commissioner, tasks=1))
    active_project(freelancer=FreelancerFactory())

    board = selectors.commissioner_board(commissioner, asked="", at=AT)

    assert board.to_pay == [open_invoice]
    assert [(row.count, row.amount) for row in board.outstanding] == [(1, usd("3333.33"))]
    assert board.chart.total == usd("13333.34")
    assert [view.project for view in board.projects] == [project]
    assert (board.project_count, board.review_count) == (1, 1)
    assert [milestone.position for milestone in board.todo.to_review] == [3]


def test_a_board_shows_one_side_of_a_person_with_both_roles(stranger):
    as_freelancer = active_project(freelancer=stranger)
    as_commissioner = active_project(commissioner=stranger)
    earned, spent = paid_invoice(as_freelancer), paid_invoice(as_commissioner)
    pending_application(by=stranger)

    freelancer = selectors.freelancer_board(stranger, asked="", at=AT)
    commissioner = selectors.commissioner_board(stranger, asked="", at=AT)

    assert (freelancer.invoices, freelancer.chart.total) == ([earned], usd("3166.67"))
    assert (commissioner.chart.total, commissioner.to_pay) == (spent.total, [])
    assert [view.project for view in commissioner.projects] == [as_commissioner]


def test_a_board_shows_the_currency_that_was_asked_for(freelancer):
    paid_invoice(active_project(freelancer=freelancer))
    paid_invoice(active_project(freelancer=freelancer, budget="1001", currency="JPY", tasks=2))

    def total(asked):
        return selectors.freelancer_board(freelancer, asked=asked, at=AT).chart.total

    assert total("JPY") == Money("476", "JPY")
    assert total("") == total("XXX") == usd("3166.67")


def test_methods_come_with_the_default_on_top_and_without_removed_ones(commissioner):
    def add(token, days, **choice):
        return payment_method_add(
            provider="sandbox",
            token=token,
            is_default=choice.get("is_default", False),
            by=commissioner,
            at=AT + timedelta(days=days),
        )

    first, second, third = add("test_ok", 0), add("test_slow", 1), add("test_declined", 2)
    payment_method_add(
        provider="sandbox", token="test_ok", is_default=True, by=CommissionerFactory(), at=AT
    )

    assert list(selectors.payment_methods_of(commissioner)) == [first, third, second]
    payment_method_make_default(method_id=second.pk, by=commissioner, at=AT)
    payment_method_remove(method_id=third.pk, by=commissioner, at=AT)
    assert list(selectors.payment_methods_of(commissioner)) == [second, first]
