"""Invoices that held funds, or the money of a note, pay in part; the rest is open like any invoice."""

from datetime import timedelta

import pytest
from django.urls import reverse
from djmoney.money import Money

from invoicing.documents.snapshot import document_of
from invoicing.models import Invoice
from invoicing.services import invoice_object, invoices_become_overdue
from outbox.models import Job
from tests.builders import (
    active_project,
    approved_milestone,
    credit,
    fund,
    fund_untaxed,
    held_project,
    milestone_of,
    paid_invoice,
    pay,
    run_jobs,
    sent_invoice,
    submitted_milestone,
)
from tests.factories import AT
from tests.invoicing.documents.test_official_rules import broken, written
from tests.parties import buyer, seller
from tests.rules import copy, refused_by
from tests.wallets.paying import legs, topped_up
from tests.wallets.test_crediting import credit_by_staff
from tests.wallets.withdrawing import request
from wallets import integrity
from wallets.enums import PaymentSource
from wallets.exceptions import NotCovered, PaymentInProgress
from wallets.models import Clearing, Journal, Payment
from wallets.selectors import credit_balance, wallet_balances
from wallets.services import (
    approval_preview,
    clearings_finish,
    held_settle,
    note_preview,
    payment_begin,
)
from wallets.services.parts import part_pay
from wallets.services.payments import MethodChoice
from wallets.services.settlement import locked_bills

pytestmark = pytest.mark.django_db


def eur(amount):
    return Money(amount, "EUR")


def taxed(tasks=1, **draft):
    return held_project(
        commissioner=buyer(),
        freelancer=seller(),
        budget="1000.00",
        currency="EUR",
        tasks=tasks,
        **draft,
    )


def in_part(monkeypatch, **draft):
    """1,000.00 set aside without tax, 1,190.00 invoiced with it, and nobody has credit."""
    project = taxed(**draft)
    fund_untaxed(project, monkeypatch)
    approved_milestone(project)
    run_jobs("milestone.approved", "invoice.issued")
    return Invoice.objects.get()


def corrected_upwards():
    """Paid from held funds as by a small business, credited and issued anew with the tax."""
    project = held_project(
        commissioner=buyer(),
        freelancer=seller(status="small_business"),
        budget="1000.00",
        currency="EUR",
        tasks=1,
    )
    fund(project)
    invoice = sent_invoice(project)
    held_settle(invoice_ids=[invoice.pk], at=AT)
    seller(user=project.freelancer)
    invoice_object(invoice_id=invoice.pk, reason="No tax.", by=invoice.seller, at=AT)
    credit(invoice)
    return Invoice.objects.get(kind="milestone", status="sent")


def wallet(user):
    """Pending, available, debt and lifetime earnings."""
    [row] = wallet_balances(user.pk)
    return row.pending, row.available, row.debt, row.lifetime_earnings


def test_what_is_held_is_paid_at_once_and_the_tax_stays_open(monkeypatch):
    invoice = in_part(monkeypatch)

    assert (invoice.status, invoice.paid_at) == ("sent", None)
    assert (invoice.total, invoice.due) == (eur("1190.00"), eur("190.00"))
    assert [amount for _, _, amount in legs()[2:]] == [-100_000, 95_000, 5_000]
    assert wallet(invoice.seller) == (0, 95_000, 0, 95_000)
    payment = Payment.objects.get(invoice=invoice)
    assert (payment.provider, payment.outcome, payment.amount_minor) == ("held", "part", 100_000)
    assert milestone_of(invoice.project).status == "settled"
    mails = Job.objects.filter(topic="mail.send", payload__template="invoice_part_paid")
    assert {mail.payload["to"] for mail in mails} == {invoice.buyer.email, invoice.seller.email}
    assert integrity.differences() == []


def test_its_buyer_pays_the_rest_like_any_invoice(monkeypatch):
    invoice = in_part(monkeypatch)

    payment = pay(invoice)

    assert (payment.amount_minor, payment.outcome) == (19_000, "exact")
    invoice.refresh_from_db()
    assert (invoice.status, invoice.due) == ("paid", eur("0.00"))
    assert wallet(invoice.seller) == (0, 114_000, 0, 95_000)
    assert [row.key for row in Journal.objects.order_by("-pk")[:1]] == [
        f"settle:{invoice.public_id}"
    ]
    assert integrity.differences() == []


