"""The rest of an invoice that is paid in part comes by transfer, or by itself."""

import pytest

from invoicing.models import Invoice
from invoicing.services import invoice_object
from tests.builders import active_project, credit, pay, run_jobs, sent_invoice
from tests.factories import AT
from tests.parties import buyer, seller
from tests.wallets.banking import by_transfer, table, take
from tests.wallets.paying import store
from tests.wallets.test_part_payments import eur, in_part
from wallets import integrity
from wallets.exceptions import AlreadyPaid, InvoiceCredited
from wallets.models import BankStatementLine, Payment
from wallets.selectors import credit_balance, invoice_candidates
from wallets.services import CREDIT, payment_begin

pytestmark = pytest.mark.django_db


def test_a_transfer_of_the_rest_pays_it(monkeypatch, settings):
    by_transfer(settings)
    invoice = in_part(monkeypatch)

    take(table({"amount": "190.00", "currency": "EUR", "text": invoice.number}))

    invoice.refresh_from_db()
    assert (invoice.status, invoice.due) == ("paid", eur("0.00"))
    payment = Payment.objects.get(invoice=invoice, provider="bank")
    assert (payment.amount_minor, payment.outcome) == (19_000, "exact")
    assert credit_balance(invoice.buyer_id, "EUR") == eur("0.00")
    assert integrity.differences() == []


def test_the_rest_is_found_among_many_invoices_by_its_amount(monkeypatch, settings):
    by_transfer(settings)
    invoice = in_part(monkeypatch)
    sent_invoice(active_project(title="Another", currency="EUR"))
    monkeypatch.setattr("wallets.selectors.bank.LOOKED_AT", 1)

    take(table({"amount": "190.00", "currency": "EUR", "text": "thanks"}))

    [found] = invoice_candidates(BankStatementLine.objects.get())
    assert (found.invoice, found.because) == (invoice, "same amount")


def test_a_stored_method_is_charged_the_rest_by_itself():
    project = active_project(
        commissioner=buyer(),
        freelancer=seller(status="small_business"),
        budget="1000.00",
        currency="EUR",
        tasks=1,
        is_auto_pay=True,
    )
    store(project.commissioner, is_default=True)
    first = sent_invoice(project)
    run_jobs("invoice.issued", "payment.auto")
    seller(user=project.freelancer)
    invoice_object(invoice_id=first.pk, reason="No tax.", by=first.seller, at=AT)

    credit(first)
    run_jobs("invoice.issued", "payment.auto")

    corrected = Invoice.objects.get(project=project, kind="milestone", status="paid")
    part, rest = Payment.objects.filter(invoice=corrected).order_by("pk")
    assert (corrected.total, part.amount_minor) == (eur("1190.00"), 100_000)
    assert (rest.amount_minor, rest.outcome, rest.is_automatic) == (19_000, "exact", True)
    assert integrity.differences() == []


@pytest.mark.parametrize(
    ("note", "refusal"), [("", InvoiceCredited), ("900.00", AlreadyPaid), (None, AlreadyPaid)]
)
def test_what_is_over_is_said_to_be_over_whatever_amount_is_named(monkeypatch, note, refusal):
    invoice = in_part(monkeypatch)
    pay(invoice)
    if note is not None:
        credit(invoice, note)

    with pytest.raises(refusal):
        payment_begin(
            invoice_id=invoice.pk, method=CREDIT, amount=eur("1190.00"), by=invoice.buyer, at=AT
        )

    assert Payment.objects.filter(invoice=invoice).count() == 2
