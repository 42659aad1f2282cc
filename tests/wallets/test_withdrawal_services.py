"""Asking for a withdrawal, previewing it, taking it back; what was refused leaves no trace."""

from datetime import timedelta
from uuid import uuid4

import pytest
from djmoney.money import Money

from accounts.models import AuditEvent
from common.currencies import EXPONENTS
from common.exceptions import PermissionRefused
from outbox.models import Job
from tests.factories import AT
from tests.rules import checksums
from tests.wallets.withdrawing import bank_account, funded, request, send, wallet
from wallets import integrity
from wallets.enums import Rail, WithdrawalStatus
from wallets.exceptions import (
    InsufficientFunds,
    PayoutMethodCoolingOff,
    PayoutMethodUnknown,
    WithdrawalsClosed,
    WithdrawalTooSmall,
    WithdrawalTransitionRefused,
)
from wallets.models import Journal, Withdrawal
from wallets.policies import PayoutTerms, payout_terms
from wallets.services import (
    payout_method_remove,
    withdrawal_cancel,
    withdrawal_preview,
    withdrawal_request,
)

pytestmark = pytest.mark.django_db

FUNDED = 316_667


@pytest.fixture
def owner(freelancer):
    return funded(freelancer)


def test_a_request_reserves_the_amount_and_is_approved_up_to_the_limit(owner):
    withdrawal = request(owner)

    assert (withdrawal.status, withdrawal.rail) == (WithdrawalStatus.APPROVED, Rail.SANDBOX)
    assert (withdrawal.amount_minor, withdrawal.fee_minor, withdrawal.net_minor) == (
        100_000,
        100,
        99_900,
    )
    assert (withdrawal.requested_at, withdrawal.approved_at, withdrawal.approved_by) == (
        AT,
        AT,
        None,
    )
    assert wallet(owner) == (FUNDED - 100_000, 100_000, 0)
    job = Job.objects.get(topic="withdrawal.send")
    assert (job.key, job.payload) == (withdrawal.public_id, {"withdrawal": withdrawal.pk})
    assert Journal.objects.filter(about_type="withdrawal").count() == 0
    assert integrity.differences() == []


def test_a_request_is_audited_and_told_by_mail(owner):
    withdrawal = request(owner)

    events = AuditEvent.objects.filter(target=withdrawal.public_id).order_by("pk")
    assert [(event.event, event.actor) for event in events] == [
        ("withdrawal.requested", owner.public_id),
        ("withdrawal.approved", ""),
    ]
    assert events[0].after == {
        "status": "requested",
        "amount_minor": 100_000,
        "fee_minor": 100,
        "currency": "USD",
        "reason": "",
    }
    mail = Job.objects.get(payload__template="withdrawal_requested")
    assert (mail.payload["to"], mail.payload["context"]["amount"]) == (
        owner.email,
        {"money": ["1000.00", "USD"]},
    )


def test_above_the_limit_it_waits_for_staff(owner, settings):
    settings.PAYOUT_TERMS = {"USD": ("10.00", "1.00", "999.99")}

    withdrawal = request(owner)

    assert (withdrawal.status, withdrawal.approved_at) == (WithdrawalStatus.REQUESTED, None)
    assert wallet(owner) == (FUNDED - 100_000, 100_000, 0)
    assert not Job.objects.filter(topic="withdrawal.send").exists()


def test_all_that_is_available_can_be_withdrawn_and_nothing_after_it(owner):
    first = request(owner, amount="3166.67")
    before = checksums()

    with pytest.raises(InsufficientFunds):
        request(owner, amount="10.00", method_id=first.method_id)

    assert wallet(owner) == (0, FUNDED, 0)
    assert checksums() == before


@pytest.mark.parametrize(
    ("amount", "refusal"),
    [
        (Money("9.99", "USD"), WithdrawalTooSmall),
        (Money("3166.68", "USD"), InsufficientFunds),
        (Money("100.00", "EUR"), InsufficientFunds),
    ],
    ids=str,
)
def test_too_little_too_much_and_what_is_not_there_are_refused(owner, amount, refusal):
    method = bank_account(owner)
    before = checksums()

    with pytest.raises(refusal):
        withdrawal_request(method_id=method.pk, amount=amount, by=owner, at=AT)

    assert checksums() == before


def test_the_least_amount_is_named(owner):
    with pytest.raises(WithdrawalTooSmall, match=r"10\.00 USD or more"):
        request(owner, amount="1.00")


@pytest.mark.parametrize("role", ["commissioner", "staff"])
def test_only_freelancers_withdraw(owner, role, request_of):
    with pytest.raises(PermissionRefused):
        request_of(role)


@pytest.fixture
def request_of(owner, request):
    def ask(role):
        user = request.getfixturevalue(role)
        return withdrawal_request(
            method_id=bank_account(owner).pk, amount=Money("100.00", "USD"), by=user, at=AT
        )

    return ask


