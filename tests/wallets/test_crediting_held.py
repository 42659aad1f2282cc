"""Crediting invoices that wait for the funds that are held for their milestones."""

import pytest
from django.urls import reverse
from djmoney.money import Money

from invoicing.models import Invoice
from invoicing.services import invoice_object
from tests.builders import (
    credit,
    fund,
    fund_untaxed,
    held_project,
    milestone_of,
    run_jobs,
    sent_invoice,
)
from tests.factories import AT
from tests.parties import buyer, seller
from tests.rules import copy, refused_by
from wallets import integrity
from wallets.models import Journal, MilestoneFunding, Payment, Release
from wallets.selectors import credit_balance, wallet_balances
from wallets.services import note_preview, take_back_begin

pytestmark = pytest.mark.django_db


def usd(amount):
    return Money(amount, "USD")


def waiting(**draft):
    """An invoice that was issued for a funded milestone and is not paid yet."""
    project = held_project(**draft)
    fund(project)
    return sent_invoice(project)


def earned(user):
    return sum(row.available for row in wallet_balances(user.pk))


def test_all_of_it_goes_back_to_the_commissioners_credit():
    invoice = waiting(tasks=1)

    note = credit(invoice)

    invoice.refresh_from_db()
    project = invoice.project
    project.refresh_from_db()
    assert (invoice.status, invoice.due.amount, note.paid_at) == ("credited", 0, None)
    assert (milestone_of(project).status, project.status) == ("settled", "completed")
    assert credit_balance(invoice.buyer_id, "USD") == usd("10000.00")
    [release] = Release.objects.all()
    assert (release.cause, release.by, release.amount_minor) == (
        "credited",
        invoice.seller,
        1_000_000,
    )
    assert MilestoneFunding.objects.get().status == "returned"
    assert earned(invoice.seller) == 0
    assert not Payment.objects.filter(invoice=invoice).exists()
    run_jobs()
    assert integrity.differences() == []
    funded = Payment.objects.get(purpose="funding")
    assert take_back_begin(payment_id=funded.pk, by=invoice.buyer, at=AT).amount_minor == 1_000_000


def test_what_is_left_after_a_part_is_paid_from_the_held_funds():
    invoice = waiting(tasks=1)

    note = credit(invoice, "1000.00")

    invoice.refresh_from_db()
    assert (note.paid_at, invoice.status, invoice.total_left) == (None, "paid", usd("9000.00"))
    assert credit_balance(invoice.buyer_id, "USD") == usd("1000.00")
    assert earned(invoice.seller) == 855_000
    assert Payment.objects.get(invoice=invoice).amount_minor == 900_000
    assert not Release.objects.exists()
    run_jobs()
    assert integrity.differences() == []


def test_they_pay_a_part_where_they_do_not_suffice_for_the_rest(monkeypatch):
    """Set aside without tax, invoiced with it: 1,000.00 for 1,190.00."""
    project = held_project(
        commissioner=buyer(), freelancer=seller(), budget="1000.00", currency="EUR", tasks=1
    )
    fund_untaxed(project, monkeypatch)
    invoice = sent_invoice(project)

    credit(invoice, "100.00")
    invoice.refresh_from_db()
    assert (invoice.status, invoice.due) == ("sent", Money("71.00", "EUR"))
    assert earned(invoice.seller) == 95_500
    assert integrity.differences() == []

    credit(invoice, "100.00")
    invoice.refresh_from_db()
    assert (invoice.status, invoice.total_left) == ("paid", Money("952.00", "EUR"))
    assert credit_balance(invoice.buyer_id, "EUR") == Money("48.00", "EUR")
    assert earned(invoice.seller) == 91_200
    assert integrity.differences() == []


def test_one_that_was_objected_to_is_issued_anew_and_paid_from_the_held_funds():
    invoice = waiting(tasks=1)
    invoice_object(invoice_id=invoice.pk, reason="Wrong name.", by=invoice.seller, at=AT)

    credit(invoice)

    corrected = Invoice.objects.get(kind="milestone", status="sent")
    assert milestone_of(invoice.project).status == "approved"
    assert not Release.objects.exists()
    run_jobs("invoice.issued")
    corrected.refresh_from_db()
    assert (corrected.status, Payment.objects.get(invoice=corrected).provider) == ("paid", "held")
    assert earned(invoice.seller) == 950_000
    assert integrity.differences() == []


@pytest.mark.parametrize(
    ("amount", "returned", "due", "is_paid_now"),
    [(None, "10000.00", "0.00", False), ("1000.00", "1000.00", "0.00", True)],
)
def test_a_preview_says_what_becomes_credit(amount, returned, due, is_paid_now):
    invoice = waiting(tasks=1)

    preview = note_preview(
        invoice_id=invoice.pk,
        amount=usd(amount) if amount else None,
        reason="Less.",
        by=invoice.seller,
        at=AT,
    )

    assert (preview.returned, preview.due_after) == (usd(returned), usd(due))
    assert preview.is_paid_now is is_paid_now
    assert preview.as_debt.amount == 0
    invoice.refresh_from_db()
    assert (invoice.status, Journal.objects.filter(kind="release").count()) == ("sent", 0)


def test_both_doors_offer_it(api, client_for):
    invoice = waiting(tasks=1)
    page = client_for(invoice.seller).get(
        reverse("wallets:invoice-credit", args=[invoice.public_id])
    )
    body = {"reason": "Not as agreed."}
    address = f"/api/v1/invoices/{invoice.public_id}/credit/"

    preview = api(invoice.seller).post(f"{address}preview/", body, format="json").json()

    assert "Issue the credit note" in page.content.decode()
    assert (preview["returned"], preview["paid_now"]) == (
        {"amount": "10000.00", "currency": "USD"},
        False,
    )


def test_such_a_release_is_somebodys():
    credit(waiting(tasks=1))

    with refused_by("wallets_release_by_nobody_iff_unanswered"):
        copy(Release.objects.get(), number="2", by_id="NULL")
