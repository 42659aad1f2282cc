"""What is paid in part, and taken back, is on statements, fee invoices and among the sources of credit."""

from datetime import UTC, datetime, timedelta

import pytest
from django.core import mail
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from djmoney.money import Money

from invoicing.documents.snapshot import document_of
from invoicing.enums import Side
from invoicing.models import FeeInvoice, Invoice
from invoicing.selectors import Wanted, years_of
from invoicing.services import invoice_object
from tests.builders import (
    active_project,
    approved_milestone,
    credit,
    fund_untaxed,
    pay,
    run_jobs,
    sent_invoice,
)
from tests.factories import AT
from tests.invoicing.test_archives import made, request, rows
from tests.parties import buyer, seller
from tests.wallets.paying import topped_up
from tests.wallets.test_credit_sources import sources
from tests.wallets.test_part_payment_screens import words
from tests.wallets.test_part_payments import in_part, taxed
from wallets import integrity
from wallets.api.credit_serializers import CreditLineOutput
from wallets.api.reads import KINDS
from wallets.api.serializers import StatementLineOutput
from wallets.enums import JournalKind
from wallets.models import Payment
from wallets.selectors import platform_fees_total
from wallets.selectors.fees import after
from wallets.selectors.statements import LABELS
from wallets.services import held_settle
from wallets.services.fee_billing import fees_bill

pytestmark = pytest.mark.django_db


def eur(amount):
    return Money(amount, "EUR")


def billed():
    """The fees of this month are billed in the first days of the next."""
    first = after(timezone.now().date().replace(day=1))
    return fees_bill(at=datetime(first.year, first.month, 2, tzinfo=UTC))


def test_its_freelancer_waits_for_the_rest(monkeypatch, client_for):
    invoice = in_part(monkeypatch)
    address = reverse("projects:detail", args=[invoice.project.public_id])

    shown = words(client_for(invoice.seller).get(address))

    due_on = date_format(invoice.due_on, "j F Y")
    assert (
        f"The rest of an invoice is open {invoice.buyer.name} still has to pay 190.00 EUR of invoice"
        f" {invoice.number} for “{invoice.subject}”, due {due_on}."
    ) in shown


def test_the_wallets_statement_names_the_invoice_of_a_part(monkeypatch, api, client_for):
    invoice = in_part(monkeypatch)
    credit(invoice, "100.00")

    shown = api(invoice.seller).get("/api/v1/wallet/transactions/").json()["results"]
    page = client_for(invoice.seller).get(reverse("wallets:wallet")).content.decode()

    assert [(row["kind"], row["invoice_number"], row["amount"]["amount"]) for row in shown] == [
        ("part_payment", invoice.number, "955.00"),
        ("part_return", invoice.number, "-950.00"),
        ("part_payment", invoice.number, "950.00"),
    ]
    assert page.count("Paid in part") == 2
    assert page.count("Part payment taken back") == 1
    assert page.count(f">{invoice.number}</a>") == 3


def test_the_statement_of_credit_names_it_too(monkeypatch, api, client_for):
    invoice = in_part(monkeypatch)
    credit(invoice, "100.00")

    shown = api(invoice.buyer).get("/api/v1/credit/transactions/").json()["results"]
    page = client_for(invoice.buyer).get(reverse("wallets:credit"), {"currency": "EUR"})

    assert [(row["kind"], row["invoice_number"], row["amount"]["amount"]) for row in shown] == [
        ("part_payment", invoice.number, "-1000.00"),
        ("part_return", invoice.number, "1000.00"),
    ]
    assert page.text.count("Paid in part") == page.text.count("Part payment taken back") == 1
    assert page.text.count(f">{invoice.number}</a>") == 2


