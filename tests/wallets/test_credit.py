"""Prepaid credit: topping up, and taking it back along the payment that brought it."""

from uuid import uuid4

import pytest
from djmoney.money import Money

from accounts.models import AuditEvent
from common.exceptions import Invalid, PermissionRefused
from outbox import runner
from outbox.models import Job
from tests.builders import (
    SANDBOX_OK,
    active_project,
    approved_milestone,
    fund,
    held_project,
    milestone_of,
    run_jobs,
)
from tests.builders import pay as pay_invoice
from tests.builders import sent_invoice as sent
from tests.factories import AT
from tests.rules import assert_refused, copy, refused_by, rewrite
from tests.wallets.paying import DECLINED, SUCCEEDED, legs, sandbox, topped_up, traces
from tests.wallets.test_integrity import corrupt, fired
from wallets import integrity
from wallets.enums import ChargeResult
from wallets.exceptions import (
    InsufficientFunds,
    NothingToTakeBack,
    PaymentMethodUnknown,
    TakeBackInProgress,
)
from wallets.models import Journal, Payment, SandboxRefund, TakeBack
from wallets.providers import ProviderTimeout, Refund
from wallets.providers.sandbox import SandboxProvider
from wallets.selectors import credit_balance, credit_balances, credit_of_user
from wallets.services import (
    CREDIT,
    credit_top_up_begin,
    funding_begin,
    funds_give_back,
    payment_begin,
    take_back_ask,
    take_back_begin,
    take_back_conclude,
    take_back_preview,
    top_up_preview,
)

pytestmark = pytest.mark.django_db


def usd(text: str) -> Money:
    return Money(text, "USD")


def take(payment: Payment, *, at=AT, **changes) -> TakeBack:
    """The whole take-back, as the request does it."""
    taken = take_back_begin(**{"payment_id": payment.pk, "by": payment.payer, "at": at, **changes})
    return take_back_conclude(take_back_id=taken.pk, answer=take_back_ask(taken), at=at)


def sources(user) -> list[tuple[str, Money]]:
    return [(source.label, source.amount) for source in credit_of_user(user)[1]]


def everything() -> dict[str, object]:
    return {
        **traces(),
        "taken": sorted(TakeBack.objects.values_list("pk", "status")),
        "refunds": SandboxRefund.objects.count(),
        "credit": [(row.available, row.reserved) for user in _payers() for row in _credit(user)],
    }


def _payers() -> list[int]:
    return sorted(Payment.objects.values_list("payer", flat=True).distinct())


def _credit(user_id: int):
    return credit_balances(user_id)


def test_a_top_up_is_credit_once_the_provider_says_so(commissioner):
    payment = credit_top_up_begin(amount=usd("100.00"), method=SANDBOX_OK, by=commissioner, at=AT)
    assert (payment.purpose, payment.status) == ("credit", "processing")
    assert credit_balance(commissioner.pk, "USD") == usd("0.00")
    Job.objects.filter(topic="payment.resolve").update(due_at=AT)

    run_jobs("payment.resolve")

    payment.refresh_from_db()
    assert (payment.status, payment.outcome) == ("succeeded", "exact")
    assert legs() == [
        ("provider:sandbox", "outside", -10_000),
        (f"user:{commissioner.pk}", "credit", 10_000),
    ]
    assert Journal.objects.get().key == f"receive:{payment.public_id}"
    mail = Job.objects.get(payload__template="credit_added")
    assert mail.payload["context"]["reason"] == "You topped up your credit."
    assert integrity.differences() == []


@pytest.mark.parametrize(
    ("token", "status", "credit"),
    [
        ("test_declined", "failed", "0.00"),
        ("test_timeout", "uncertain", "0.00"),
        ("test_over", "succeeded", "110.00"),
        ("test_short", "succeeded", "50.00"),
    ],
)
def test_what_arrives_is_credit(commissioner, token, status, credit):
    assert topped_up(commissioner, method=sandbox(token)).status == status

    assert credit_balance(commissioner.pk, "USD") == usd(credit)
    assert fired() <= {"sandbox_book_agrees"} if status == "uncertain" else not fired()


