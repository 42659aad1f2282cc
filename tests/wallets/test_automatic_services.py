"""Automatic payment with the stored method."""

from datetime import timedelta

import pytest

from accounts.models import AuditEvent
from invoicing.enums import InvoiceStatus
from invoicing.models import Invoice
from outbox.models import Job
from tests.builders import active_project, pay, run_jobs, sent_invoice
from tests.factories import AT
from tests.wallets.paying import begin, sandbox, store, traces
from wallets import integrity
from wallets.enums import PaymentStatus
from wallets.models import Payment, SandboxCharge
from wallets.selectors import wallet_balances
from wallets.services import automatic_begin, automatic_conclude, payment_ask

pytestmark = pytest.mark.django_db


def try_once(invoice: Invoice) -> None:
    """Two days pass, and the job that is waiting runs."""
    Job.objects.filter(topic="payment.auto", done_at=None).update(due_at=AT)
    run_jobs("payment.auto")
    invoice.refresh_from_db()


def test_only_projects_that_pay_automatically_are_charged(automatic, commissioner):
    store(commissioner)
    by_hand = sent_invoice()

    [payment] = automatic_begin(invoice_ids=[automatic.pk, by_hand.pk], at=AT)

    assert payment.invoice_id == automatic.pk
    assert Payment.objects.count() == 1


def test_the_stored_method_pays(automatic, commissioner, freelancer):
    method = store(commissioner)

    run_jobs("invoice.issued", "payment.auto")

    payment = Payment.objects.get()
    assert (payment.status, payment.method, payment.is_automatic, payment.payer) == (
        PaymentStatus.SUCCEEDED,
        method,
        True,
        commissioner,
    )
    started = AuditEvent.objects.get(event="payment.started")
    assert (started.actor, started.after["is_automatic"]) == ("", True)
    [balance] = wallet_balances(freelancer.pk)
    assert balance.available == 316_667
    assert integrity.differences() == []


def test_a_decline_is_tried_three_times_two_days_apart(automatic, commissioner):
    store(commissioner, token="test_declined")
    run_jobs("invoice.issued", "payment.auto")
    automatic.refresh_from_db()
    assert automatic.status == InvoiceStatus.ON_HOLD
    second = Job.objects.get(topic="payment.auto", done_at=None)
    failed = Payment.objects.get()
    assert second.key == f"{automatic.public_id}:2"
    assert failed.ended_at is not None
    assert second.due_at == failed.ended_at + timedelta(days=2)

    for tries in (2, 3, 3):
        try_once(automatic)
        assert Payment.objects.filter(status=PaymentStatus.FAILED).count() == tries

    assert automatic.status == InvoiceStatus.ON_HOLD
    assert not Job.objects.filter(topic="payment.auto", done_at=None).exists()
    assert sorted(Job.objects.filter(topic="payment.auto").values_list("key", flat=True)) == [
        f"{automatic.public_id}:2",
        f"{automatic.public_id}:3",
    ]
    assert AuditEvent.objects.filter(event="invoice.on_hold").count() == 1
    told = Job.objects.filter(payload__template="payment_on_hold")
    assert told.count() == 6
    assert SandboxCharge.objects.count() == 3
    assert integrity.differences() == []


def test_an_invoice_on_hold_can_be_paid_by_hand_and_is_not_tried_again(automatic, commissioner):
    store(commissioner, token="test_declined")
    run_jobs("invoice.issued", "payment.auto")

    assert pay(automatic).status == PaymentStatus.SUCCEEDED
    try_once(automatic)

    assert automatic.status == InvoiceStatus.PAID
    assert Payment.objects.count() == 2
    assert integrity.differences() == []


def test_a_method_changed_meanwhile_pays_at_the_next_try(automatic, commissioner):
    store(commissioner, token="test_declined")
    run_jobs("invoice.issued", "payment.auto")

    store(commissioner, is_default=True)
    try_once(automatic)

    assert automatic.status == InvoiceStatus.PAID
    assert integrity.differences() == []