def test_the_fee_of_a_part_is_billed_and_what_went_back_of_it(monkeypatch):
    invoice = in_part(monkeypatch)
    credit(invoice, "100.00")

    assert billed() == 2

    note, fee = FeeInvoice.objects.order_by("total_minor")
    assert (fee.kind, fee.total_minor, fee.freelancer) == ("fee", 9_500, invoice.seller)
    assert (note.kind, note.total_minor, note.freelancer) == ("fee_credit", 5_000, invoice.seller)
    assert platform_fees_total("EUR") == 4_500
    assert integrity.differences() == []


def test_a_part_that_went_back_for_good_can_go_back_where_it_came_from(monkeypatch):
    invoice = in_part(monkeypatch)
    [funding] = Payment.objects.filter(purpose="funding")

    credit(invoice)

    assert sources(invoice.buyer) == ({funding.pk: eur("1000.00")}, eur("0.00"))


def test_what_a_note_leaves_of_a_part_can_go_back_where_it_came_from(monkeypatch):
    invoice = in_part(monkeypatch)
    [funding] = Payment.objects.filter(purpose="funding")

    credit(invoice, "200.00")

    assert sources(invoice.buyer) == ({funding.pk: eur("48.00")}, eur("0.00"))


def test_the_payment_of_the_rest_gives_back_no_more_than_it_brought(monkeypatch):
    invoice = in_part(monkeypatch)
    [funding] = Payment.objects.filter(purpose="funding")
    rest = pay(invoice)

    credit(invoice)

    assert sources(invoice.buyer) == (
        {rest.pk: eur("190.00"), funding.pk: eur("1000.00")},
        eur("0.00"),
    )


def test_a_milestones_note_gives_back_along_its_funding_what_was_set_aside_for_it(monkeypatch):
    project = taxed(tasks=2)
    topping = topped_up(project.commissioner, amount="95.00", currency="EUR")
    fund_untaxed(project, monkeypatch)
    [funding] = Payment.objects.filter(purpose="funding")
    approved_milestone(project)
    run_jobs("milestone.approved")
    invoice = Invoice.objects.get()
    assert (invoice.status, invoice.total) == ("paid", eur("595.00"))

    credit(invoice)

    assert sources(invoice.buyer) == (
        {funding.pk: eur("500.00"), topping.pk: eur("95.00")},
        eur("0.00"),
    )


def test_each_kind_of_journal_has_its_words():
    assert set(LABELS) == set(KINDS) == set(JournalKind)
    shown = StatementLineOutput().fields["kind"].choices
    of_credit = CreditLineOutput().fields["kind"].choices
    assert set(shown) | set(of_credit) == set(KINDS.values())


def test_the_document_of_what_a_note_paid_at_once_asks_for_nothing():
    invoice = sent_invoice(active_project(commissioner=buyer(), freelancer=seller()))
    pay(invoice, at=AT + timedelta(hours=1))
    invoice_object(invoice_id=invoice.pk, reason="Wrong name.", by=invoice.seller, at=AT)

    credit(invoice)

    corrected = Invoice.objects.get(kind="milestone", status="paid")
    totals = document_of(corrected).totals
    assert (totals.gross, totals.paid, totals.due) == (corrected.total.amount, totals.gross, 0)
    invoice.refresh_from_db()
    assert document_of(invoice).totals.paid == 0


def test_the_mail_of_the_document_says_how_much_of_it_is_due(monkeypatch):
    due_on = date_format(in_part(monkeypatch).due_on, "j F Y")

    run_jobs("invoice.document", "mail.send")

    bodies = [one.body for one in mail.outbox if one.subject.endswith("00001") and one.attachments]
    assert len(bodies) == 2
    for body in bodies:
        assert f"Total: 1,190.00 EUR\nDue: 190.00 EUR, {due_on}" in body


@pytest.mark.parametrize("noted", ["100.00", "200.00", ""])
def test_the_document_says_what_was_paid_at_the_issue_whatever_a_note_undoes(monkeypatch, noted):
    invoice = in_part(monkeypatch)
    credit(invoice, noted, at=invoice.issued_at + timedelta(days=1))

    document = document_of(Invoice.objects.get(pk=invoice.pk))

    totals = document.totals
    assert (totals.gross, totals.paid, totals.due) == (1190, 1000, 190)
    assert document.payment.means == "68"


