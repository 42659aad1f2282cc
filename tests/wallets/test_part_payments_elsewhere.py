"""What is paid in part, and taken back, is on statements, fee invoices and among the sources of credit."""

from datetime import UTC, datetime

import pytest
from django.urls import reverse
from django.utils import timezone
from djmoney.money import Money

from invoicing.models import FeeInvoice
from tests.builders import credit, pay
from tests.wallets.test_credit_sources import sources
from tests.wallets.test_part_payments import in_part
from wallets import integrity
from wallets.api.credit_serializers import CreditLineOutput
from wallets.api.reads import KINDS
from wallets.api.serializers import StatementLineOutput
from wallets.enums import JournalKind
from wallets.models import Payment
from wallets.selectors import platform_fees_total
from wallets.selectors.fees import after
from wallets.selectors.statements import LABELS
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

    page = client_for(invoice.seller).get(address).content.decode()

    assert "The rest of an invoice is open" in page
    assert "still has to pay" in page


def test_the_wallets_statement_names_the_invoice_of_a_part(monkeypatch, api, client_for):
    invoice = in_part(monkeypatch)
    credit(invoice, "100.00")

    rows = api(invoice.seller).get("/api/v1/wallet/transactions/").json()["results"]
    page = client_for(invoice.seller).get(reverse("wallets:wallet")).content.decode()

    assert [(row["kind"], row["invoice_number"], row["amount"]["amount"]) for row in rows] == [
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

    rows = api(invoice.buyer).get("/api/v1/credit/transactions/").json()["results"]
    page = client_for(invoice.buyer).get(reverse("wallets:credit"))

    assert [(row["kind"], row["invoice_number"], row["amount"]["amount"]) for row in rows] == [
        ("part_payment", invoice.number, "-1000.00"),
        ("part_return", invoice.number, "1000.00"),
    ]
    assert page.status_code == 200


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


def test_each_kind_of_journal_has_its_words():
    assert set(LABELS) == set(KINDS) == set(JournalKind)
    shown = StatementLineOutput().fields["kind"].choices
    of_credit = CreditLineOutput().fields["kind"].choices
    assert set(shown) | set(of_credit) == set(KINDS.values())
