"""Issuing and paying twenty times at once."""

from contextlib import suppress
from datetime import timedelta
from functools import partial

import pytest
from django.db import connection, transaction

from accounts.models import AuditEvent
from invoicing.enums import InvoiceStatus
from invoicing.models import Invoice, InvoiceReminder, InvoiceSeries
from invoicing.services import (
    invoice_issue_for,
    invoice_remind,
    invoices_become_overdue,
    invoices_issue,
)
from tests.builders import (
    SANDBOX_OK,
    active_project,
    approved_milestone,
    milestone_of,
    sent_invoice,
)
from tests.factories import AT
from tests.races.threads import TIMES, Outcome, at_once, race_seen, tally, values
from wallets import integrity
from wallets.enums import ChargeResult, PaymentStatus
from wallets.models import Payment, SandboxCharge
from wallets.providers import Answer
from wallets.selectors import wallet_balances
from wallets.services import payment_ask, payment_begin, payment_conclude

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]


def issue_at_once() -> list[Outcome]:
    """Half of the calls come from the parties, half from a job delivered many times."""
    milestone = approved_milestone()
    asked = partial(
        invoice_issue_for, milestone_id=milestone.pk, by=milestone.project.freelancer, at=AT
    )
    job = partial(invoices_issue, milestone_ids=[milestone.pk], at=AT)
    return at_once(*[asked, job] * (TIMES // 2))


def test_issuing_makes_one_invoice():
    outcomes = issue_at_once()

    assert tally(outcomes) == {"done": TIMES}
    invoice = Invoice.objects.get()
    asked = [value for value in values(outcomes) if isinstance(value, tuple)]
    by_job = [value for value in values(outcomes) if isinstance(value, list) and value]
    assert {found for found, _ in asked} == {invoice.pk}
    assert [found for found, is_new in asked if is_new] + [found for [found] in by_job] == [
        invoice.pk
    ]
    assert InvoiceSeries.objects.get().last_number == 1
    project = invoice.project
    assert (project.invoiced_minor, project.fees_minor) == (333_334, 16_667)
    assert AuditEvent.objects.filter(event="invoice.issued").count() == 1


def test_issuing_without_locks_is_stopped_by_the_database():
    def attempt() -> bool:
        outcomes = issue_at_once()
        assert not integrity.differences()
        return any(outcome.was_stopped_by_the_database for outcome in outcomes)

    assert race_seen(attempt)


def test_issuing_for_one_project_gives_each_the_next_number_and_fee():
    first = approved_milestone()
    project = first.project
    others = [approved_milestone(project, position=position) for position in (2, 3)]
    milestones = [first, *others]

    outcomes = at_once(
        *[partial(invoices_issue, milestone_ids=[one.pk], at=AT) for one in milestones] * 6
    )

    assert tally(outcomes) == {"done": 18}
    invoices = Invoice.objects.order_by("position")
    assert [invoice.position for invoice in invoices] == [1, 2, 3]
    assert sum(invoice.fee.amount for invoice in invoices) == 500
    project.refresh_from_db()
    assert (project.invoiced_minor, project.fees_minor) == (1_000_000, 50_000)
    assert milestone_of(project, 3).invoice in invoices
    assert integrity.differences() == []


def pay_once(invoice: Invoice) -> Payment:
    """What a request does."""
    payment = payment_begin(invoice_id=invoice.pk, method=SANDBOX_OK, by=invoice.buyer, at=AT)
    return payment_conclude(payment_id=payment.pk, answer=payment_ask(payment), at=AT)


def pay_at_once() -> tuple[Invoice, list[Outcome]]:
    invoice = sent_invoice()
    return invoice, at_once(*[partial(pay_once, invoice)] * TIMES)


def journals_of(invoice: Invoice) -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM wallets_journal WHERE about_type = 'invoice' AND about_id = %s",
            [invoice.pk],
        )
        (count,) = cursor.fetchone()
    return count


def assert_credited_once(invoice: Invoice) -> None:
    invoice.refresh_from_db()
    assert invoice.status == InvoiceStatus.PAID
    [balance] = wallet_balances(invoice.seller_id)
    assert (balance.available, balance.lifetime_earnings) == (316_667, 316_667)
    assert journals_of(invoice) == 1
    assert AuditEvent.objects.filter(journal_key=f"settle:{invoice.public_id}").count() == 1
    assert integrity.differences() == []


def test_paying_charges_and_credits_once():
    invoice, outcomes = pay_at_once()

    counts = tally(outcomes)
    assert counts.pop("done") == 1
    assert set(counts) <= {"PaymentInProgress", "AlreadyPaid"}
    assert counts.total() == TIMES - 1
    assert not any(outcome.was_stopped_by_the_database for outcome in outcomes)
    payment = Payment.objects.get()
    assert payment.status == PaymentStatus.SUCCEEDED
    assert SandboxCharge.objects.get().key == payment.public_id
    assert_credited_once(invoice)


def test_paying_without_locks_is_stopped_by_the_database():
    def attempt() -> bool:
        invoice, outcomes = pay_at_once()
        assert_credited_once(invoice)
        assert (
            SandboxCharge.objects.filter(
                key__in=[payment.public_id for payment in invoice.payments.all()]
            ).count()
            == 1
        )
        return any(outcome.was_stopped_by_the_database for outcome in outcomes)

    assert race_seen(attempt)


def conclude_at_once() -> tuple[Invoice, list[Outcome]]:
    """The request and the job that finishes payments, many times over."""
    invoice = sent_invoice()
    payment = payment_begin(invoice_id=invoice.pk, method=SANDBOX_OK, by=invoice.buyer, at=AT)
    answer = payment_ask(payment)
    conclude = partial(payment_conclude, payment_id=payment.pk, answer=answer, at=AT)
    return invoice, at_once(*[conclude] * TIMES)


def test_concluding_credits_once():
    invoice, outcomes = conclude_at_once()

    assert tally(outcomes) == {"done": TIMES}
    assert {payment.status for payment in values(outcomes)} == {PaymentStatus.SUCCEEDED}
    assert_credited_once(invoice)


def test_concluding_without_locks_is_stopped_by_the_database():
    def attempt() -> bool:
        invoice, outcomes = conclude_at_once()
        assert_credited_once(invoice)
        return any(outcome.was_stopped_by_the_database for outcome in outcomes)

    assert race_seen(attempt)


def test_a_decline_and_a_success_of_one_payment_exclude_each_other():
    """A provider never says both; if it does, the first word stands."""
    invoice = sent_invoice()
    payment = payment_begin(invoice_id=invoice.pk, method=SANDBOX_OK, by=invoice.buyer, at=AT)
    payment_ask(payment)
    words = [Answer(ChargeResult.SUCCEEDED), Answer(ChargeResult.DECLINED, "card_declined")]

    outcomes = at_once(
        *[
            partial(payment_conclude, payment_id=payment.pk, answer=word, at=AT)
            for word in words * (TIMES // 2)
        ]
    )

    assert tally(outcomes) == {"done": TIMES}
    [status] = {concluded.status for concluded in values(outcomes)}
    payment.refresh_from_db()
    assert payment.status == status
    assert journals_of(invoice) == (1 if status == PaymentStatus.SUCCEEDED else 0)


def pay_and_fall_due_at_once() -> list[Outcome]:
    """The answer of the provider comes in the moment in which the invoice becomes overdue."""
    invoice = sent_invoice()
    payment = payment_begin(invoice_id=invoice.pk, method=SANDBOX_OK, by=invoice.buyer, at=AT)
    answer = payment_ask(payment)
    late = partial(invoices_become_overdue, at=AT + timedelta(days=8))
    paid = partial(payment_conclude, payment_id=payment.pk, answer=answer, at=AT)
    return at_once(*[late, paid] * (TIMES // 2))


def test_an_invoice_that_falls_due_while_it_is_paid_is_paid():
    outcomes = pay_and_fall_due_at_once()

    assert tally(outcomes) == {"done": TIMES}
    assert Invoice.objects.get().status == InvoiceStatus.PAID
    assert AuditEvent.objects.filter(event="invoice.overdue").count() <= 1
    assert integrity.differences() == []


def test_falling_due_without_locks_is_stopped_by_the_database():
    def attempt() -> bool:
        outcomes = pay_and_fall_due_at_once()
        assert not Invoice.objects.exclude(status=InvoiceStatus.PAID).exists()
        assert not integrity.differences()
        return any(outcome.was_stopped_by_the_database for outcome in outcomes)

    assert race_seen(attempt)


def remind_at_once() -> list[Outcome]:
    invoice = sent_invoice()
    remind = partial(invoice_remind, invoice_id=invoice.pk, by=invoice.seller, at=AT)
    return at_once(*[remind] * TIMES)


def test_an_impatient_freelancer_sends_one_reminder():
    outcomes = remind_at_once()

    assert tally(outcomes) == {"done": 1, "ReminderTooEarly": TIMES - 1}
    assert InvoiceReminder.objects.count() == 1


def test_reminding_without_locks_is_stopped_by_the_database():
    def attempt() -> bool:
        outcomes = remind_at_once()
        assert tally(outcomes)["done"] == 1
        return any(outcome.was_stopped_by_the_database for outcome in outcomes)

    assert race_seen(attempt)


class ThinkAgain(Exception):
    """Rolls an issue back."""


def issue_with_second_thoughts(milestone_ids: list[int]) -> int:
    """Issue one after the other; each third one is issued, rolled back and issued again."""
    for number, milestone_id in enumerate(milestone_ids):
        if number % 3 == 0:
            with suppress(ThinkAgain), transaction.atomic():
                invoices_issue(milestone_ids=[milestone_id], at=AT)
                raise ThinkAgain
        invoices_issue(milestone_ids=[milestone_id], at=AT)
    return len(milestone_ids)


def test_two_hundred_invoices_of_one_series_have_no_gap_and_no_twin(freelancer):
    projects = [
        active_project(freelancer=freelancer, tasks=50, title=f"Part {n}") for n in range(4)
    ]
    ids = [
        approved_milestone(project, position=place).pk
        for project in projects
        for place in range(1, 51)
    ]

    outcomes = at_once(
        *[partial(issue_with_second_thoughts, ids[first::20]) for first in range(20)]
    )

    assert tally(outcomes) == {"done": 20}
    numbers = Invoice.objects.order_by("position").values_list("position", "number")
    code = InvoiceSeries.objects.get().issuer.code
    assert list(numbers) == [(place, f"{code}-{AT.year}-{place:05d}") for place in range(1, 201)]
    assert InvoiceSeries.objects.get().last_number == 200
