"""What the database refuses about withdrawals and events, below every service."""

import pytest
from django.utils import timezone

from tests.factories import AT, UserFactory
from tests.rules import assert_refused, copy, refused_by, rewrite
from tests.wallets.withdrawing import ANSWER_LOST, funded, request, resolve, send
from wallets.models import ProviderEvent
from wallets.services import withdrawal_cancel

pytestmark = pytest.mark.django_db


def approved():
    return request(funded())


def paid():
    return send(approved())


def cancelled():
    withdrawal = approved()
    return withdrawal_cancel(withdrawal_id=withdrawal.pk, by=withdrawal.user, at=AT)


def resolved():
    return resolve(
        send(request(funded(), number=ANSWER_LOST)), is_paid=True, by=UserFactory(is_staff=True)
    )


def event():
    return ProviderEvent.objects.create(
        provider="sandbox", event_id="evt_1", kind="payout.paid", body="{}", received_at=AT
    )


@pytest.mark.parametrize(
    ("rule", "build", "changes"),
    [
        ("wallets_withdrawal_status_valid", approved, "status = 'lost', sent_at = now()"),
        ("wallets_withdrawal_rail_valid", approved, "rail = 'pigeon'"),
        ("wallets_withdrawal_amount_positive", approved, "amount_minor = 0, fee_minor = 0"),
        ("wallets_withdrawal_fee_not_negative", approved, "fee_minor = -1"),
        ("wallets_withdrawal_fee_leaves_something", approved, "fee_minor = amount_minor"),
        ("wallets_withdrawal_ended_at_iff_ended", approved, "ended_at = now()"),
        ("wallets_withdrawal_ended_at_iff_ended", paid, "ended_at = NULL"),
        ("wallets_withdrawal_ended_at_iff_ended", cancelled, "ended_at = NULL"),
        ("wallets_withdrawal_approved_before_sent", approved, "approved_at = NULL"),
        ("wallets_withdrawal_sent_before_ended", paid, "sent_at = NULL"),
        ("wallets_withdrawal_paid_at_when_paid", paid, "paid_at = NULL"),
        ("wallets_withdrawal_reason_when_not_paid", paid, "status = 'returned'"),
        ("wallets_withdrawal_reason_when_not_paid", cancelled, "status = 'rejected', reason = ' '"),
        ("wallets_withdrawal_approved_by_another", approved, "approved_by_id = user_id"),
        ("wallets_withdrawal_frozen_because", approved, "frozen_at = now()"),
        ("wallets_withdrawal_frozen_because", approved, "frozen_because = 'So.'"),
        ("wallets_withdrawal_resolution_is_whole", approved, "resolution = 'paid'"),
        ("wallets_withdrawal_resolution_is_whole", resolved, "resolution = 'lost'"),
        ("wallets_withdrawal_resolution_is_whole", resolved, "resolution_reason = ' '"),
        ("wallets_withdrawal_resolved_by_another", resolved, "resolved_by_id = user_id"),
        ("wallets_withdrawal_confirmed_by_a_third", resolved, "confirmed_by_id = user_id"),
        ("wallets_withdrawal_confirmed_by_a_third", resolved, "confirmed_by_id = resolved_by_id"),
        ("wallets_provider_event_provider_valid", event, "provider = 'pigeon'"),
    ],
)
def test_the_database_refuses_the_change(provider, rule, build, changes):
    assert_refused(rule, build(), changes)


def test_one_form_is_one_withdrawal():
    withdrawal = approved()
    rewrite(withdrawal, "request_key = gen_random_uuid()")

    with refused_by("wallets_withdrawal_one_per_request"):
        copy(withdrawal)


def test_one_event_is_stored_once():
    row = event()

    with refused_by("wallets_provider_event_once"):
        copy(row)


def test_staff_can_have_approved_it():
    withdrawal = approved()

    rewrite(withdrawal, f"approved_by_id = {UserFactory(is_staff=True).pk}")

    withdrawal.refresh_from_db()
    assert withdrawal.approved_at < timezone.now()
