"""What the database refuses of payment methods, payments and the sandbox's book."""

import pytest

from tests.builders import SANDBOX_OK, pay, sent_invoice
from tests.factories import AT, CommissionerFactory
from tests.rules import assert_refused, copy, refused_by
from wallets.enums import ChargeResult
from wallets.models import Payment, PaymentMethod, SandboxCharge
from wallets.providers import Answer
from wallets.services import payment_begin, payment_conclude, payment_method_add

pytestmark = pytest.mark.django_db


def method():
    return payment_method_add(
        provider="sandbox", token="test_ok", is_default=True, by=CommissionerFactory(), at=AT
    )


def processing():
    invoice = sent_invoice()
    return payment_begin(invoice_id=invoice.pk, method=SANDBOX_OK, by=invoice.buyer, at=AT)


def uncertain():
    return payment_conclude(payment_id=processing().pk, answer=None, at=AT)


def failed():
    answer = Answer(ChargeResult.DECLINED, "card_declined")
    return payment_conclude(payment_id=processing().pk, answer=answer, at=AT)


def succeeded():
    return pay(sent_invoice())


def charge():
    succeeded()
    return SandboxCharge.objects.get()


@pytest.mark.parametrize(
    ("rule", "build", "changes"),
    [
        ("wallets_payment_method_provider_valid", method, "provider = 'bank'"),
        ("wallets_payment_status_valid", processing, "status = 'lost'"),
        ("wallets_payment_provider_valid", processing, "provider = 'cheque'"),
        ("wallets_payment_amount_positive", processing, "amount_minor = 0"),
        ("wallets_payment_amount_positive", processing, "amount_minor = -1"),
        ("wallets_payment_amount_positive", processing, "amount_minor = 1000000000001"),
        ("wallets_payment_ended_at_iff_ended", processing, "ended_at = now()"),
        ("wallets_payment_ended_at_iff_ended", processing, "status = 'succeeded'"),
        ("wallets_payment_ended_at_iff_ended", uncertain, "status = 'failed'"),
        ("wallets_payment_ended_at_iff_ended", failed, "ended_at = NULL"),
        ("wallets_payment_ended_at_iff_ended", succeeded, "status = 'processing'"),
        ("wallets_sandbox_charge_result_valid", charge, "result = 'maybe'"),
        ("wallets_sandbox_charge_amount_positive", charge, "amount_minor = 0"),
    ],
)
def test_the_database_refuses_the_change(rule, build, changes):
    assert_refused(rule, build(), changes)


@pytest.mark.parametrize(
    ("rule", "build"),
    [
        ("wallets_payment_one_live_per_invoice", processing),
        ("wallets_payment_one_live_per_invoice", uncertain),
        ("wallets_payment_one_live_per_invoice", succeeded),
        ("wallets_payment_method_one_default_per_user", method),
        ("wallets_sandboxcharge_key_key", charge),
    ],
)
def test_the_database_refuses_a_second_one(rule, build):
    row = build()

    with refused_by(rule):
        copy(row)


def test_a_failed_payment_leaves_room_for_another():
    payment = failed()

    copy(payment, status="'processing'", ended_at="NULL")

    assert Payment.objects.filter(invoice=payment.invoice).count() == 2


def test_a_removed_default_leaves_room_for_another():
    row = method()

    copy(row, is_default="false")
    copy(row, removed_at="now()")

    assert PaymentMethod.objects.filter(user=row.user).count() == 3
