"""Settling many payments at once, all or nothing, in any currency."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction

from accounts.models import AuditEvent
from gigs.enums import ProjectStatus
from gigs.models import Project
from tests.builders import active_project, paid_invoice, sent_invoice
from tests.factories import AT
from tests.wallets.paying import DECLINED, SUCCEEDED, begin, legs, sandbox, traces
from wallets import integrity, ledger
from wallets.enums import AccountKind, PaymentStatus
from wallets.exceptions import InsufficientFunds, JournalKeyReused, PaymentTransitionRefused
from wallets.ledger import AccountSpec, Settlement
from wallets.models import Account, Journal, Payment
from wallets.selectors import wallet_balances
from wallets.services import payment_ask, payment_conclude, payments_conclude

pytestmark = pytest.mark.django_db


def test_a_project_is_completed_with_its_last_milestone(project):
    for position in (3, 1):
        paid_invoice(project, position=position)
        assert Project.objects.get().status == ProjectStatus.ACTIVE

    paid_invoice(project, position=2, at=AT + timedelta(days=1))

    completed = Project.objects.get()
    assert (completed.status, completed.completed_at) == (
        ProjectStatus.COMPLETED,
        AT + timedelta(days=1),
    )
    event = AuditEvent.objects.get(event="project.completed")
    assert (event.before, event.after) == ({"status": "active"}, {"status": "completed"})
    assert integrity.differences() == []


def test_many_payments_are_concluded_as_one_set(project, freelancer):
    others = [sent_invoice() for _ in range(2)]
    invoices = [sent_invoice(project, position=position) for position in (1, 2, 3)] + others
    payments = [begin(invoice) for invoice in invoices]
    for payment in payments:
        payment_ask(payment)
    payment_ask(declined := begin(sent_invoice(), method=sandbox("test_declined")))
    unknown = begin(sent_invoice(), method=sandbox("test_timeout"))
    answers = {payment.pk: SUCCEEDED for payment in reversed(payments)}

    concluded = payments_conclude(
        answers={**answers, declined.pk: DECLINED, unknown.pk: None}, at=AT
    )

    assert [(payment.pk, payment.status) for payment in concluded] == [
        *((payment.pk, PaymentStatus.SUCCEEDED) for payment in payments),
        (declined.pk, PaymentStatus.FAILED),
        (unknown.pk, PaymentStatus.UNCERTAIN),
    ]
    assert Project.objects.get(pk=project.pk).status == ProjectStatus.COMPLETED
    [balance] = wallet_balances(freelancer.pk)
    assert (balance.available, balance.lifetime_earnings) == (950_000, 950_000)
    assert Journal.objects.count() == 5
    keys = AuditEvent.objects.exclude(journal_key=None).values_list("journal_key", flat=True)
    assert sorted(keys) == sorted(Journal.objects.values_list("key", flat=True))
    payment_conclude(payment_id=unknown.pk, answer=payment_ask(unknown) or SUCCEEDED, at=AT)
    assert integrity.differences() == []


def test_nothing_happens_when_the_ledger_refuses(invoice, monkeypatch):
    payment = begin(invoice)
    payment_ask(payment)
    before = traces()

    def refuse(settlements):
        raise InsufficientFunds

    with monkeypatch.context() as patch:
        patch.setattr(ledger, "settle_batch", refuse)
        with pytest.raises(InsufficientFunds), transaction.atomic():
            payment_conclude(payment_id=payment.pk, answer=SUCCEEDED, at=AT)

    assert traces() == before
    assert payment_conclude(payment_id=payment.pk, answer=SUCCEEDED, at=AT).status == "succeeded"


def test_nothing_happens_when_the_last_step_of_a_settlement_fails(invoice, monkeypatch):
    """The ledger has been written by then, and the write is taken back with the rest."""
    payment = begin(invoice)
    payment_ask(payment)
    before = traces()
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE FUNCTION refuse_audit() RETURNS trigger LANGUAGE plpgsql AS"
            " $$ BEGIN RAISE EXCEPTION 'no' USING errcode = '23514'; END $$;"
            "CREATE TRIGGER refuse_audit BEFORE INSERT ON accounts_auditevent FOR EACH ROW"
            " WHEN (new.journal_key IS NOT NULL) EXECUTE FUNCTION refuse_audit()"
        )

    with pytest.raises(IntegrityError), transaction.atomic():
        payment_conclude(payment_id=payment.pk, answer=SUCCEEDED, at=AT)

    assert traces() == before


def test_a_batch_fails_as_a_whole(invoice):
    """The ledger has another movement under the key of one of its invoices."""
    other = sent_invoice()
    payments = [begin(invoice), begin(other)]
    outside, available, fees = ledger.open_accounts(
        [
            AccountSpec("provider:sandbox", AccountKind.OUTSIDE, "USD"),
            AccountSpec(f"user:{other.seller_id}", AccountKind.AVAILABLE, "USD"),
            AccountSpec("platform", AccountKind.FEES, "USD"),
        ]
    ).values()
    ledger.settle(
        Settlement(
            key=f"settle:{other.public_id}",
            about_type="invoice",
            about_id=other.pk,
            source_account=outside,
            available_account=available,
            fee_account=fees,
            total=100,
            net=95,
            fee=5,
            lifetime=95,
        )
    )
    before = traces()

    with pytest.raises(JournalKeyReused), transaction.atomic():
        payments_conclude(answers={payment.pk: SUCCEEDED for payment in payments}, at=AT)

    assert traces() == before


AMOUNTS = [
    ("JPY", "10001", [3334, 3334, 3333], [167, 166, 167], [3167, 3168, 3166], 9501),
    (
        "KWD",
        "10.001",
        [3334, 3334, 3333],
        [167, 166, 167],
        [3167, 3168, 3166],
        9501,
    ),
    ("USD", "0.03", [1, 1, 1], [0, 0, 0], [1, 1, 1], 3),
    ("USD", "0.30", [10, 10, 10], [1, 0, 1], [9, 10, 9], 28),
    ("EUR", "100.01", [3334, 3334, 3333], [167, 166, 167], [3167, 3168, 3166], 9501),
]


@pytest.mark.parametrize(("currency", "budget", "prices", "fees", "nets", "credited"), AMOUNTS)
def test_three_milestones_in_any_currency(
    freelancer, currency, budget, prices, fees, nets, credited
):
    project = active_project(freelancer=freelancer, currency=currency, budget=budget)

    for position in (1, 2, 3):
        paid_invoice(project, position=position)

    entries = legs()
    by_kind = {
        kind: [amount for _, found, amount in entries if found == kind]
        for kind in (AccountKind.OUTSIDE, AccountKind.AVAILABLE, AccountKind.FEES)
    }
    assert by_kind == {
        AccountKind.OUTSIDE: [-price for price in prices],
        AccountKind.AVAILABLE: nets,
        AccountKind.FEES: [fee for fee in fees if fee],
    }
    [balance] = wallet_balances(freelancer.pk)
    assert (balance.currency, balance.available, balance.lifetime_earnings) == (
        currency,
        credited,
        credited,
    )
    assert {account.currency for account in Account.objects.all()} == {currency}
    assert integrity.differences() == []


def test_currencies_have_accounts_of_their_own(freelancer):
    for currency, budget in (("USD", "300.00"), ("JPY", "300"), ("KWD", "300.000")):
        paid_invoice(active_project(freelancer=freelancer, currency=currency, budget=budget))

    assert [
        (balance.currency, balance.available) for balance in wallet_balances(freelancer.pk)
    ] == [
        ("JPY", 95),
        ("KWD", 95_000),
        ("USD", 9_500),
    ]
    assert integrity.differences() == []


def test_a_payment_that_has_ended_goes_nowhere():
    for ended in (PaymentStatus.SUCCEEDED, PaymentStatus.FAILED):
        for status in PaymentStatus:
            payment = Payment(status=ended)
            with pytest.raises(PaymentTransitionRefused):
                payment.move_to(status)
            assert payment.status == ended
