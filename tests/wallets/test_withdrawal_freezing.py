"""What is frozen: nobody sends it, staff say what became of it, in twos above the limit."""

from datetime import timedelta

import pytest
from django.conf import settings
from django.utils import timezone
from djmoney.money import Money

from accounts.models import AuditEvent
from common.exceptions import PermissionRefused
from outbox.models import Job
from tests.builders import active_project, paid_invoice, run_jobs
from tests.factories import AT, UserFactory
from tests.rules import checksums
from tests.wallets.test_withdrawal_review import FUNDED, act
from tests.wallets.withdrawing import (
    ANSWER_LOST,
    answer_of,
    funded,
    request,
    resolve,
    send,
    wallet,
)
from wallets import integrity
from wallets.enums import PayoutResult, WithdrawalStatus
from wallets.exceptions import WithdrawalTransitionRefused
from wallets.models import Journal, Withdrawal
from wallets.selectors import wallet_balances
from wallets.services import (
    staff_credit,
    withdrawal_claim,
    withdrawal_conclude,
    withdrawal_confirm,
    withdrawal_freeze,
    withdrawal_look,
    withdrawal_request,
    withdrawal_resolve,
    withdrawal_send,
    withdrawals_compare,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def owner(freelancer):
    return funded(freelancer)


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
        withdrawal_confirm(withdrawal_id=sent.pk, is_paid=True, reason="Me again.", by=staff, at=AT)
    assert checksums() == before
    done = withdrawal_confirm(
        withdrawal_id=sent.pk, is_paid=True, reason="Seen too.", by=second, at=AT
    )

    assert (done.status, done.frozen_at, done.confirmed_by) == (WithdrawalStatus.PAID, None, second)
    assert wallet(owner) == (FUNDED - 100_000, 0, 100_000)
    assert integrity.differences() == []


def test_the_admin_says_for_how_long_a_frozen_one_may_still_be_asked_about(
    client_for, owner, second, settings
):
    settings.PAYOUT_TIMEOUT_SECONDS = 11.5

    asked = act(client_for(second), "freeze", request(owner))

    assert "After 42 seconds, when nobody asks the provider any more" in asked.content.decode()


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
            withdrawal_confirm(withdrawal_id=paid.pk, is_paid=True, reason="x", by=second, at=AT)
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
