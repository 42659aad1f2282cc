"""An invoice of held funds that somebody asks for is paid as it is issued, and says so."""

from datetime import timedelta
from decimal import Decimal

import pytest

from invoicing.documents.snapshot import document_of
from invoicing.enums import Side
from invoicing.models import Invoice
from invoicing.services import invoice_issue_for
from invoicing.services.tables import invoice_table
from outbox.models import Job
from tests.builders import (
    approved_milestone,
    completion_project,
    fund,
    fund_untaxed,
    held_project,
    milestone_of,
    pay,
    run_jobs,
)
from tests.factories import AT
from tests.parties import buyer, seller
from tests.wallets.paying import legs
from wallets import integrity
from wallets.models import Payment
from wallets.selectors import wallet_balances

pytestmark = pytest.mark.django_db

LATER = AT + timedelta(hours=2)


def taxed(**people):
    draft = {"budget": "1000.00", "currency": "EUR", "tasks": 1}
    return held_project(commissioner=buyer(), freelancer=seller(), **draft, **people)


def asked_for(project):
    """The invoice of its one milestone, which the freelancer asks for before any job has run."""
    milestone = approved_milestone(project)
    invoice_id, is_new = invoice_issue_for(
        milestone_id=milestone.pk, by=project.freelancer, at=LATER
    )
    assert is_new
    return Invoice.objects.get(pk=invoice_id)


def test_it_is_paid_from_what_is_held_and_its_document_asks_for_nothing():
    project = taxed()
    fund(project)

    invoice = asked_for(project)

    assert (invoice.status, invoice.issued_at, invoice.paid_at) == ("paid", LATER, LATER)
    assert milestone_of(project).status == "settled"
    assert [amount for _, _, amount in legs()[2:]] == [-119_000, 114_000, 5_000]
    assert document_of(invoice).totals.due == 0
    assert document_of(invoice).totals.paid == Decimal("1190.00")
    [balance] = wallet_balances(project.freelancer_id)
    assert (balance.available, balance.lifetime_earnings) == (114_000, 95_000)
    assert integrity.differences() == []


def test_the_jobs_that_come_after_it_do_nothing_more():
    project = taxed()
    fund(project)
    invoice = asked_for(project)
    before = (legs(), Payment.objects.count())

    run_jobs("milestone.approved", "invoice.issued")

    assert (legs(), Payment.objects.count()) == before
    assert list(Invoice.objects.all()) == [invoice]
    assert Job.objects.filter(topic="invoice.document").count() == 1
    assert integrity.differences() == []


def test_a_part_stands_on_its_document_before_any_job_has_run(monkeypatch):
    project = taxed()
    fund_untaxed(project, monkeypatch)

    invoice = asked_for(project)

    totals = document_of(invoice).totals
    assert (totals.gross, totals.paid, totals.due) == (1190, 1000, 190)
    run_jobs("milestone.approved", "invoice.issued")
    invoice.refresh_from_db()
    assert document_of(invoice).totals == totals
    pay(invoice, at=LATER + timedelta(days=1))
    invoice.refresh_from_db()
    assert (invoice.status, document_of(invoice).totals) == ("paid", totals)
    assert integrity.differences() == []


def test_the_table_says_what_is_open_of_it(monkeypatch):
    project = taxed()
    fund_untaxed(project, monkeypatch)
    invoice = asked_for(project)

    table = invoice_table([invoice], Side.SENT)
    [row] = table.rows

    shown = dict(zip(table.columns, row, strict=True))
    assert (shown["Status"], shown["Paid"]) == ("Sent, paid in part", "")
    assert (shown["Total"], shown["Open"], shown["Net"]) == ("1190.00", "190.00", "1140.00")


def test_one_without_held_funds_waits_for_its_buyer():
    project = completion_project(commissioner=buyer(), freelancer=seller(), currency="EUR")
    run_jobs("project.awaits_upfront")
    pay(Invoice.objects.get())
    project.refresh_from_db()
    before = legs()

    invoice = asked_for(project)

    assert (invoice.status, invoice.paid_at, legs()) == ("sent", None, before)
    assert document_of(invoice).totals.paid == 0
