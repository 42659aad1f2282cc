"""What staff decide: with a reason, about other people's money, from the services and the admin."""

from datetime import timedelta

import pytest
from django.conf import settings
from django.urls import reverse
from django.utils import timezone
from djmoney.money import Money

from accounts.enums import Role
from accounts.models import AuditEvent
from accounts.services import role_add
from common.exceptions import PermissionRefused
from outbox.models import Job
from tests.builders import active_project, paid_invoice, run_jobs
from tests.factories import AT, UserFactory
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
from wallets.models import Journal, Withdrawal
from wallets.selectors import wallet_balances
from wallets.services import (
    staff_credit,
    withdrawal_approve,
    withdrawal_cancel,
    withdrawal_claim,
    withdrawal_conclude,
    withdrawal_confirm,
    withdrawal_freeze,
    withdrawal_look,
    withdrawal_reject,
    withdrawal_request,
    withdrawal_resolve,
    withdrawal_send,
    withdrawals_compare,
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
        lambda: withdrawal_confirm(withdrawal_id=large.pk, reason="x", by=user, at=AT),
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
        lambda: withdrawal_confirm(withdrawal_id=large.pk, reason="x", by=staff, at=AT),
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


@pytest.fixture
def second(db):
    return UserFactory(is_staff=True, is_superuser=True)


def test_only_a_frozen_one_is_resolved_and_only_when_nobody_can_be_asking(owner, staff, provider):
    """Otherwise a worker that has claimed it pays what staff give back."""
    claimed = withdrawal_claim(withdrawal_id=request(owner).pk, at=AT)
    deed = {
        "withdrawal_id": claimed.pk,
        "is_paid": False,
        "reason": "Not in the book.",
        "by": staff,
    }

    with pytest.raises(WithdrawalTransitionRefused, match="Freeze it first"):
        withdrawal_resolve(**deed, at=AT + timedelta(hours=1))
    withdrawal_freeze(withdrawal_id=claimed.pk, reason="Is it there?", by=staff, at=AT)
    quiet = timedelta(seconds=30 + settings.PAYOUT_TIMEOUT_SECONDS)
    with pytest.raises(WithdrawalTransitionRefused, match="may still be asked"):
        withdrawal_resolve(**deed, at=AT + quiet - timedelta(seconds=1))
    assert wallet(owner) == (FUNDED - 100_000, 100_000, 0)
    withdrawal_resolve(**deed, at=AT + quiet)

    assert withdrawal_send(claimed) is None
    claimed.status = WithdrawalStatus.UNCERTAIN
    assert withdrawal_look(claimed) is None
    assert provider.book.payouts() == []
    assert wallet(owner) == (FUNDED, 0, 0)
    frozen = AuditEvent.objects.get(event="withdrawal.frozen")
    assert (frozen.actor, frozen.after["note"]) == (staff.public_id, "Is it there?")
    assert integrity.differences() == []


def test_a_frozen_one_is_not_sent_by_who_had_claimed_it(owner, staff, provider):
    claimed = withdrawal_claim(withdrawal_id=request(owner).pk, at=AT)
    withdrawal_freeze(withdrawal_id=claimed.pk, reason="Wait.", by=staff, at=AT)

    assert withdrawal_send(claimed) is None

    assert provider.book.payouts() == []
    with pytest.raises(WithdrawalTransitionRefused, match="frozen"):
        withdrawal_freeze(withdrawal_id=claimed.pk, reason="Again.", by=staff, at=AT)


def test_a_large_one_is_resolved_in_twos(owner, staff, second, provider, settings):
    sent = send(request(owner, number=ANSWER_LOST))
    settings.PAYOUT_TERMS = {"USD": ("10.00", "1.00", "500.00")}

    waiting = resolve(sent, is_paid=True, reason="Seen on statement 7.", by=staff)
    assert (waiting.status, waiting.resolution, waiting.resolved_by) == (
        WithdrawalStatus.UNCERTAIN,
        "paid",
        staff,
    )
    assert waiting.frozen_at == AT
    assert wallet(owner) == (FUNDED - 100_000, 100_000, 0)
    before = checksums()
    with pytest.raises(PermissionRefused, match="Somebody else"):
        withdrawal_confirm(withdrawal_id=sent.pk, reason="Me again.", by=staff, at=AT)
    assert checksums() == before
    done = withdrawal_confirm(withdrawal_id=sent.pk, reason="Seen too.", by=second, at=AT)

    assert (done.status, done.frozen_at, done.confirmed_by) == (WithdrawalStatus.PAID, None, second)
    assert wallet(owner) == (FUNDED - 100_000, 0, 100_000)
    assert integrity.differences() == []


@pytest.mark.parametrize("is_paid", [True, False])
def test_nobody_confirms_what_was_changed_since_they_read_it(
    client_for, owner, staff, second, provider, settings, is_paid
):
    sent = send(request(owner, number=ANSWER_LOST))
    settings.PAYOUT_TERMS = {"USD": ("10.00", "1.00", "500.00")}
    words = {True: ("paid", "returned"), False: ("returned", "paid")}
    was, is_now = words[is_paid]
    resolve(sent, is_paid=is_paid, by=staff)
    client = client_for(second)
    assert act(client, f"confirm_{was}", sent).status_code == 200
    resolve(sent, is_paid=not is_paid, by=staff)

    refused = act(client, f"confirm_{was}", sent, reason="Seen too.")

    sent.refresh_from_db()
    assert (sent.status, sent.confirmed_by) == (WithdrawalStatus.UNCERTAIN, None)
    page = client.get(refused.url).content.decode()
    assert f"It is resolved as {is_now} by now. Look again." in page
    act(client, f"confirm_{is_now}", sent, reason="Seen now.")
    sent.refresh_from_db()
    assert (sent.status, sent.confirmed_by) == (WithdrawalStatus(is_now), second)


def test_a_new_freeze_forgets_what_was_said_before(owner, staff, second, provider):
    paid = send(request(owner))
    for _ in range(2):
        withdrawal_conclude(
            withdrawal_id=paid.pk, answer=answer_of(paid, PayoutResult.DECLINED), at=AT
        )
        with pytest.raises(WithdrawalTransitionRefused, match="Nothing waits"):
            withdrawal_confirm(withdrawal_id=paid.pk, reason="x", by=second, at=AT)
        assert resolve(paid, is_paid=True, by=staff).resolution == "paid"


def test_what_the_provider_paid_after_all_is_taken_from_the_wallet_and_the_rest_is_owed(
    owner, staff, provider
):
    sent = send(request(owner, number=ANSWER_LOST))
    resolve(sent, is_paid=False, by=staff)
    withdrawal_request(method_id=sent.method_id, amount=Money("2500.00", "USD"), by=owner, at=AT)
    assert wallet(owner) == (66_667, 250_000, 0)
    assert {one.check for one in integrity.differences()} == {"payout_book_agrees"}

    assert withdrawals_compare(book={sent.public_id: answer_of(sent)}) == 1
    Job.objects.filter(topic="withdrawal.send").update(done_at=AT, outcome="done")
    run_jobs("withdrawal.resolve")
    sent.refresh_from_db()
    assert sent.frozen_because == "The provider paid what had ended here."
    paid = resolve(sent, is_paid=True, by=staff, at=sent.frozen_at)

    assert (paid.status, paid.reason, paid.frozen_at) == (WithdrawalStatus.PAID, "", None)
    assert wallet(owner) == (0, 250_000, 100_000)
    [balance] = wallet_balances(owner.pk)
    assert balance.debt == 33_333
    told = AuditEvent.objects.get(event="withdrawal.paid")
    assert (told.actor, told.journal_key) == (staff.public_id, f"withdraw:{sent.public_id}")
    assert integrity.differences() == []


def test_it_comes_back_and_is_paid_as_often_as_the_bank_says(owner, staff, provider):
    paid = send(request(owner))
    for _ in range(2):
        withdrawal_conclude(
            withdrawal_id=paid.pk, answer=answer_of(paid, PayoutResult.RETURNED), at=AT
        )
        assert wallet(owner) == (FUNDED, 0, 0)
        withdrawal_conclude(withdrawal_id=paid.pk, answer=answer_of(paid), at=AT)
        again = resolve(paid, is_paid=True, by=staff)
        assert (again.status, wallet(owner)) == (
            WithdrawalStatus.PAID,
            (FUNDED - 100_000, 0, 100_000),
        )

    keys = Journal.objects.filter(about_type="withdrawal").order_by("pk").values_list("key")
    key = paid.public_id
    assert [one for (one,) in keys] == [
        f"withdraw:{key}",
        f"return:{key}",
        f"withdraw:{key}:2",
        f"return:{key}:2",
        f"withdraw:{key}:3",
    ]
    assert integrity.differences() == []


def test_each_time_that_it_ends_debts_are_paid_and_its_owner_is_told(staff, provider):
    project = active_project()
    invoice = paid_invoice(project)
    owner = invoice.seller
    sent = send(request(owner, amount="3000.00"))
    staff_credit(
        invoice_id=invoice.pk, amount=Money("500.00", "USD"), reason="Late.", by=staff, at=AT
    )
    came_back = answer_of(sent, PayoutResult.RETURNED)

    withdrawal_conclude(withdrawal_id=sent.pk, answer=came_back, at=AT)
    assert debt_and_free(owner) == (0, 269_167)
    again = request(owner, amount="2600.00", method_id=sent.method_id)
    withdrawal_conclude(withdrawal_id=sent.pk, answer=answer_of(sent), at=AT)
    resolve(sent, is_paid=True, by=staff)
    assert debt_and_free(owner) == (290_833, 0)
    withdrawal_conclude(withdrawal_id=sent.pk, answer=came_back, at=AT)

    assert debt_and_free(owner) == (0, 9_167)
    assert again.status == WithdrawalStatus.APPROVED
    told = Job.objects.filter(payload__template__startswith="withdrawal_").order_by("pk")
    assert [job.payload["template"] for job in told if is_about(job, sent)] == [
        "withdrawal_requested",
        "withdrawal_paid",
        "withdrawal_not_paid",
        "withdrawal_paid",
        "withdrawal_not_paid",
    ]
    assert {one.check for one in integrity.differences()} == {"payout_book_agrees"}


def debt_and_free(owner):
    [balance] = wallet_balances(owner.pk)
    return balance.debt, balance.available


def is_about(job, withdrawal):
    return withdrawal.public_id in job.payload["context"]["path"]


def test_the_admin_freezes_and_confirms(client_for, staff, second, owner, provider, settings):
    sent = send(request(owner, number=ANSWER_LOST))
    settings.PAYOUT_TERMS = {"USD": ("10.00", "1.00", "500.00")}

    act(client_for(staff), "freeze", sent, reason="Where is it?")
    Withdrawal.objects.update(frozen_at=timezone.now() - timedelta(minutes=1))
    act(client_for(staff), "resolve_paid", sent, reason="Statement 7.")
    asked = act(client_for(second), "confirm_paid", sent)
    assert "Statement 7." in asked.content.decode()
    act(client_for(second), "confirm_paid", sent, reason="Seen too.")

    sent.refresh_from_db()
    assert (sent.status, sent.confirmed_by) == (WithdrawalStatus.PAID, second)


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