def test_the_next_credit_that_covers_it_pays_the_rest(monkeypatch):
    invoice = in_part(monkeypatch)

    topped_up(invoice.buyer, amount="100.00", currency="EUR")
    run_jobs("invoice.issued")
    invoice.refresh_from_db()
    assert invoice.status == "sent"
    topped_up(invoice.buyer, amount="90.00", currency="EUR")
    run_jobs("invoice.issued")

    invoice.refresh_from_db()
    assert invoice.status == "paid"
    assert credit_balance(invoice.buyer_id, "EUR").amount == 0
    assert wallet(invoice.seller) == (0, 114_000, 0, 95_000)
    assert integrity.differences() == []


def test_credit_leaves_alone_what_its_buyer_is_paying_just_now(monkeypatch):
    invoice = in_part(monkeypatch)
    method = MethodChoice(provider="sandbox", token="test_ok")
    payment_begin(invoice_id=invoice.pk, method=method, by=invoice.buyer, at=AT)

    topped_up(invoice.buyer, amount="190.00", currency="EUR")
    assert held_settle(invoice_ids=[invoice.pk], at=AT) == []

    invoice.refresh_from_db()
    assert (invoice.status, credit_balance(invoice.buyer_id, "EUR")) == ("sent", eur("190.00"))
    with pytest.raises(PaymentInProgress):
        credit(invoice)


def test_it_becomes_overdue_with_what_is_open(monkeypatch):
    in_part(monkeypatch)

    late = AT.replace(year=AT.year + 1)
    assert invoices_become_overdue(at=late) == 1

    mail = Job.objects.filter(payload__template="invoice_overdue").first()
    assert mail.payload["context"]["total"] == {"money": ["190.00", "EUR"]}


def test_credit_that_is_there_pays_all_of_it_at_once(monkeypatch):
    project = taxed()
    fund_untaxed(project, monkeypatch)
    topped_up(project.commissioner, amount="190.00", currency="EUR")
    approved_milestone(project)

    run_jobs("milestone.approved")

    invoice = Invoice.objects.get()
    assert (invoice.status, invoice.part_paid) == ("paid", 0)
    assert integrity.differences() == []


def test_both_parts_clear_each_in_its_time(monkeypatch, settings):
    settings.CLEARING_DAYS = 5
    invoice = in_part(monkeypatch)
    part = Clearing.objects.get()
    assert (part.amount_minor, wallet(invoice.seller)) == (95_000, (95_000, 0, 0, 95_000))
    assert integrity.differences() == []

    later = part.available_at
    clearings_finish(invoice_ids=[invoice.pk], at=later)
    pay(invoice, at=later)

    assert wallet(invoice.seller) == (19_000, 95_000, 0, 95_000)
    assert integrity.differences() == []
    clearings_finish(invoice_ids=[invoice.pk], at=later + timedelta(days=5))
    assert wallet(invoice.seller) == (0, 114_000, 0, 95_000)
    assert integrity.differences() == []


@pytest.mark.parametrize("days", [0, 5])
def test_a_note_on_the_price_is_paid_back_and_the_rest_is_paid_again(monkeypatch, settings, days):
    """Of 1,190.00 are 1,000.00 paid; 800.00 of the price are left, 952.00 with tax."""
    settings.CLEARING_DAYS = days
    invoice = in_part(monkeypatch)

    note = credit(invoice, "200.00")

    invoice.refresh_from_db()
    assert (note.total, note.paid_at) == (eur("238.00"), None)
    assert (invoice.status, invoice.part_paid, invoice.total_left) == ("paid", 0, eur("952.00"))
    assert credit_balance(invoice.buyer_id, "EUR") == eur("48.00")
    earned = (91_200, 0) if days else (0, 91_200)
    assert wallet(invoice.seller) == (*earned, 0, 76_000)
    run_jobs("invoice.issued")
    assert integrity.differences() == []


def test_a_note_on_a_little_leaves_less_open(monkeypatch):
    invoice = in_part(monkeypatch)

    credit(invoice, "100.00")

    invoice.refresh_from_db()
    assert (invoice.status, invoice.due) == ("sent", eur("71.00"))
    assert wallet(invoice.seller) == (0, 95_500, 0, 85_500)
    assert credit_balance(invoice.buyer_id, "EUR").amount == 0
    assert integrity.differences() == []
    pay(invoice)
    assert wallet(invoice.seller) == (0, 102_600, 0, 85_500)
    assert integrity.differences() == []
    credit(invoice)
    assert wallet(invoice.seller) == (0, 0, 0, 0)
    assert credit_balance(invoice.buyer_id, "EUR") == eur("1071.00")
    assert integrity.differences() == []


