"""Noting a payment down, asking the provider, acting on its word; what was refused leaves no trace."""

from datetime import timedelta

import pytest
from djmoney.money import Money

from accounts.models import AuditEvent
from common.exceptions import PermissionRefused
from gigs.enums import MilestoneStatus, ProjectStatus
from invoicing.enums import InvoiceStatus
from invoicing.models import Invoice
from outbox.models import Job
from tests.builders import milestone_of, pay, run_jobs
from tests.factories import AT, CommissionerFactory
from tests.wallets.paying import DECLINED, SUCCEEDED, begin, legs, sandbox, store, topped_up, traces
from wallets import integrity
from wallets.enums import AccountKind, ChargeResult, PaymentStatus
from wallets.exceptions import AlreadyPaid, AmountMismatch, PaymentInProgress, PaymentMethodUnknown
from wallets.models import Journal, Payment, SandboxCharge
from wallets.providers import Answer, Charge, ProviderTimeout, provider_of
from wallets.selectors import wallet_balances
from wallets.services import MethodChoice, payment_ask, payment_conclude, take_back_begin

pytestmark = pytest.mark.django_db
TAKEN = Answer(ChargeResult.SUCCEEDED, received_minor=333_334)


def test_begin_notes_down_what_is_about_to_be_paid(invoice, commissioner):
    payment = begin(invoice)

    assert (payment.status, payment.amount_minor, payment.currency) == (
        PaymentStatus.PROCESSING,
        333_334,
        "USD",
    )
    assert (payment.payer, payment.token, payment.label, payment.is_automatic) == (
        commissioner,
        "test_ok",
        "Sandbox card that works",
        False,
    )
    assert (payment.created_at, payment.ended_at, payment.method) == (AT, None, None)
    job = Job.objects.get(topic="payment.resolve")
    assert (job.key, job.payload) == (payment.public_id, {"payment": payment.pk})
    assert job.due_at == AT + timedelta(seconds=8)
    event = AuditEvent.objects.get(event="payment.started")
    assert (event.target, event.actor, event.journal_key) == (
        payment.public_id,
        commissioner.public_id,
        None,
    )
    assert event.after == {"invoice": invoice.number, "amount_minor": 333_334}
    assert Invoice.objects.get(pk=invoice.pk).status == InvoiceStatus.SENT
    assert Journal.objects.count() == 0


def test_begin_takes_the_exact_amount(invoice):
    payment = begin(invoice, amount=Money("3333.34", "USD"))

    assert payment.amount_minor == 333_334


WRONG_AMOUNTS = [
    Money("3333.33", "USD"),
    Money("3333.35", "USD"),
    Money("999999", "USD"),
    Money("0", "USD"),
    Money("-3333.34", "USD"),
    Money("3333.34", "EUR"),
]


@pytest.mark.parametrize("amount", WRONG_AMOUNTS, ids=str)
def test_begin_refuses_any_other_amount(invoice, amount):
    before = traces()

    with pytest.raises(AmountMismatch, match=r"^Exactly 3,333\.34 USD of this invoice"):
        begin(invoice, amount=amount)

    assert traces() == before


@pytest.mark.parametrize("role", ["freelancer", "stranger", "staff"])
def test_begin_is_the_buyers(invoice, role, request):
    by = request.getfixturevalue(role)
    before = traces()

    with pytest.raises(PermissionRefused):
        begin(invoice, by=by)

    assert traces() == before


def test_begin_refuses_a_method_that_is_not_there(invoice):
    before = traces()

    for method in (sandbox("nothing"), MethodChoice(provider="elsewhere", token="test_ok")):
        with pytest.raises(PaymentMethodUnknown):
            begin(invoice, method=method)

    assert traces() == before


def test_begin_refuses_the_stored_method_of_somebody_else(invoice):
    stored = store(CommissionerFactory())
    before = traces()

    with pytest.raises(PaymentMethodUnknown):
        begin(invoice, method=MethodChoice("sandbox", "test_ok", stored))

    assert traces() == before


def test_begin_refuses_the_sandbox_where_it_is_switched_off(invoice, settings):
    settings.SANDBOX_PROVIDER = False
    before = traces()

    with pytest.raises(PaymentMethodUnknown):
        begin(invoice)

    assert traces() == before


@pytest.mark.parametrize("status", [PaymentStatus.PROCESSING, PaymentStatus.UNCERTAIN])
def test_begin_refuses_a_second_payment_while_one_is_under_way(invoice, status):
    first = begin(invoice)
    if status == PaymentStatus.UNCERTAIN:
        payment_conclude(payment_id=first.pk, answer=None, at=AT)
    before = traces()

    with pytest.raises(PaymentInProgress):
        begin(invoice)

    assert Payment.objects.get().status == status
    assert traces() == before


