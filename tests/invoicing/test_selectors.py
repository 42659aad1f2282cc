from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from djmoney.money import Money

from invoicing import selectors
from invoicing.enums import Side
from invoicing.selectors import FeeWorking, InvoiceFilters
from tests.builders import active_project, paid_invoice, pay, sent_invoice
from tests.factories import AT, CommissionerFactory, FreelancerFactory

pytestmark = pytest.mark.django_db

SENT = InvoiceFilters(side=Side.SENT)
RECEIVED = InvoiceFilters(side=Side.RECEIVED)


@pytest.fixture
def project(commissioner, freelancer):
    return active_project(commissioner=commissioner, freelancer=freelancer)


def usd(amount):
    return Money(amount, "USD")


def numbers(page):
    return [invoice.number for invoice in page.rows]


def test_lists_hold_ones_own_side_only(project, commissioner, freelancer, stranger):
    invoice = sent_invoice(project)
    sent_invoice()

    assert selectors.invoices_page(freelancer, SENT).rows == [invoice]
    assert selectors.invoices_page(commissioner, RECEIVED).rows == [invoice]
    assert selectors.invoices_page(freelancer, RECEIVED).rows == []
    assert selectors.invoices_page(commissioner, SENT).rows == []
    assert selectors.invoices_page(stranger, SENT).rows == []


def test_lists_are_filtered_by_status_and_number(project, freelancer):
    first, second = paid_invoice(project, position=1), sent_invoice(project, position=2)

    def found(**filters):
        return selectors.invoices_page(freelancer, InvoiceFilters(side=Side.SENT, **filters)).rows

    assert found() == [second, first]
    assert found(status="paid") == [first]
    assert found(status="sent") == [second]
    assert found(status="on_hold") == []
    assert found(number=second.number) == [second]
    assert found(number="-00001") == [first]
    assert found(number="-00001", status="sent") == []


def test_pages_meet_without_gap_or_overlap(freelancer, monkeypatch):
    monkeypatch.setattr("invoicing.selectors.invoices.PAGE_SIZE", 2)
    project = active_project(freelancer=freelancer, tasks=5)
    issued = [
        sent_invoice(project, position=n, at=AT + timedelta(minutes=n // 2)).number
        for n in range(1, 6)
    ]

    first = selectors.invoices_page(freelancer, SENT)
    second = selectors.invoices_page(freelancer, SENT, before=first.older)
    third = selectors.invoices_page(freelancer, SENT, before=second.older)
    back = selectors.invoices_page(freelancer, SENT, after=third.newer)

    assert numbers(first) + numbers(second) + numbers(third) == issued[::-1]
    assert (first.newer, third.older) == ("", "")
    assert numbers(back) == numbers(second)


def test_lists_ask_as_much_for_twelve_rows_as_for_three(freelancer):
    project, counts = active_project(freelancer=freelancer, tasks=12), []
    for rows, positions in ((3, range(1, 4)), (12, range(4, 13))):
        for position in positions:
            sent_invoice(project, position=position)
        with CaptureQueriesContext(connection) as queries:
            shown = [
                (invoice.project.title, invoice.milestone.title)
                for invoice in selectors.invoices_page(freelancer, SENT).rows
            ]
        assert len(shown) == rows
        counts.append(len(queries))

    assert counts == [1, 1]


def test_what_is_open_is_summed_for_each_currency(commissioner, freelancer):
    dollars = active_project(commissioner=commissioner, freelancer=freelancer)
    sent_invoice(dollars, position=1)
    sent_invoice(dollars, position=2)
    paid_invoice(dollars, position=3)
    yen = active_project(
        commissioner=commissioner, freelancer=freelancer, budget="1001", currency="JPY", tasks=2
    )
    sent_invoice(yen)

    for user, side in ((freelancer, Side.SENT), (commissioner, Side.RECEIVED)):
        assert [(row.count, row.amount) for row in selectors.outstanding(user, side)] == [
            (1, Money("501", "JPY")),
            (2, usd("6666.67")),
        ]


def test_invoices_to_pay_come_with_the_first_due_on_top(commissioner):
    project = active_project(commissioner=commissioner)
    later = sent_invoice(project, position=1, at=AT + timedelta(days=1))
    sooner = sent_invoice(project, position=2, at=AT)
    paid_invoice(project, position=3)

    assert selectors.invoices_to_pay(commissioner, limit=5) == [sooner, later]
    assert selectors.invoices_to_pay(commissioner, limit=1) == [sooner]


@pytest.mark.parametrize(
    ("position", "so_far", "fee_so_far", "before", "fee"),
    [
        (1, "3333.34", "166.67", "0.00", "166.67"),
        (2, "6666.67", "333.33", "166.67", "166.66"),
        (3, "10000.00", "500.00", "333.33", "166.67"),
    ],
)
def test_the_working_of_a_fee_adds_up(project, position, so_far, fee_so_far, before, fee):
    invoices = [sent_invoice(project, position=n) for n in (1, 2, 3)]

    page = selectors.invoice_page(invoices[position - 1])

    assert page.working == FeeWorking(
        rate="5%",
        gross_so_far=usd(so_far),
        fee_so_far=usd(fee_so_far),
        fees_before=usd(before),
        fee=usd(fee),
    )


def test_earnings_are_net_by_month_and_currency(freelancer, commissioner):
    project = active_project(commissioner=commissioner, freelancer=freelancer)
    september, november = datetime(2026, 9, 30, 23, 59, tzinfo=UTC), AT
    for position, paid_at in ((1, september), (2, november), (3, november)):
        pay(sent_invoice(project, position=position, at=september), at=paid_at)
    euros = active_project(
        commissioner=commissioner, freelancer=freelancer, budget="100.01", currency="EUR", tasks=1
    )
    paid_invoice(euros)
    sent_invoice(active_project(freelancer=freelancer))
    paid_invoice()

    def months(read, user, since):
        return [(f"{row.month:%Y-%m}", row.amount) for row in read(user, since=since)]

    year_ago = datetime(2025, 12, 1, tzinfo=UTC)
    assert months(selectors.earned_by_month, freelancer, year_ago) == [
        ("2026-11", Money("95.01", "EUR")),
        ("2026-09", usd("3166.67")),
        ("2026-11", usd("6333.33")),
    ]
    assert months(selectors.spent_by_month, commissioner, year_ago) == [
        ("2026-11", Money("100.01", "EUR")),
        ("2026-09", usd("3333.34")),
        ("2026-11", usd("6666.66")),
    ]
    assert months(selectors.earned_by_month, freelancer, datetime(2026, 10, 1, tzinfo=UTC)) == [
        ("2026-11", Money("95.01", "EUR")),
        ("2026-11", usd("6333.33")),
    ]
    assert months(selectors.earned_by_month, FreelancerFactory(), year_ago) == []
    assert months(selectors.spent_by_month, CommissionerFactory(), year_ago) == []
