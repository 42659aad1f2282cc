"""Invoices as a table for spreadsheets."""

import csv
from datetime import timedelta
from io import StringIO

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from tests.builders import active_project, paid_invoice, sent_invoice
from tests.factories import AT
from tests.parties import FRENCH, buyer, seller

pytestmark = pytest.mark.django_db


def table(client, **query):
    answer = client.get(reverse("invoicing:csv"), query)
    assert answer.streaming
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    assert 'attachment; filename="tranche-invoices-' in answer["Content-Disposition"]
    text = answer.getvalue().decode()
    assert text.startswith("\N{ZERO WIDTH NO-BREAK SPACE}")
    return list(csv.DictReader(StringIO(text[1:])))


@pytest.fixture
def project(commissioner, freelancer):
    return active_project(commissioner=commissioner, freelancer=freelancer, title='=1+1,"x"')


def test_both_sides_get_their_table(client_for, project, commissioner, freelancer, stranger):
    paid, sent = paid_invoice(project), sent_invoice(project, position=2)

    mine, theirs = table(client_for(freelancer)), table(client_for(commissioner))

    assert [row["Number"] for row in mine] == [paid.number, sent.number]
    assert [row["Number"] for row in theirs] == [paid.number, sent.number]
    assert mine[0] | {"Project": ""} == {
        "Number": paid.number,
        "Kind": "Milestone invoice",
        "Status": "Paid",
        "Issued": "2026-11-23",
        "Due": "2026-11-30",
        "Paid": "2026-11-23",
        "Seller": paid.seller_copy["legal_name"],
        "Seller's country": "",
        "Seller's VAT number": "",
        "Buyer": paid.buyer_copy["legal_name"],
        "Buyer's country": "",
        "Buyer's VAT number": "",
        "Project": "",
        "Milestone": "Part 1",
        "Currency": "USD",
        "Subtotal": "3333.34",
        "Tax": "0.00",
        "Total": "3333.34",
        "Open": "0.00",
        "Fee": "166.67",
        "Net": "3166.67",
    }
    assert (mine[1]["Status"], mine[1]["Open"]) == ("Sent", "3333.33")
    assert theirs[0].keys() == mine[0].keys() - {"Fee", "Net"}
    assert table(client_for(stranger)) == []


def test_the_table_has_the_names_that_the_documents_have(client_for):
    invoice = sent_invoice(active_project(freelancer=seller(), commissioner=buyer(FRENCH)))

    [row] = table(client_for(invoice.seller))

    assert (row["Seller"], row["Buyer"]) == ("Fred's Studio GmbH", "Musée des Tranches SAS")


def test_no_cell_is_a_formula(client_for, project, freelancer):
    sent_invoice(project)

    [row] = table(client_for(freelancer))

    assert row["Project"] == """'=1+1,"x\""""


def test_the_table_and_the_list_take_a_range_of_days(client_for, project, freelancer):
    invoices = [
        sent_invoice(project, position=position, at=AT + timedelta(days=position))
        for position in (1, 2, 3)
    ]
    client = client_for(freelancer)

    def numbers(**query):
        listed = client.get(reverse("invoicing:list"), query).context["page"].rows
        exported = [row["Number"] for row in table(client, **query)]
        assert [row.number for row in reversed(listed)] == exported
        return exported

    first, second, third = (invoice.number for invoice in invoices)
    assert numbers() == [first, second, third]
    assert numbers(issued_from="2026-11-25") == [second, third]
    assert numbers(issued_until="2026-11-25") == [first, second]
    assert numbers(issued_from="2026-11-25", issued_until="2026-11-25") == [second]
    assert numbers(issued_from="nonsense") == [first, second, third]


def test_the_table_takes_as_many_queries_for_three_as_for_one(client_for, project, freelancer):
    client, counts = client_for(freelancer), []
    for positions in ((1,), (2, 3)):
        for position in positions:
            sent_invoice(project, position=position)
        with CaptureQueriesContext(connection) as queries:
            table(client)
        counts.append(len(queries))

    assert counts[0] == counts[1]