def test_a_form_that_is_sent_twice_tops_up_once(commissioner):
    wish = {"amount": usd("100.00"), "request_key": uuid4(), "by": commissioner, "at": AT}

    first = credit_top_up_begin(method=sandbox("test_ok"), **wish)
    second = credit_top_up_begin(method=sandbox("test_ok"), **wish)

    assert first == second
    assert Payment.objects.count() == 1


def test_credit_is_not_topped_up_from_credit_nor_by_a_freelancer(commissioner, freelancer):
    with pytest.raises(PaymentMethodUnknown):
        credit_top_up_begin(amount=usd("1.00"), method=CREDIT, by=commissioner, at=AT)
    with pytest.raises(PermissionRefused):
        credit_top_up_begin(amount=usd("1.00"), method=sandbox("test_ok"), by=freelancer, at=AT)
    assert not Payment.objects.exists()


def test_taking_back_reserves_first_and_posts_when_the_provider_has_done_it(commissioner):
    payment = topped_up(commissioner)

    taken = take_back_begin(payment_id=payment.pk, amount=usd("40.00"), by=commissioner, at=AT)
    [balance] = credit_balances(commissioner.pk)
    assert (balance.available, balance.reserved) == (usd("60.00"), usd("40.00"))
    assert Journal.objects.count() == 1
    assert fired() == {"sandbox_refunds_agree"}
    take_back_conclude(take_back_id=taken.pk, answer=take_back_ask(taken), at=AT)

    taken.refresh_from_db()
    assert (taken.status, taken.ended_at) == ("succeeded", AT)
    assert legs()[2:] == [
        (f"user:{commissioner.pk}", "credit", -4_000),
        ("provider:sandbox", "outside", 4_000),
    ]
    journal = Journal.objects.latest("pk")
    assert (journal.kind, journal.key) == ("take_back", f"take_back:{taken.public_id}")
    assert AuditEvent.objects.get(event="take_back.succeeded").journal_key == journal.key
    [balance] = credit_balances(commissioner.pk)
    assert (balance.available, balance.reserved) == (usd("60.00"), usd("0.00"))
    refund = SandboxRefund.objects.get()
    assert (refund.key, refund.charge_key) == (taken.public_id, payment.public_id)
    assert Job.objects.get(payload__template="take_back_ended").payload["to"] == commissioner.email
    assert integrity.differences() == []


def test_all_that_is_left_goes_back_without_an_amount(commissioner):
    payment = topped_up(commissioner)
    take(payment, amount=usd("40.00"))

    assert take(payment).amount_minor == 6_000
    with pytest.raises(NothingToTakeBack):
        take(payment)
    assert credit_balance(commissioner.pk, "USD") == usd("0.00")
    assert integrity.differences() == []


def test_a_refusal_leaves_the_credit(commissioner):
    payment = topped_up(commissioner, method=sandbox("test_no_refund"))

    taken = take(payment)

    assert (taken.status, taken.failure_code) == ("failed", "not_refundable")
    [balance] = credit_balances(commissioner.pk)
    assert (balance.available, balance.reserved) == (usd("100.00"), usd("0.00"))
    assert integrity.differences() == []


def test_no_answer_is_found_out_by_the_job_and_given_back_once(commissioner):
    payment = topped_up(commissioner, method=sandbox("test_timeout"))
    Job.objects.filter(topic="payment.resolve").update(due_at=AT)
    run_jobs("payment.resolve")

    taken = take(payment)
    assert taken.status == "uncertain"
    assert credit_balance(commissioner.pk, "USD") == usd("0.00")
    with pytest.raises(TakeBackInProgress):
        take(payment)

    job = Job.objects.get(topic="credit.take_back")
    Job.objects.filter(pk=job.pk).update(due_at=AT)
    runner.run([job.pk])

    taken.refresh_from_db()
    assert taken.status == "succeeded"
    assert SandboxRefund.objects.count() == 1
    assert take_back_conclude(take_back_id=taken.pk, answer=DECLINED, at=AT).status == "succeeded"
    assert integrity.differences() == []