def test_begin_refuses_an_invoice_that_is_paid(invoice):
    pay(invoice)
    before = traces()

    with pytest.raises(AlreadyPaid):
        begin(invoice)

    assert traces() == before


def test_ask_charges_once_however_often(invoice):
    payment = begin(invoice)

    answers = [payment_ask(payment) for _ in range(3)]

    assert answers == [TAKEN] * 3
    charge = SandboxCharge.objects.get()
    assert (charge.key, charge.amount_minor, charge.currency, charge.result) == (
        payment.public_id,
        333_334,
        "USD",
        ChargeResult.SUCCEEDED,
    )


DECLINING = [("test_insufficient_funds", "insufficient_funds"), ("test_declined", "card_declined")]


@pytest.mark.parametrize(("token", "code"), DECLINING)
def test_ask_tells_why_a_charge_was_declined_each_time(invoice, token, code):
    payment = begin(invoice, method=sandbox(token))

    assert [payment_ask(payment) for _ in range(2)] == [Answer(ChargeResult.DECLINED, code)] * 2


def test_ask_does_not_know_the_outcome_after_a_timeout_and_learns_it_later(invoice):
    payment = begin(invoice, method=sandbox("test_timeout"))

    assert payment_ask(payment) is None
    assert payment_ask(payment) == TAKEN


def test_a_provider_that_times_out_says_so():
    charge = Charge(key="pay_1", token="test_timeout", amount_minor=1, currency="USD")

    with pytest.raises(ProviderTimeout):
        provider_of("sandbox").charge(charge)


def test_the_slow_method_takes_five_seconds(invoice, monkeypatch):
    slept: list[float] = []
    monkeypatch.setattr("wallets.providers.sandbox.time.sleep", slept.append)

    assert payment_ask(begin(invoice, method=sandbox("test_slow"))) == TAKEN
    assert slept == [5.0]


def test_success_settles_all_of_it_at_once(invoice, commissioner, freelancer, at):
    payment = begin(invoice)
    later = at + timedelta(seconds=3)

    concluded = payment_conclude(payment_id=payment.pk, answer=payment_ask(payment), at=later)

    assert (concluded.status, concluded.ended_at, concluded.failure_code) == (
        PaymentStatus.SUCCEEDED,
        later,
        "",
    )
    assert legs() == [
        ("provider:sandbox", AccountKind.OUTSIDE, -333_334),
        (f"user:{freelancer.pk}", AccountKind.AVAILABLE, 316_667),
        ("platform", AccountKind.FEES, 16_667),
    ]
    journal = Journal.objects.get()
    assert (journal.key, journal.kind, journal.about_type, journal.about_id) == (
        f"settle:{invoice.public_id}",
        "settlement",
        "invoice",
        invoice.pk,
    )
    invoice.refresh_from_db()
    assert (invoice.status, invoice.paid_at) == (InvoiceStatus.PAID, later)
    milestone = milestone_of(invoice.project)
    assert (milestone.status, milestone.settled_at) == (MilestoneStatus.SETTLED, later)
    assert milestone.project.status == ProjectStatus.ACTIVE
    [balance] = wallet_balances(freelancer.pk)
    assert (balance.available, balance.lifetime_earnings) == (316_667, 316_667)
    assert wallet_balances(commissioner.pk) == []
    assert integrity.differences() == []


def test_success_is_audited_with_its_journal_and_told_to_the_seller(invoice, freelancer):
    payment = pay(invoice)

    event = AuditEvent.objects.get(event="payment.settled")
    assert (event.target, event.actor, event.journal_key) == (
        payment.public_id,
        "",
        f"settle:{invoice.public_id}",
    )
    assert event.before == {"status": "processing"}
    assert event.after == {
        "status": "succeeded",
        "source": "sandbox",
        "invoice": invoice.number,
        "total": 333_334,
        "fee": 16_667,
        "net": 316_667,
        "currency": "USD",
    }
    moved = {
        (event.event, event.target, event.before["status"], event.after["status"])
        for event in AuditEvent.objects.filter(event__in=["invoice.paid", "milestone.settled"])
    }
    assert moved == {
        ("invoice.paid", invoice.public_id, "sent", "paid"),
        ("milestone.settled", invoice.milestone.public_id, "approved", "settled"),
    }
    mail = Job.objects.get(payload__template="invoice_paid")
    assert mail.payload["to"] == freelancer.email
    assert mail.payload["context"]["number"] == invoice.number


def test_concluding_again_changes_nothing(invoice):
    payment = begin(invoice)
    payment_conclude(payment_id=payment.pk, answer=SUCCEEDED, at=AT)
    before = traces()

    for answer in (SUCCEEDED, DECLINED, None):
        again = payment_conclude(payment_id=payment.pk, answer=answer, at=AT + timedelta(days=1))
        assert (again.status, again.ended_at) == (PaymentStatus.SUCCEEDED, AT)

    assert traces() == before


