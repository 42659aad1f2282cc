"""Along which payment credit goes back that notes gave back, and what has no way back."""

import pytest
from django.urls import reverse
from djmoney.money import Money

from tests.builders import (
    active_project,
    credit,
    fund,
    held_project,
    paid_invoice,
    run_jobs,
    sent_invoice,
)
from tests.factories import AT
from tests.wallets.banking import OURS, table, take
from tests.wallets.paying import topped_up
from wallets import integrity
from wallets.exceptions import CameByTransfer, NothingToTakeBack
from wallets.models import Payment
from wallets.selectors import credit_balance, credit_of_user
from wallets.services import (
    CREDIT,
    payment_begin,
    take_back_ask,
    take_back_begin,
    take_back_conclude,
)

pytestmark = pytest.mark.django_db


def usd(amount):
    return Money(amount, "USD")


def give_back(payment):
    taken = take_back_begin(payment_id=payment.pk, by=payment.payer, at=AT)
    return take_back_conclude(take_back_id=taken.pk, answer=take_back_ask(taken), at=AT)


def sources(user):
    """By payment, what can go back, and what cannot."""
    [balance], found = credit_of_user(user)
    return {source.payment_id: source.amount for source in found}, balance.bound


def test_what_a_note_gives_back_goes_along_the_payment_of_its_invoice():
    invoice = paid_invoice()
    payment = Payment.objects.get(invoice=invoice)
    credit(invoice, "1000.00")
    assert sources(invoice.buyer) == ({payment.pk: usd("1000.00")}, usd("0.00"))

    taken = give_back(payment)

    assert (taken.status, taken.amount_minor) == ("succeeded", 100_000)
    assert credit_balance(invoice.buyer_id, "USD").amount == 0
    assert integrity.differences() == []

    credit(invoice)
    assert sources(invoice.buyer) == ({payment.pk: usd("2333.34")}, usd("0.00"))
    assert give_back(payment).amount_minor == 233_334
    assert integrity.differences() == []


def test_an_unpaid_one_gives_nothing_back():
    invoice = sent_invoice()

    credit(invoice)

    assert credit_of_user(invoice.buyer)[1] == []


def test_where_funds_were_held_it_goes_along_the_payment_that_funded():
    project = held_project(tasks=1)
    payment = fund(project)
    invoice = sent_invoice(project)
    run_jobs("invoice.issued")

    credit(invoice, "4000.00")
    credit(invoice)

    assert sources(invoice.buyer) == ({payment.pk: usd("10000.00")}, usd("0.00"))
    assert give_back(payment).amount_minor == 1_000_000
    with pytest.raises(NothingToTakeBack):
        take_back_begin(payment_id=payment.pk, by=invoice.buyer, at=AT)
    assert integrity.differences() == []


def test_what_came_by_bank_transfer_from_an_unnamed_account_is_shown_and_stays(
    settings, api, client_for
):
    settings.BANK_ACCOUNT_HOLDER, settings.BANK_ACCOUNT_IBAN = "Tranche Operators", OURS
    invoice = sent_invoice(active_project())
    take(table({"amount": "3433.34", "text": invoice.number}))
    payment = Payment.objects.get(invoice=invoice)
    body = {"payment_id": payment.public_id}

    assert sources(invoice.buyer) == ({}, usd("100.00"))
    with pytest.raises(CameByTransfer):
        take_back_begin(payment_id=payment.pk, by=invoice.buyer, at=AT)
    refused = api(invoice.buyer).post("/api/v1/credit/take-back/preview/", body, format="json")
    shown = api(invoice.buyer).get("/api/v1/credit/").json()
    page = client_for(invoice.buyer).get(reverse("wallets:credit"))

    assert (refused.status_code, refused.json()["code"]) == (409, "came_by_transfer")
    assert shown["balances"][0]["bound"] == {"amount": "100.00", "currency": "USD"}
    assert "came by bank transfer" in page.content.decode()
    assert credit_balance(invoice.buyer_id, "USD") == usd("100.00")


def test_what_was_spent_does_not_come_back_out_of_a_later_bank_transfer(settings):
    settings.BANK_ACCOUNT_HOLDER, settings.BANK_ACCOUNT_IBAN = "Tranche Operators", OURS
    payment = topped_up(amount="100.00")
    spent = sent_invoice(active_project(commissioner=payment.payer, budget="100.00", tasks=1))
    payment_begin(invoice_id=spent.pk, method=CREDIT, by=spent.buyer, at=AT)
    invoice = sent_invoice(active_project(commissioner=payment.payer, title="Another"))
    take(table({"amount": "3433.34", "text": invoice.number}))

    assert sources(invoice.buyer) == ({}, usd("100.00"))
    with pytest.raises(NothingToTakeBack):
        take_back_begin(payment_id=payment.pk, by=invoice.buyer, at=AT)