def test_what_was_spent_is_what_came_in_first(commissioner):
    topped_up(commissioner, method=sandbox("test_payment_method_123"))
    topped_up(commissioner, amount="50.00")
    project = held_project(commissioner=commissioner, budget="60.00", tasks=1)
    funding_begin(project_id=project.pk, method=CREDIT, by=commissioner, at=AT)

    assert sources(commissioner) == [
        ("Sandbox card that works", usd("50.00")),
        ("Sandbox card", usd("40.00")),
    ]
    first = Payment.objects.order_by("pk")[0]
    with pytest.raises(InsufficientFunds):
        take(first, amount=usd("40.01"))
    assert take(first, amount=usd("40.00")).status == "succeeded"
    assert integrity.differences() == []


def test_money_that_came_back_from_a_milestone_goes_where_it_came_from(commissioner, freelancer):
    project = held_project(commissioner=commissioner, freelancer=freelancer)
    payment = fund(project)
    assert sources(commissioner) == []
    funds_give_back(milestone_id=milestone_of(project).pk, by=freelancer, at=AT)

    assert sources(commissioner) == [("Sandbox card that works", usd("3333.34"))]
    assert take(payment).amount_minor == 333_334
    assert integrity.differences() == []


def test_what_paid_an_invoice_does_not_go_back(commissioner, freelancer):
    payment = pay_invoice(sent())

    with pytest.raises(NothingToTakeBack):
        take(payment)


def test_what_was_too_much_goes_back(commissioner):
    invoice = sent()
    payment = pay_invoice(invoice, method=sandbox("test_over"))

    assert take(payment).amount_minor == 1_000
    assert integrity.differences() == []


def test_what_credit_paid_has_no_method_to_go_back_to(commissioner, freelancer):
    topped_up(commissioner, amount="20000.00")
    project = held_project(commissioner=commissioner, freelancer=freelancer)
    payment = funding_begin(project_id=project.pk, method=CREDIT, by=commissioner, at=AT)
    approved_milestone(project)
    run_jobs("milestone.approved", "invoice.issued")

    for other in (payment, Payment.objects.get(provider="held")):
        with pytest.raises(NothingToTakeBack):
            take(other)


def test_a_form_that_is_sent_twice_takes_back_once(commissioner):
    payment, key = topped_up(commissioner), uuid4()

    first = take(payment, amount=usd("10.00"), request_key=key)
    second = take(payment, amount=usd("10.00"), request_key=key)

    assert first == second
    assert credit_balance(commissioner.pk, "USD") == usd("90.00")


@pytest.mark.parametrize(
    ("amount", "refusal"),
    [(usd("100.01"), InsufficientFunds), (Money("1.00", "EUR"), Invalid)],
)
def test_taking_back_is_within_what_came(commissioner, amount, refusal):
    payment = topped_up(commissioner)
    before = everything()

    with pytest.raises(refusal):
        take(payment, amount=amount)
    assert everything() == before


def test_credit_that_is_reserved_pays_nothing(commissioner):
    payment = topped_up(commissioner, amount="10000.00")
    take_back_begin(payment_id=payment.pk, amount=usd("9999.00"), by=commissioner, at=AT)
    invoice = sent(active_project(commissioner=commissioner))

    with pytest.raises(InsufficientFunds):
        payment_begin(invoice_id=invoice.pk, method=CREDIT, by=commissioner, at=AT)


@pytest.mark.parametrize("who", ["freelancer", "stranger", "staff"])
def test_nobody_else_takes_it_back(commissioner, request, who):
    payment, other = topped_up(commissioner), request.getfixturevalue(who)
    before = everything()

    with pytest.raises(PermissionRefused):
        take(payment, by=other)
    assert everything() == before


def test_previews_change_nothing(commissioner):
    payment = topped_up(commissioner)
    before = everything()

    up = top_up_preview(amount=usd("5.00"), method=sandbox("test_ok"), by=commissioner, at=AT)
    back = take_back_preview(payment_id=payment.pk, amount=usd("5.00"), by=commissioner, at=AT)

    assert (up.amount, up.credit_after) == (usd("5.00"), usd("105.00"))
    assert (back.method, back.credit_after) == ("Sandbox card that works", usd("95.00"))
    assert everything() == before


