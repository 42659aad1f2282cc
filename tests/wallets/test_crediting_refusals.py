"""What cannot be credited, and by whom."""

from datetime import timedelta

import pytest
from djmoney.money import Money

from common.exceptions import Invalid, PermissionRefused
from invoicing.exceptions import CreditTooHigh, NotAnInvoice
from invoicing.models import Invoice
from invoicing.services import invoice_object, upfronts_issue
from tests.builders import (
    SANDBOX_OK,
    active_project,
    completion_project,
    credit,
    paid_invoice,
    pay,
    sent_invoice,
)
from tests.factories import AT, UserFactory
from tests.rules import refused_by, rewrite
from tests.wallets.test_crediting import credit_by_staff, wallet
from tests.wallets.withdrawing import request
from wallets import integrity
from wallets.exceptions import (
    CompletionNotOver,
    NotCovered,
    PaymentInProgress,
    SecondPersonRequired,
)
from wallets.models import Clearing
from wallets.selectors import wallet_covers
from wallets.services import clearings_finish, invoice_credit, payment_begin

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("amount", ["3333.35", "0.00", "-1.00"])
def test_no_more_than_is_left_is_credited(amount):
    invoice = sent_invoice()

    with pytest.raises(CreditTooHigh, match=r"^Up to 3,333\.34 USD before tax"):
        credit(invoice, amount)

    assert Invoice.objects.count() == 1


def test_a_reason_and_the_invoices_currency_are_needed():
    invoice = sent_invoice()

    for wrong in ({"reason": "  "}, {"reason": "Why", "amount": Money("1.00", "EUR")}):
        with pytest.raises(Invalid):
            invoice_credit(invoice_id=invoice.pk, **wrong, by=invoice.seller, at=AT)

    assert Invoice.objects.count() == 1


def test_a_note_is_not_credited_and_not_paid():
    note = credit(sent_invoice())

    with pytest.raises(NotAnInvoice):
        credit(note)
    with pytest.raises(NotAnInvoice):
        pay(note)

    assert Invoice.objects.count() == 2


def test_nothing_is_credited_while_a_payment_is_on_its_way():
    invoice = sent_invoice()
    payment_begin(invoice_id=invoice.pk, method=SANDBOX_OK, by=invoice.buyer, at=AT)

    with pytest.raises(PaymentInProgress):
        credit(invoice)

    assert Invoice.objects.count() == 1


def test_an_invoice_of_a_running_completion_project_is_credited_only_to_be_corrected():
    [invoice_id] = upfronts_issue(project_ids=[completion_project().pk], at=AT)
    invoice = Invoice.objects.get(pk=invoice_id)

    with pytest.raises(CompletionNotOver):
        credit(invoice)
    invoice_object(invoice_id=invoice.pk, reason="Wrong name.", by=invoice.seller, at=AT)
    with pytest.raises(CompletionNotOver):
        credit(invoice, "100.00")

    assert Invoice.objects.count() == 1


def test_only_the_freelancer_and_staff_may(staff):
    invoice = sent_invoice()

    for person in (invoice.buyer, UserFactory()):
        with pytest.raises(PermissionRefused):
            credit(invoice, by=person)

    assert credit(invoice, "100.00", by=staff).reason == "Not as agreed."


def test_staff_need_the_freelancers_word_above_the_limit(staff):
    invoice = sent_invoice(active_project(tasks=1))

    with pytest.raises(SecondPersonRequired):
        credit(invoice, by=staff)

    assert Invoice.objects.count() == 1
    invoice_object(invoice_id=invoice.pk, reason="Wrong name.", by=invoice.seller, at=AT)
    assert credit(invoice, by=staff).total == invoice.total


@pytest.mark.parametrize("changes", ["taken_minor = amount_minor + 1", "taken_minor = -1"])
def test_no_more_is_taken_of_what_is_pending_than_there_is(settings, changes):
    settings.CLEARING_DAYS = 5
    paid_invoice()

    with refused_by("wallets_clearing_nothing_taken_twice"):
        rewrite(Clearing.objects.get(), changes)


def test_staff_do_not_stay_below_the_limit_by_parts(staff):
    invoice = paid_invoice(active_project(tasks=1))
    credit(invoice, "1000.00")
    credit(invoice, "4000.00", by=staff)

    with pytest.raises(SecondPersonRequired):
        credit(invoice, "1000.01", by=UserFactory(is_staff=True, email="other@example.com"))

    assert Invoice.objects.filter(credits=invoice).count() == 2
    assert credit(invoice, "1000.00", by=staff).total == Money("1000.00", "USD")


def test_what_is_pending_pays_a_debt_before_its_freelancer_gives_it_away(settings):
    """950.00 are owed: of the 3,166.67 that clear later, 2,216.67 can be given back."""
    settings.CLEARING_DAYS = 5
    invoice = paid_invoice()
    clearings_finish(invoice_ids=[invoice.pk], at=AT + timedelta(days=5))
    request(invoice.seller, amount="3166.67")
    credit_by_staff(invoice, "1000.00")
    other = paid_invoice(active_project(title="Another", freelancer=invoice.seller))

    credit(other, "2000.00")
    assert wallet_covers(invoice.seller_id, "USD") == Money("316.67", "USD")
    with pytest.raises(NotCovered, match=r"lacks 158\.33 USD"):
        credit(other, "500.00")

    assert wallet(invoice.seller)[:3] == (126667, 0, 95000)
    assert Invoice.objects.filter(kind="credit_note").count() == 2
    assert integrity.differences() == []
