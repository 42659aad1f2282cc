"""Crediting twenty times, and crediting while somebody pays or withdraws."""

import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import timedelta
from functools import partial

import pytest
from django.db import connection, connections, transaction
from djmoney.money import Money

from invoicing.models import Invoice
from invoicing.services import invoice_object
from tests.builders import SANDBOX_OK, active_project, credit, paid_invoice, pay, sent_invoice
from tests.factories import AT, UserFactory
from tests.races.threads import TIMES, Outcome, at_once, race_seen, tally
from tests.wallets.withdrawing import bank_account, request
from wallets import integrity
from wallets.exceptions import NotCovered
from wallets.models import Clearing, Journal
from wallets.selectors import credit_balance, wallet_balances
from wallets.services import (
    clearings_finish,
    payment_ask,
    payment_begin,
    payment_conclude,
    withdrawal_request,
)

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]
PART = "1000.00"
CLEARED = AT + timedelta(days=5)
WAITS = """
SELECT count(*) FROM pg_locks WHERE NOT granted AND pg_backend_pid() = ANY(pg_blocking_pids(pid))
"""


def credit_at_once(invoice: Invoice) -> list[Outcome]:
    """Each a part of which three fit."""
    return at_once(*[partial(credit, invoice, PART)] * TIMES)


def assert_never_more_than_the_invoice(invoice: Invoice, *, notes: int) -> None:
    invoice.refresh_from_db()
    assert invoice.credited == 1000 * notes
    assert Invoice.objects.filter(credits=invoice).count() == notes
    assert credit_balance(invoice.buyer_id, "USD").amount == 1000 * notes
    assert Journal.objects.filter(kind="credit_note").count() == notes
    assert integrity.differences() == []


def test_three_of_twenty_parts_fit():
    invoice = paid_invoice()

    outcomes = credit_at_once(invoice)

    assert tally(outcomes) == {"done": 3, "CreditTooHigh": TIMES - 3}
    assert_never_more_than_the_invoice(invoice, notes=3)


def test_without_locks_the_database_decides():
    def attempt() -> bool:
        invoice = paid_invoice()
        outcomes = credit_at_once(invoice)
        notes = tally(outcomes).get("done", 0)
        assert notes <= 3
        assert credit_balance(invoice.buyer_id, "USD").amount == 1000 * notes
        return any(outcome.was_stopped_by_the_database for outcome in outcomes)

    assert race_seen(attempt)


def test_paying_and_crediting_at_once_leaves_the_books_whole():
    invoice = sent_invoice()
    begin = partial(
        payment_begin, invoice_id=invoice.pk, method=SANDBOX_OK, by=invoice.buyer, at=AT
    )

    outcomes = at_once(*[begin, partial(credit, invoice, PART)] * (TIMES // 2))

    refusals = tally(outcomes)
    invoice.refresh_from_db()
    assert set(refusals) <= {"done", "PaymentInProgress", "CreditTooHigh"}
    assert refusals["done"] == 1 + Invoice.objects.filter(credits=invoice).count()
    payment = invoice.payments.get()
    payment_conclude(payment_id=payment.pk, answer=payment_ask(payment), at=AT)
    assert payment.amount_minor == 333334 - int(invoice.credited) * 100
    assert integrity.differences() == []


def test_what_is_withdrawn_meanwhile_is_owed_and_never_paid_twice():
    invoice = paid_invoice()
    seller = invoice.seller
    method = bank_account(seller)
    take = partial(
        withdrawal_request,
        method_id=method.pk,
        amount=Money("1000.00", "USD"),
        by=seller,
        at=AT,
    )

    note = partial(credit, invoice, by=UserFactory(is_staff=True))

    outcomes = at_once(*[take, note] * (TIMES // 2))

    refusals = tally(outcomes)
    assert set(refusals) <= {"done", "InsufficientFunds", "AlreadyCredited"}
    [row] = wallet_balances(seller.pk)
    assert row.available == 0
    assert row.debt == row.held
    assert credit_balance(invoice.buyer_id, "USD") == invoice.total
    assert integrity.differences() == []


def test_what_becomes_pending_meanwhile_is_not_taken(settings):
    """The note has looked for clearings when the other invoice is settled, and not yet at balances."""
    settings.CLEARING_DAYS = 5
    invoice = paid_invoice()
    clearings_finish(invoice_ids=[invoice.pk], at=CLEARED)
    other = sent_invoice(active_project(title="Another", freelancer=invoice.seller))

    noted_behind(partial(pay, other), invoice).result()

    [row] = wallet_balances(invoice.seller_id)
    assert (row.pending, row.available, row.debt) == (316667, 0, 0)
    assert Clearing.objects.get(invoice=other).taken_minor == 0
    assert integrity.differences() == []
    clearings_finish(invoice_ids=[other.pk], at=CLEARED)
    [row] = wallet_balances(invoice.seller_id)
    assert (row.pending, row.available, row.debt) == (0, 316667, 0)


def test_what_staff_let_arise_meanwhile_is_not_held_against_a_correction():
    """The correction takes and brings the same; another invoice's note makes the debt."""
    invoice = paid_invoice()
    seller = invoice.seller
    other = paid_invoice(active_project(title="Another", freelancer=seller))
    invoice_object(invoice_id=invoice.pk, reason="Wrong name.", by=seller, at=AT)
    request(seller, amount="6333.34")

    by_staff = partial(credit, other, by=UserFactory(is_staff=True))

    noted_behind(by_staff, invoice).result()

    [row] = wallet_balances(seller.pk)
    assert (row.held, row.available, row.debt) == (633334, 0, 316667)
    assert Invoice.objects.filter(kind="milestone", status="paid").get().total == invoice.total
    assert integrity.differences() == []


def test_a_debt_that_is_paid_meanwhile_is_not_made_again():
    """The next settlement pays what staff let arise, and all that is left of it leaves."""
    invoice = paid_invoice()
    seller = invoice.seller
    other = sent_invoice(active_project(title="Another", freelancer=seller))
    method = bank_account(seller)
    request(seller, amount="3166.67", method_id=method.pk)
    credit(invoice, "1000.00", by=UserFactory(is_staff=True))

    def meanwhile() -> None:
        pay(other)
        request(seller, amount="2216.67", method_id=method.pk)

    noted = noted_behind(meanwhile, invoice, "1000.00")

    with pytest.raises(NotCovered, match=r"lacks 950\.00 USD"):
        noted.result()
    [row] = wallet_balances(seller.pk)
    assert (row.held, row.available, row.debt) == (538334, 0, 0)
    assert Invoice.objects.filter(credits=invoice).count() == 1
    assert integrity.differences() == []


def noted_behind(
    meanwhile: Callable[[], object], invoice: Invoice, amount: str = ""
) -> Future[None]:
    """The freelancer's note, which waits for a lock when what is done meanwhile is committed."""
    with ThreadPoolExecutor(1) as pool, transaction.atomic():
        meanwhile()
        noted = pool.submit(_credit_apart, invoice, amount)
        _wait_for(noted)
    return noted


def _credit_apart(invoice: Invoice, amount: str) -> None:
    try:
        credit(invoice, amount)
    finally:
        connections.close_all()


def _wait_for(noted: Future[None]) -> None:
    """Until the other one waits for a lock of this connection."""
    deadline = time.monotonic() + 60
    while not noted.done() and time.monotonic() < deadline:
        with connection.cursor() as cursor:
            cursor.execute(WAITS)
            if cursor.fetchone()[0]:
                return
        time.sleep(0.01)
    raise AssertionError("nobody waits")