def test_the_sandbox_gives_back_once_a_key_and_no_more_than_it_took(commissioner):
    payment = topped_up(commissioner)
    provider, charge = SandboxProvider(), payment.public_id

    first = provider.refund(Refund("tbk_1", charge, 6_000, "USD"))
    again = provider.refund(Refund("tbk_1", charge, 6_000, "USD"))
    more = provider.refund(Refund("tbk_2", charge, 4_001, "USD"))
    nothing = provider.refund(Refund("tbk_3", "pay_unheard_of", 1, "USD"))

    assert first == again == SUCCEEDED
    assert (more.result, more.failure_code) == (ChargeResult.DECLINED, "charge_exceeded")
    assert nothing.failure_code == "charge_exceeded"


def test_the_sandbox_forgets_no_refund_whose_answer_was_lost(commissioner):
    payment = topped_up(commissioner, method=sandbox("test_timeout"))
    refund = Refund("tbk_1", payment.public_id, 100, "USD")

    with pytest.raises(ProviderTimeout):
        SandboxProvider().refund(refund)
    assert SandboxProvider().refund(refund).result == ChargeResult.SUCCEEDED
    assert SandboxRefund.objects.count() == 1


def on_its_way(commissioner) -> TakeBack:
    payment = topped_up(commissioner)
    return take_back_begin(
        payment_id=payment.pk, amount=usd("1.00"), request_key=uuid4(), by=commissioner, at=AT
    )


@pytest.mark.parametrize(
    ("rule", "changes"),
    [
        ("wallets_take_back_status_valid", "status = 'lost'"),
        ("wallets_take_back_amount_positive", "amount_minor = 0"),
        ("wallets_take_back_ended_at_iff_ended", "ended_at = now()"),
        ("wallets_take_back_failure_code_iff_failed", "failure_code = 'whim'"),
    ],
)
def test_the_database_refuses_the_change(commissioner, rule, changes):
    assert_refused(rule, on_its_way(commissioner), changes)


def test_the_database_keeps_one_on_its_way_and_one_a_request(commissioner):
    taken = on_its_way(commissioner)

    with refused_by("wallets_take_back_one_on_its_way_per_payment"):
        copy(taken, request_key="NULL")
    with refused_by("wallets_take_back_one_per_request"):
        copy(taken, status="'succeeded'", ended_at="now()")


def test_the_database_keeps_one_payment_a_request(commissioner):
    payment = credit_top_up_begin(
        amount=usd("1.00"),
        method=sandbox("test_ok"),
        request_key=uuid4(),
        by=commissioner,
        at=AT,
    )

    with refused_by("wallets_payment_one_per_request"):
        copy(payment)


@pytest.mark.parametrize(
    ("rule", "changes"),
    [
        ("wallets_sandbox_refund_result_valid", "result = 'maybe'"),
        ("wallets_sandbox_refund_amount_positive", "amount_minor = 0"),
    ],
)
def test_the_sandbox_keeps_a_proper_book(commissioner, rule, changes):
    take(topped_up(commissioner))

    with refused_by(rule):
        rewrite(SandboxRefund.objects.get(), changes)


@pytest.mark.parametrize(
    ("check", "statement"),
    [
        ("take_backs_are_in_the_ledger", "UPDATE wallets_takeback SET amount_minor = 1"),
        ("take_backs_are_in_the_ledger", "DELETE FROM wallets_takeback"),
        ("take_backs_are_in_the_ledger", "UPDATE wallets_payment SET received_minor = 1"),
        ("sandbox_refunds_agree", "UPDATE wallets_sandboxrefund SET amount_minor = 1"),
        ("sandbox_refunds_agree", "DELETE FROM wallets_sandboxrefund"),
    ],
)
def test_what_the_books_do_not_agree_on_is_seen(commissioner, check, statement):
    take(topped_up(commissioner))
    corrupt("ALTER TABLE wallets_payment DROP CONSTRAINT wallets_payment_outcome_fits_received")
    corrupt(statement)

    assert check in fired()


def test_a_take_back_that_nobody_finished_is_seen_after_15_minutes(commissioner):
    taken = on_its_way(commissioner)
    assert fired() == {"sandbox_refunds_agree"}

    rewrite(taken, "requested_at = now()")

    assert fired() == set()