def test_a_decline_leaves_the_invoice_to_be_paid_otherwise(invoice):
    payment = begin(invoice, method=sandbox("test_declined"))

    failed = payment_conclude(payment_id=payment.pk, answer=payment_ask(payment), at=AT)

    assert (failed.status, failed.failure_code, failed.ended_at) == (
        PaymentStatus.FAILED,
        "card_declined",
        AT,
    )
    event = AuditEvent.objects.get(event="payment.failed")
    assert event.after == {"status": "failed", "failure_code": "card_declined"}
    invoice.refresh_from_db()
    assert (invoice.status, invoice.paid_at) == (InvoiceStatus.SENT, None)
    assert Journal.objects.count() == 0
    assert integrity.differences() == []
    assert pay(invoice).status == PaymentStatus.SUCCEEDED
    assert integrity.differences() == []


def test_an_unknown_outcome_is_noted_once_and_never_taken_for_a_decline(invoice):
    payment = begin(invoice, method=sandbox("test_timeout"))

    for _ in range(2):
        uncertain = payment_conclude(payment_id=payment.pk, answer=None, at=AT)
        assert (uncertain.status, uncertain.ended_at) == (PaymentStatus.UNCERTAIN, None)

    assert AuditEvent.objects.filter(event="payment.uncertain").count() == 1
    assert Invoice.objects.get(pk=invoice.pk).status == InvoiceStatus.SENT
    assert Journal.objects.count() == 0


def test_the_job_finishes_what_a_request_left_behind(invoice, freelancer):
    payment = begin(invoice)

    run_jobs("payment.resolve")

    payment.refresh_from_db()
    assert payment.status == PaymentStatus.SUCCEEDED
    assert SandboxCharge.objects.get().key == payment.public_id
    assert [balance.available for balance in wallet_balances(freelancer.pk)] == [316_667]
    assert integrity.differences() == []


def test_the_job_asks_again_later_while_the_outcome_is_unknown(invoice):
    payment = begin(invoice, method=sandbox("test_timeout"))

    run_jobs("payment.resolve")
    job = Job.objects.get(topic="payment.resolve")
    payment.refresh_from_db()
    assert (job.attempts, job.done_at, payment.status) == (1, None, PaymentStatus.PROCESSING)
    assert job.last_error.startswith("ProviderTimeout")
    Job.objects.filter(pk=job.pk).update(due_at=AT)
    run_jobs("payment.resolve")

    payment.refresh_from_db()
    assert payment.status == PaymentStatus.SUCCEEDED
    assert SandboxCharge.objects.count() == 1


def test_the_job_leaves_a_payment_that_has_ended(invoice):
    payment = pay(invoice)

    run_jobs("payment.resolve")

    assert Job.objects.get(topic="payment.resolve").outcome == "done"
    assert Journal.objects.count() == 1
    assert Payment.objects.get() == payment


def test_a_provider_that_is_switched_off_ends_no_payment_that_is_under_way(invoice, settings):
    payment = begin(invoice)
    settings.SANDBOX_PROVIDER = False

    run_jobs("payment.resolve")

    job = Job.objects.get(topic="payment.resolve")
    payment.refresh_from_db()
    assert (job.attempts, job.done_at, payment.status) == (1, None, PaymentStatus.PROCESSING)
    assert job.last_error.startswith("PaymentMethodUnknown")
    settings.SANDBOX_PROVIDER = True
    Job.objects.filter(pk=job.pk).update(due_at=AT)
    run_jobs("payment.resolve")

    payment.refresh_from_db()
    assert payment.status == PaymentStatus.SUCCEEDED
    assert integrity.differences() == []


def test_a_provider_that_is_switched_off_ends_no_take_back_that_is_under_way(
    commissioner, settings
):
    taken = take_back_begin(payment_id=topped_up(commissioner).pk, by=commissioner, at=AT)
    Job.objects.filter(topic="credit.take_back").update(due_at=AT)
    settings.SANDBOX_PROVIDER = False

    run_jobs("credit.take_back")

    job = Job.objects.get(topic="credit.take_back")
    taken.refresh_from_db()
    assert (job.attempts, job.done_at, taken.status) == (1, None, "processing")
    assert job.last_error.startswith("PaymentMethodUnknown")
    settings.SANDBOX_PROVIDER = True
    Job.objects.filter(pk=job.pk).update(due_at=AT)
    run_jobs("credit.take_back")

    taken.refresh_from_db()
    assert taken.status == "succeeded"
    assert integrity.differences() == []