def test_without_a_stored_method_the_invoice_stays_and_both_are_told(
    automatic, commissioner, freelancer
):
    run_jobs("invoice.issued", "payment.auto")

    automatic.refresh_from_db()
    assert automatic.status == InvoiceStatus.SENT
    assert Payment.objects.count() == 0
    told = Job.objects.filter(payload__template="payment_method_missing").order_by("pk")
    assert [mail.payload["to"] for mail in told] == [commissioner.email, freelancer.email]
    assert Job.objects.get(topic="invoice.issued").outcome == "done"


def test_begin_goes_on_with_the_payment_that_was_cut_short(automatic, commissioner):
    store(commissioner)
    [first] = automatic_begin(invoice_ids=[automatic.pk], at=AT)

    again = automatic_begin(invoice_ids=[automatic.pk], at=AT)

    assert again == [first]
    assert Payment.objects.count() == 1


def test_begin_leaves_an_invoice_that_somebody_is_paying_by_hand(automatic, commissioner):
    store(commissioner)
    begin(automatic)
    before = traces()

    assert automatic_begin(invoice_ids=[automatic.pk], at=AT) == []
    assert traces() == before


def test_begin_leaves_an_invoice_that_is_paid(automatic, commissioner):
    store(commissioner)
    pay(automatic)
    before = traces()

    assert automatic_begin(invoice_ids=[automatic.pk], at=AT) == []
    assert traces() == before


def test_an_unknown_outcome_is_resolved_by_a_job_of_its_own(automatic, commissioner):
    store(commissioner, token="test_timeout")

    run_jobs("invoice.issued", "payment.auto")

    payment = Payment.objects.get()
    assert payment.status == PaymentStatus.UNCERTAIN
    automatic.refresh_from_db()
    assert automatic.status == InvoiceStatus.SENT
    Job.objects.filter(topic="payment.resolve").update(due_at=AT)
    run_jobs("payment.resolve")
    payment.refresh_from_db()
    assert payment.status == PaymentStatus.SUCCEEDED
    assert SandboxCharge.objects.count() == 1
    assert integrity.differences() == []


def test_concluding_a_failed_try_again_plans_nothing_more(automatic, commissioner):
    store(commissioner, token="test_declined")
    [payment] = automatic_begin(invoice_ids=[automatic.pk], at=AT)
    answers = {payment.pk: payment_ask(payment)}
    automatic_conclude(answers=answers, at=AT)
    before = traces()

    automatic_conclude(answers=answers, at=AT + timedelta(days=1))

    assert traces() == before


def test_a_payment_by_hand_that_fails_in_the_background_holds_nothing(invoice):
    payment = begin(invoice, method=sandbox("test_declined"))

    automatic_conclude(answers={payment.pk: payment_ask(payment)}, at=AT)

    invoice.refresh_from_db()
    assert (invoice.status, Payment.objects.get().status) == ("sent", "failed")
    assert not Job.objects.filter(topic="payment.auto").exists()


def test_a_method_that_the_provider_knows_no_more_leaves_the_payment_to_be_asked_about(
    automatic, commissioner
):
    """It fails alone: the other invoice of the same batch is paid."""
    store(commissioner)
    other = sent_invoice(active_project(is_auto_pay=True))
    store(other.buyer)
    [payment] = automatic_begin(invoice_ids=[automatic.pk], at=AT)
    Payment.objects.filter(pk=payment.pk).update(token="test_forgotten")

    run_jobs("invoice.issued")

    payment.refresh_from_db()
    other.refresh_from_db()
    assert (payment.status, other.status) == (PaymentStatus.PROCESSING, InvoiceStatus.PAID)
    [job] = Job.objects.filter(topic="invoice.issued", done_at=None)
    assert (job.payload["invoice"], job.attempts) == (automatic.pk, 1)
    assert job.last_error.startswith("PaymentMethodUnknown")
    Payment.objects.filter(pk=payment.pk).update(token="test_ok")
    Job.objects.filter(pk=job.pk).update(due_at=AT)
    run_jobs("invoice.issued")

    payment.refresh_from_db()
    assert payment.status == PaymentStatus.SUCCEEDED
    assert integrity.differences() == []
