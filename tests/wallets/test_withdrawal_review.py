"""What staff decide: with a reason, about other people's money, from the services and the admin."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from accounts.enums import Role
from accounts.models import AuditEvent
from accounts.services import role_add
from common.exceptions import PermissionRefused
from outbox.models import Job
from tests.factories import AT
from tests.rules import checksums
from tests.wallets.withdrawing import (
    ANSWER_LOST,
    WRONG,
    answer_of,
    funded,
    request,
    resolve,
    send,
    wallet,
)
from wallets import integrity
from wallets.enums import PayoutResult, WithdrawalStatus
from wallets.exceptions import ReasonRequired, WithdrawalTransitionRefused
from wallets.models import Withdrawal
from wallets.services import (
    withdrawal_approve,
    withdrawal_cancel,
    withdrawal_conclude,
    withdrawal_confirm,
    withdrawal_freeze,
    withdrawal_reject,
    withdrawal_resolve,
)

pytestmark = pytest.mark.django_db

FUNDED = 316_667
LIST = "/admin/wallets/withdrawal/"


@pytest.fixture
def owner(freelancer):
    return funded(freelancer)


@pytest.fixture
def large(owner, settings):
    """A withdrawal above the limit."""
    settings.PAYOUT_TERMS = {"USD": ("10.00", "1.00", "500.00")}
    return request(owner)


def test_staff_approve_what_is_above_the_limit(large, staff):
    approved = withdrawal_approve(withdrawal_id=large.pk, note="Known to us.", by=staff, at=AT)

    assert (approved.status, approved.approved_by, approved.approved_at) == (
        WithdrawalStatus.APPROVED,
        staff,
        AT,
    )
    assert Job.objects.get(topic="withdrawal.send").key == large.public_id
    noted = AuditEvent.objects.get(event="withdrawal.reviewed")
    assert (noted.actor, noted.after["note"]) == (staff.public_id, "Known to us.")


def test_staff_reject_and_the_user_reads_why(large, staff, owner):
    rejected = withdrawal_reject(
        withdrawal_id=large.pk, reason=" Please call us. ", by=staff, at=AT
    )

    assert (rejected.status, rejected.reason) == (WithdrawalStatus.REJECTED, "Please call us.")
    assert wallet(owner) == (FUNDED, 0, 0)
    mail = Job.objects.get(payload__template="withdrawal_not_paid")
    assert mail.payload["context"]["reason"] == "Please call us."
    assert integrity.differences() == []


@pytest.mark.parametrize("role", ["freelancer", "commissioner", "stranger"])
def test_others_decide_nothing(large, role, request):
    user, before = request.getfixturevalue(role), checksums()

    for service in (
        lambda: withdrawal_approve(withdrawal_id=large.pk, note="x", by=user, at=AT),
        lambda: withdrawal_reject(withdrawal_id=large.pk, reason="x", by=user, at=AT),
        lambda: withdrawal_freeze(withdrawal_id=large.pk, reason="x", by=user, at=AT),
        lambda: withdrawal_resolve(
            withdrawal_id=large.pk, is_paid=True, reason="x", by=user, at=AT
        ),
        lambda: withdrawal_confirm(
            withdrawal_id=large.pk, is_paid=True, reason="x", by=user, at=AT
        ),
    ):
        with pytest.raises(PermissionRefused):
            service()

    assert checksums() == before


def test_staff_decide_nothing_about_their_own(staff, settings):
    settings.PAYOUT_TERMS = {"USD": ("10.00", "1.00", "500.00")}
    role_add(role=Role.FREELANCER, by=staff, at=AT)
    staff.refresh_from_db()
    own = request(funded(staff))

    with pytest.raises(PermissionRefused):
        withdrawal_approve(withdrawal_id=own.pk, note="Mine.", by=staff, at=AT)

    own.refresh_from_db()
    assert own.status == WithdrawalStatus.REQUESTED


def test_a_reason_is_needed(large, staff):
    for reason in ("", "  "):
        with pytest.raises(ReasonRequired):
            withdrawal_approve(withdrawal_id=large.pk, note=reason, by=staff, at=AT)

    large.refresh_from_db()
    assert large.status == WithdrawalStatus.REQUESTED


def test_what_has_ended_is_not_decided_again(large, staff, owner):
    withdrawal_cancel(withdrawal_id=large.pk, by=owner, at=AT)

    for service in (
        lambda: withdrawal_approve(withdrawal_id=large.pk, note="x", by=staff, at=AT),
        lambda: withdrawal_reject(withdrawal_id=large.pk, reason="x", by=staff, at=AT),
        lambda: withdrawal_freeze(withdrawal_id=large.pk, reason="x", by=staff, at=AT),
        lambda: withdrawal_resolve(
            withdrawal_id=large.pk, is_paid=False, reason="x", by=staff, at=AT
        ),
        lambda: withdrawal_confirm(
            withdrawal_id=large.pk, is_paid=True, reason="x", by=staff, at=AT
        ),
    ):
        with pytest.raises(WithdrawalTransitionRefused):
            service()


RESOLUTIONS = [
    (WRONG, True, WithdrawalStatus.PAID, (FUNDED - 100_000, 0, 100_000)),
    (WRONG, False, WithdrawalStatus.RETURNED, (FUNDED, 0, 0)),
    (ANSWER_LOST, True, WithdrawalStatus.PAID, (FUNDED - 100_000, 0, 100_000)),
]


@pytest.mark.parametrize(("number", "is_paid", "status", "left"), RESOLUTIONS)
def test_staff_say_what_became_of_it(owner, staff, provider, number, is_paid, status, left):
    open_one = send(request(owner, number=number))

    resolved = resolve(open_one, is_paid=is_paid, reason="Seen on statement 7.", by=staff)

    assert (resolved.status, resolved.frozen_at, resolved.frozen_because) == (status, None, "")
    assert wallet(owner) == left
    assert AuditEvent.objects.get(event="withdrawal.reviewed").after["note"] == (
        "Seen on statement 7."
    )


@pytest.mark.parametrize(
    ("is_paid", "status", "left"),
    [
        (True, WithdrawalStatus.PAID, (FUNDED - 100_000, 0, 100_000)),
        (False, WithdrawalStatus.RETURNED, (FUNDED, 0, 0)),
    ],
)
def test_a_payment_that_was_contradicted_stands_or_comes_back(
    owner, staff, provider, is_paid, status, left
):
    paid = send(request(owner))
    withdrawal_conclude(withdrawal_id=paid.pk, answer=answer_of(paid, PayoutResult.DECLINED), at=AT)

    resolved = resolve(paid, is_paid=is_paid, reason="Asked the bank.", by=staff)

    assert (resolved.status, resolved.frozen_at) == (status, None)
    assert wallet(owner) == left


def act(client, action, row, **form):
    return client.post(LIST, {"action": action, "_selected_action": [row.pk], **form})


@pytest.mark.parametrize(
    ("action", "status"),
    [("approve", WithdrawalStatus.APPROVED), ("reject", WithdrawalStatus.REJECTED)],
)
def test_the_admin_asks_why_and_then_does_it(client_for, staff, large, action, status):
    client = client_for(staff)

    asked = act(client, action, large)
    empty = act(client, action, large, reason=" ")
    assert (asked.status_code, empty.status_code) == (200, 200)
    assert "1,000.00 USD" in asked.content.decode()
    large.refresh_from_db()
    assert large.status == WithdrawalStatus.REQUESTED
    done = act(client, action, large, reason="Looked at it.")

    assert done.status_code == 302
    large.refresh_from_db()
    assert large.status == status


def test_the_admin_resolves_both_ways_and_shows_refusals(client_for, staff, owner, provider):
    client = client_for(staff)
    first, second = (send(request(owner, number=WRONG)) for _ in range(2))
    Withdrawal.objects.update(frozen_at=timezone.now())
    early = act(client, "resolve_paid", first, reason="Statement 7.")
    assert "may still be asked" in client.get(early.url).content.decode()
    Withdrawal.objects.update(frozen_at=timezone.now() - timedelta(minutes=1))

    act(client, "resolve_paid", first, reason="Statement 7.")
    act(client, "resolve_returned", second, reason="Statement 7.")
    refused = client.post(
        LIST, {"action": "approve", "_selected_action": [first.pk], "reason": "x"}, follow=True
    )

    statuses = list(Withdrawal.objects.order_by("pk").values_list("status", flat=True))
    assert statuses == [WithdrawalStatus.PAID, WithdrawalStatus.RETURNED]
    assert "cannot become approved" in refused.content.decode()


def test_staff_find_withdrawals_and_change_nothing_by_hand(client_for, staff, large):
    client = client_for(staff)
    page = reverse("admin:wallets_withdrawal_change", args=[large.pk])
    before = checksums()

    listed = client.get(LIST, {"q": large.public_id})
    client.post(page, {"status": "paid", "_save": "Save"})

    assert list(listed.context["cl"].result_list) == [large]
    assert client.get(page).status_code == 200
    after = checksums()
    assert after["wallets_withdrawal"] == before["wallets_withdrawal"]


def test_others_do_not_reach_the_admin(client_for, large, freelancer):
    assert act(client_for(freelancer), "approve", large, reason="x").url.startswith("/admin/login/")

    large.refresh_from_db()
    assert large.status == WithdrawalStatus.REQUESTED