def test_a_note_on_all_of_it_gives_the_part_back(monkeypatch):
    invoice = in_part(monkeypatch)

    preview = note_preview(invoice_id=invoice.pk, reason="Less.", by=invoice.seller, at=AT)
    credit(invoice)

    assert (preview.returned, preview.from_available) == (eur("1000.00"), eur("950.00"))
    invoice.refresh_from_db()
    assert (invoice.status, invoice.part_paid) == ("credited", 0)
    assert credit_balance(invoice.buyer_id, "EUR") == eur("1000.00")
    assert wallet(invoice.seller) == (0, 0, 0, 0)
    back = Journal.objects.get(kind="part_return")
    payment = Payment.objects.get(outcome="part")
    assert back.key == f"unpart:{payment.public_id}"
    assert back.reverses.key == f"part:{payment.public_id}"
    run_jobs("invoice.issued")
    assert integrity.differences() == []


def test_one_that_was_objected_to_is_issued_anew_and_the_part_moves_on(monkeypatch):
    invoice = in_part(monkeypatch)
    seller(status="small_business", user=invoice.seller)
    invoice_object(invoice_id=invoice.pk, reason="I charge no tax.", by=invoice.seller, at=AT)

    credit(invoice)

    corrected = Invoice.objects.get(kind="milestone", status="paid")
    assert corrected.total == eur("1000.00")
    assert credit_balance(invoice.buyer_id, "EUR").amount == 0
    assert wallet(invoice.seller) == (0, 95_000, 0, 95_000)
    assert integrity.differences() == []


def test_what_is_corrected_upwards_keeps_what_was_paid_and_leaves_the_tax_open():
    corrected = corrected_upwards()

    assert (corrected.total, corrected.due) == (eur("1190.00"), eur("190.00"))
    payment = Payment.objects.get(invoice=corrected)
    assert (payment.provider, payment.outcome, payment.amount_minor) == ("credit", "part", 100_000)
    assert credit_balance(corrected.buyer_id, "EUR").amount == 0
    assert wallet(corrected.seller) == (0, 95_000, 0, 95_000)
    assert integrity.differences() == []

    pay(corrected)
    corrected.refresh_from_db()
    assert (corrected.status, wallet(corrected.seller)) == ("paid", (0, 114_000, 0, 95_000))
    run_jobs("invoice.issued")
    assert integrity.differences() == []


def test_it_is_corrected_once_more_while_its_rest_is_open():
    corrected = corrected_upwards()
    invoice_object(invoice_id=corrected.pk, reason="Wrong name.", by=corrected.seller, at=AT)

    credit(corrected)

    again = Invoice.objects.get(kind="milestone", status="sent")
    assert (again.number[-5:], again.due) == ("00003", eur("190.00"))
    assert wallet(again.seller) == (0, 95_000, 0, 95_000)
    assert integrity.differences() == []


def test_an_invoice_paid_by_its_buyer_is_corrected_upwards_in_the_same_way():
    project = active_project(
        commissioner=buyer(),
        freelancer=seller(status="small_business"),
        budget="1000.00",
        currency="EUR",
        tasks=1,
    )
    invoice = paid_invoice(project)
    seller(user=project.freelancer)
    invoice_object(invoice_id=invoice.pk, reason="No tax.", by=invoice.seller, at=AT)

    credit(invoice)

    corrected = Invoice.objects.get(kind="milestone", status="sent")
    assert (corrected.due, wallet(invoice.seller)) == (eur("190.00"), (0, 95_000, 0, 95_000))
    assert integrity.differences() == []


def test_a_freelancer_who_has_spent_the_part_cannot_credit_it_alone(monkeypatch):
    invoice = in_part(monkeypatch)
    request(invoice.seller, amount="500.00", currency="EUR")

    with pytest.raises(NotCovered, match=r"500\.00 EUR"):
        credit(invoice)

    invoice.refresh_from_db()
    assert (invoice.status, invoice.due, Invoice.objects.count()) == ("sent", eur("190.00"), 1)
    assert integrity.differences() == []


def test_what_clears_anew_covers_the_note_that_moved_it_there_and_no_other(monkeypatch, settings):
    """850.00 of the part are spent; what is paid of it again clears once more, for two notes.

    All of it cannot be credited: nothing would be pending then that pays the debt.
    """
    settings.CLEARING_DAYS = 5
    invoice = in_part(monkeypatch)
    cleared = Clearing.objects.get().available_at
    clearings_finish(invoice_ids=[invoice.pk], at=cleared)
    request(invoice.seller, amount="850.00", currency="EUR")

    credit(invoice, "100.00", at=cleared)
    assert wallet(invoice.seller) == (95_500, 0, 85_000, 85_500)
    credit(invoice, "100.00", at=cleared)
    assert wallet(invoice.seller) == (91_200, 0, 85_000, 76_000)
    with pytest.raises(NotCovered, match=r"lacks 850\.00 EUR"):
        credit(invoice, at=cleared)

    assert wallet(invoice.seller) == (91_200, 0, 85_000, 76_000)
    assert integrity.differences() == []
    clearings_finish(invoice_ids=[invoice.pk], at=cleared + timedelta(days=5))
    assert wallet(invoice.seller) == (0, 6_200, 0, 76_000)
    assert integrity.differences() == []