def test_the_method_of_somebody_else_or_a_removed_one_is_unknown(owner, stranger):
    theirs, removed = bank_account(stranger), bank_account(owner)
    payout_method_remove(method_id=removed.pk, by=owner, at=AT)
    before = checksums()

    for method in (theirs, removed):
        with pytest.raises(PayoutMethodUnknown):
            request(owner, method_id=method.pk)

    assert checksums() == before


def test_a_new_method_cools_off_first(owner, settings):
    settings.PAYOUT_COOLING_DAYS = 3
    method = bank_account(owner)

    with pytest.raises(PayoutMethodCoolingOff, match="2026-11-26 12:00"):
        request(owner, method_id=method.pk, at=AT + timedelta(days=3, seconds=-1))
    later = request(owner, method_id=method.pk, at=AT + timedelta(days=3))

    assert later.status == WithdrawalStatus.APPROVED


def test_nothing_leaves_where_no_rail_is_chosen(owner, settings):
    settings.PAYOUT_RAIL = ""
    method = bank_account(owner)

    with pytest.raises(WithdrawalsClosed):
        request(owner, method_id=method.pk)

    assert Withdrawal.objects.count() == 0


def test_the_same_form_sent_twice_is_one_withdrawal(owner):
    method, key = bank_account(owner), uuid4()

    first, second = (
        request(owner, method_id=method.pk, request_key=key, amount=amount)
        for amount in ("1000.00", "1000.00")
    )

    assert second == first
    assert wallet(owner) == (FUNDED - 100_000, 100_000, 0)


@pytest.mark.parametrize("limit", ["999.99", "1000.00"])
def test_cancelling_gives_the_money_back(owner, settings, limit):
    settings.PAYOUT_TERMS = {"USD": ("10.00", "1.00", limit)}
    withdrawal = request(owner)

    cancelled = withdrawal_cancel(withdrawal_id=withdrawal.pk, by=owner, at=AT)

    assert (cancelled.status, cancelled.ended_at) == (WithdrawalStatus.CANCELLED, AT)
    assert wallet(owner) == (FUNDED, 0, 0)
    assert AuditEvent.objects.filter(event="withdrawal.cancelled", actor=owner.public_id).exists()
    assert Job.objects.filter(payload__template="withdrawal_not_paid").count() == 1
    assert integrity.differences() == []


def test_what_was_sent_or_has_ended_is_not_cancelled(owner, provider):
    paid, cancelled = send(request(owner)), request(owner)
    withdrawal_cancel(withdrawal_id=cancelled.pk, by=owner, at=AT)
    before = checksums()

    for withdrawal in (paid, cancelled):
        with pytest.raises(WithdrawalTransitionRefused):
            withdrawal_cancel(withdrawal_id=withdrawal.pk, by=owner, at=AT)

    assert checksums() == before


@pytest.mark.parametrize("role", ["commissioner", "stranger", "staff"])
def test_cancelling_is_the_owners(owner, role, request):
    withdrawal = withdrawal_request(
        method_id=bank_account(owner).pk, amount=Money("100.00", "USD"), by=owner, at=AT
    )
    user = request.getfixturevalue(role)

    with pytest.raises(PermissionRefused):
        withdrawal_cancel(withdrawal_id=withdrawal.pk, by=user, at=AT)

    assert wallet(owner)[1] == 10_000


def test_a_preview_tells_all_and_changes_nothing(owner, settings):
    method = bank_account(owner)
    before = checksums()

    seen = withdrawal_preview(method_id=method.pk, amount=Money("1000.00", "USD"), by=owner, at=AT)
    settings.PAYOUT_TERMS = {"USD": ("10.00", "2.50", "10.00")}
    dear = withdrawal_preview(method_id=method.pk, amount=Money("1000.00", "USD"), by=owner, at=AT)

    assert (seen.fee, seen.net, seen.available_after, seen.needs_approval) == (
        Money("1.00", "USD"),
        Money("999.00", "USD"),
        Money("2166.67", "USD"),
        False,
    )
    assert (dear.fee, dear.net, dear.needs_approval) == (
        Money("2.50", "USD"),
        Money("997.50", "USD"),
        True,
    )
    with pytest.raises(InsufficientFunds):
        withdrawal_preview(method_id=method.pk, amount=Money("4000.00", "USD"), by=owner, at=AT)
    assert checksums() == before


CURRENCIES = [
    ("USD", 1_000, 100, 500_000),
    ("JPY", 1_500, 150, 750_000),
    ("KWD", 3_000, 300, 1_500_000),
    ("HUF", 400_000, 40_000, 200_000_000),
]


@pytest.mark.parametrize(("currency", "minimum", "fee", "above"), CURRENCIES)
def test_terms_are_in_sub_units_of_the_currency(currency, minimum, fee, above):
    assert payout_terms(currency) == PayoutTerms(minimum, fee, above)


def test_every_currency_has_terms_that_leave_something():
    for currency in EXPONENTS:
        terms = payout_terms(currency)
        assert 0 < terms.fee < terms.minimum < terms.approval_above
