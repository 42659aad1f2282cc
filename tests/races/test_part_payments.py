"""Paying the rest of an invoice that is paid in part, while its freelancer credits it."""

from functools import partial

import pytest
from djmoney.money import Money

from common.money import from_minor
from invoicing.models import Invoice
from tests.builders import (
    approved_milestone,
    credit,
    fund_untaxed,
    pay,
    run_jobs,
)
from tests.races.threads import TIMES, Outcome, at_once, race_seen, tally
from tests.wallets.test_part_payments import taxed
from wallets import integrity
from wallets.models import Journal, Payment
from wallets.selectors import credit_balance, platform_fees_total, wallet_balances

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]
NOTE = "10.00"
HELD = 100_000


def partly_paid(monkeypatch) -> Invoice:
    """1,000.00 set aside without tax, and 1,190.00 invoiced."""
    project = taxed()
    fund_untaxed(project, monkeypatch)
    approved_milestone(project)
    run_jobs("milestone.approved", "invoice.issued")
    return Invoice.objects.get(project=project)


def pay_and_credit_at_once(monkeypatch) -> tuple[Invoice, list[Outcome], list[Outcome]]:
    """190.00 are open, and each of the notes takes 11.90 off the invoice."""
    invoice = partly_paid(monkeypatch)
    calls = [partial(pay, invoice), partial(credit, invoice, NOTE)] * (TIMES // 2)
    outcomes = at_once(*calls)
    invoice.refresh_from_db()
    return invoice, outcomes[::2], outcomes[1::2]


def charged(invoice: Invoice) -> list[int]:
    """What payments from outside brought for the invoice."""
    rows = Payment.objects.filter(invoice=invoice, provider="sandbox", status="succeeded")
    return list(rows.values_list("amount_minor", flat=True))


def settlements(invoice: Invoice) -> int:
    return Journal.objects.filter(kind="settlement", about_id=invoice.pk).count()


def test_the_rest_is_paid_once_and_each_note_finds_all_its_money(monkeypatch):
    invoice, payments, notes = pay_and_credit_at_once(monkeypatch)

    paid, credited = tally(payments), tally(notes)
    assert paid["done"] == 1
    assert set(paid) <= {"done", "AlreadyPaid", "PaymentInProgress"}
    assert set(credited) <= {"done", "PaymentInProgress"}
    made = credited["done"]
    assert Invoice.objects.filter(credits=invoice).count() == made
    assert (invoice.status, invoice.credited) == ("paid", 10 * made)
    assert (settlements(invoice), len(charged(invoice))) == (1, 1)
    [row] = wallet_balances(invoice.seller_id)
    assert from_minor(row.available, "EUR") == invoice.net_left
    assert platform_fees_total("EUR") == invoice.fee_left.amount * 100
    came = from_minor(HELD + sum(charged(invoice)), "EUR")
    assert credit_balance(invoice.buyer_id, "EUR") == came - invoice.total_left
    assert came <= Money("1190.00", "EUR")
    assert integrity.differences() == []


def test_without_locks_the_rest_is_paid_once_or_the_books_tell(monkeypatch):
    def attempt() -> bool:
        invoice, payments, notes = pay_and_credit_at_once(monkeypatch)
        stopped = any(one.was_stopped_by_the_database for one in [*payments, *notes])
        assert settlements(invoice) <= 1
        return stopped or integrity.differences() != []

    assert race_seen(attempt)