def test_what_staff_take_back_of_a_spent_part_is_owed_and_paid_by_each_part(monkeypatch):
    """950.00 have left; of 980.00 with 49.00 of fee and 186.20 of tax, the rest is 1,117.20."""
    invoice = in_part(monkeypatch)
    request(invoice.seller, amount="950.00", currency="EUR")

    credit_by_staff(invoice, "10.00")
    credit_by_staff(invoice, "10.00")
    pay(invoice)

    _, *again = Payment.objects.filter(outcome="part").order_by("pk")
    journals = Journal.objects.filter(kind="debt_payment").order_by("pk")
    assert [row.key for row in journals] == [f"debt:{payment.public_id}" for payment in again]
    assert len(again) == 2
    assert wallet(invoice.seller) == (0, 16_720, 0, 93_100)
    assert integrity.differences() == []


def test_the_preview_of_an_approval_says_what_stays_open(monkeypatch):
    project = taxed()
    fund_untaxed(project, monkeypatch)
    milestone = submitted_milestone(project)

    preview = approval_preview(milestone_id=milestone.pk, by=project.commissioner, at=AT)

    assert (preview.total, preview.left_open) == (eur("1190.00"), eur("190.00"))
    assert preview.available_after == eur("950.00")


def test_the_page_and_the_api_say_what_is_paid_and_what_is_open(monkeypatch, api, client_for):
    invoice = in_part(monkeypatch)

    page = client_for(invoice.buyer).get(reverse("invoicing:detail", args=[invoice.public_id]))
    shown = api(invoice.buyer).get(f"/api/v1/invoices/{invoice.public_id}/").json()

    text = page.content.decode()
    assert 'Pay <span class="money"><span class="money-amount">190.00</span' in text
    assert "Paid in part" in text
    assert shown["due"] == {"amount": "190.00", "currency": "EUR"}
    assert shown["part_paid"] == {"amount": "1000.00", "currency": "EUR"}


def test_its_document_says_what_was_paid_and_what_is_due(monkeypatch, tmp_path):
    invoice = in_part(monkeypatch)

    document = document_of(invoice)

    totals = document.totals
    assert (totals.gross, totals.paid, totals.due) == (1190, 1000, 190)
    assert document.due_on == invoice.due_on
    assert broken(written(tmp_path, {"part": document})) == {}


def test_its_project_says_what_to_pay(monkeypatch, client_for):
    invoice = in_part(monkeypatch, tasks=2)

    address = reverse("projects:detail", args=[invoice.project.public_id])
    page = client_for(invoice.buyer).get(address).content.decode()

    assert f"Invoice {invoice.number} waits for your payment" in page


@pytest.mark.parametrize("amount", [-1, 0, 119_000, 119_001])
def test_a_part_is_less_than_all_and_more_than_nothing(amount):
    invoice = sent_invoice(
        active_project(
            commissioner=buyer(), freelancer=seller(), budget="1000.00", currency="EUR", tasks=1
        )
    )
    [bill] = locked_bills(Invoice.objects.filter(pk=invoice.pk))
    before = (Payment.objects.count(), Journal.objects.count())

    with pytest.raises(ValueError, match=f"{amount} is no part of 119000"):
        part_pay(bill, amount=amount, source=PaymentSource.HELD, at=AT)

    assert (Payment.objects.count(), Journal.objects.count()) == before
    invoice.refresh_from_db()
    assert (invoice.status, invoice.due) == ("sent", eur("1190.00"))


def test_something_stays_open_of_what_is_paid_in_part(monkeypatch):
    invoice = in_part(monkeypatch)

    with refused_by("invoicing_invoice_part_paid_leaves_something_open"):
        Invoice.objects.filter(pk=invoice.pk).update(part_paid=1190)


def test_a_part_payment_clears_once(monkeypatch, settings):
    settings.CLEARING_DAYS = 5
    in_part(monkeypatch)

    with refused_by("wallets_clearing_one_per_payment"):
        copy(Clearing.objects.get())