def paid_by_year(invoice, *years):
    """What the table of payments to its freelancer has in each year."""
    names = ("Number", "Paid", "Total", "Fee", "Net")
    found = {}
    for year in years:
        archive = made(request(invoice, Wanted(side=Side.SENT, year=year)))
        table = rows(archive, f"{year}-paid.csv")
        assert {row["Number"] for row in table} <= {invoice.number}
        found[year] = [tuple(row[name] for name in names[1:]) for row in table]
    return found, rows(archive, f"{year}-totals.csv")


def new_year(invoice, *, day=15):
    return invoice.issued_at.replace(year=invoice.issued_at.year + 1, month=1, day=day)


def test_the_tables_of_a_year_have_what_was_paid_in_it(monkeypatch):
    invoice = in_part(monkeypatch)
    later = new_year(invoice)
    pay(invoice, at=later)

    found, totals = paid_by_year(invoice, later.year - 1, later.year)

    assert found == {
        later.year - 1: [(invoice.issued_on.isoformat(), "1000.00", "50.00", "950.00")],
        later.year: [(f"{later.year}-01-15", "190.00", "0.00", "190.00")],
    }
    [sums] = [row for row in totals if row["What"] == "paid"]
    assert [sums[name] for name in ("Subtotal", "Tax", "Total")] == ["0.00", "190.00", "190.00"]


def test_a_note_of_the_next_year_leaves_the_table_of_a_part_as_it_was(monkeypatch):
    """1,000.00 stay paid, of which 900.00 are price then; the rest of 71.00 is paid after it."""
    invoice = in_part(monkeypatch)
    later = new_year(invoice)
    credit(invoice, "100.00", at=later)
    pay(invoice, at=new_year(invoice, day=20))

    found, totals = paid_by_year(invoice, later.year - 1, later.year)

    assert found == {
        later.year - 1: [(invoice.issued_on.isoformat(), "1000.00", "50.00", "950.00")],
        later.year: [
            (f"{later.year}-01-15", "0.00", "-5.00", "5.00"),
            (f"{later.year}-01-20", "71.00", "0.00", "71.00"),
        ],
    }
    [sums] = [row for row in totals if row["What"] == "paid"]
    assert [sums[name] for name in ("Subtotal", "Tax", "Total")] == ["-100.00", "171.00", "71.00"]


@pytest.mark.parametrize(
    ("noted", "expected"),
    [("", ("-1000.00", "-50.00", "-950.00")), ("200.00", ("-48.00", "-10.00", "-38.00"))],
)
def test_the_part_that_a_note_took_back_for_good_is_taken_off_in_its_year(
    monkeypatch, noted, expected
):
    invoice = in_part(monkeypatch)
    later = new_year(invoice)
    credit(invoice, noted, at=later)

    found, _ = paid_by_year(invoice, later.year - 1, later.year)

    assert found == {
        later.year - 1: [(invoice.issued_on.isoformat(), "1000.00", "50.00", "950.00")],
        later.year: [(f"{later.year}-01-15", *expected)],
    }


def test_a_part_that_was_paid_after_the_issue_is_in_the_year_of_its_payment(monkeypatch):
    project = taxed()
    fund_untaxed(project, monkeypatch)
    invoice = sent_invoice(project)
    later = new_year(invoice)
    held_settle(invoice_ids=[invoice.pk], at=later)

    found, _ = paid_by_year(invoice, later.year - 1, later.year)

    assert found == {
        later.year - 1: [],
        later.year: [(f"{later.year}-01-15", "1000.00", "50.00", "950.00")],
    }
    assert years_of(invoice.seller) == years_of(invoice.buyer) == [later.year, later.year - 1]
