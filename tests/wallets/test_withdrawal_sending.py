"""Sending: what the provider does wrong, and that money leaves once and comes back whole."""

from dataclasses import replace
from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.models import AuditEvent
from outbox.models import Job
from outbox.services import enqueue
from tests.builders import run_jobs
from tests.factories import AT
from tests.rules import checksums
from tests.wallets.paying import legs
from tests.wallets.withdrawing import (
    ANSWER_LOST,
    DECLINED,
    ERROR_AFTER,
    LATER,
    REQUEST_LOST,
    RETURNED,
    SILENT,
    SLOW,
    WRONG,
    answer_of,
    eventually,
    funded,
    request,
    send,
    wallet,
)
from wallets import integrity
from wallets.enums import PayoutResult, WithdrawalStatus
from wallets.models import Journal, Withdrawal
from wallets.services import (
    withdrawal_cancel,
    withdrawal_claim,
    withdrawal_conclude,
    withdrawal_look,
    withdrawal_send,
    withdrawals_compare,
)

pytestmark = pytest.mark.django_db

FUNDED = 316_667


@pytest.fixture
def owner(freelancer):
    return funded(freelancer)


def due() -> None:
    """Let every job that waits be due."""
    Job.objects.filter(done_at__isnull=True).update(due_at=AT, lease_until=None)


def test_a_withdrawal_is_claimed_asked_for_and_paid(owner, provider):
    withdrawal = request(owner)
    later = AT + timedelta(seconds=3)

    paid = send(withdrawal, at=later)

    assert (paid.status, paid.sent_at, paid.paid_at, paid.ended_at) == (
        WithdrawalStatus.PAID,
        later,
        later,
        later,
    )
    assert paid.provider_reference == "SIM00000001"
    assert legs()[-3:] == [
        (f"user:{owner.pk}", "available", -100_000),
        ("provider:sandbox", "outside", 99_900),
        ("platform", "fees", 100),
    ]
    assert wallet(owner) == (FUNDED - 100_000, 0, 100_000)
    [payout] = provider.book.payouts()
    assert (payout.key, payout.amount_minor, payout.currency) == (
        withdrawal.public_id,
        99_900,
        "USD",
    )
    assert integrity.differences() == []


def test_payment_is_audited_with_its_journal_and_told_by_mail(owner, provider):
    withdrawal = send(request(owner))

    event = AuditEvent.objects.get(event="withdrawal.paid")
    assert (event.actor, event.before, event.journal_key) == (
        "",
        {"status": "sending"},
        f"withdraw:{withdrawal.public_id}",
    )
    mail = Job.objects.get(payload__template="withdrawal_paid")
    assert mail.payload["context"]["net"] == {"money": ["999.00", "USD"]}


def test_the_job_sends_it(owner, provider):
    withdrawal = request(owner)

    run_jobs("withdrawal.send")

    withdrawal.refresh_from_db()
    assert withdrawal.status == WithdrawalStatus.PAID
    assert Job.objects.get(topic="withdrawal.send").outcome == "done"


def test_the_job_goes_on_where_another_was_cut_short(owner, provider):
    withdrawal = request(owner)
    claimed = withdrawal_claim(withdrawal_id=withdrawal.pk, at=AT)
    withdrawal_send(claimed)

    run_jobs("withdrawal.send")

    withdrawal.refresh_from_db()
    assert withdrawal.status == WithdrawalStatus.PAID
    assert len(provider.book.payouts()) == 1
    assert wallet(owner) == (FUNDED - 100_000, 0, 100_000)


def test_the_job_leaves_what_was_cancelled_before_it_came(owner, provider):
    withdrawal = request(owner)
    withdrawal_cancel(withdrawal_id=withdrawal.pk, by=owner, at=AT)

    run_jobs("withdrawal.send")

    assert provider.book.payouts() == []
    assert wallet(owner) == (FUNDED, 0, 0)


def test_a_decline_brings_the_money_back_with_the_reason(owner, provider):
    withdrawal = send(request(owner, number=DECLINED))

    assert (withdrawal.status, withdrawal.reason, withdrawal.paid_at) == (
        WithdrawalStatus.RETURNED,
        "The bank says that the account is closed.",
        None,
    )
    assert wallet(owner) == (FUNDED, 0, 0)
    mail = Job.objects.get(payload__template="withdrawal_not_paid")
    assert mail.payload["context"]["reason"] == withdrawal.reason
    assert Journal.objects.filter(about_type="withdrawal").count() == 0
    assert integrity.differences() == []


UNCLEAR = [ANSWER_LOST, REQUEST_LOST, SLOW, ERROR_AFTER]


@pytest.mark.parametrize("number", UNCLEAR)
def test_no_clear_answer_is_uncertain_never_failed_and_found_out_later(owner, provider, number):
    now = timezone.now()

    withdrawal = send(request(owner, number=number, at=now), at=now)

    assert (withdrawal.status, withdrawal.ended_at) == (WithdrawalStatus.UNCERTAIN, None)
    assert wallet(owner) == (FUNDED - 100_000, 100_000, 0)
    assert integrity.differences() == []
    due()
    run_jobs("withdrawal.resolve")

    withdrawal.refresh_from_db()
    assert withdrawal.status == WithdrawalStatus.PAID
    [payout] = provider.book.payouts()
    assert payout.key == withdrawal.public_id
    assert wallet(owner) == (FUNDED - 100_000, 0, 100_000)
    assert integrity.differences() == []


def test_a_wrong_amount_freezes_it_for_staff(owner, provider):
    withdrawal = send(request(owner, number=WRONG))

    assert (withdrawal.status, withdrawal.frozen_at) == (WithdrawalStatus.SENDING, AT)
    assert withdrawal.frozen_because == (
        "The provider says 99899 USD, asked for were 99900 USD (minor units)."
    )
    assert wallet(owner) == (FUNDED - 100_000, 100_000, 0)
    assert AuditEvent.objects.get(event="withdrawal.frozen").after["note"] == (
        withdrawal.frozen_because
    )
    before = checksums()
    again = withdrawal_conclude(withdrawal_id=withdrawal.pk, answer=answer_of(withdrawal), at=AT)
    assert withdrawal_claim(withdrawal_id=withdrawal.pk, at=AT) is None
    assert again.frozen_at == AT
    assert checksums() == before
    assert integrity.differences() == []


@pytest.mark.parametrize("number", [LATER, SILENT])
def test_what_the_provider_is_still_doing_is_asked_for_until_it_is_done(owner, provider, number):
    withdrawal = send(request(owner, number=number))

    assert withdrawal.status == WithdrawalStatus.SENDING
    eventually(lambda: provider.book.find(withdrawal.public_id).status == "paid")
    due()
    run_jobs("withdrawal.resolve")

    withdrawal.refresh_from_db()
    assert withdrawal.status == WithdrawalStatus.PAID
    assert integrity.differences() == []


def test_money_that_comes_back_after_it_was_paid_is_in_the_wallet_again(owner, provider):
    withdrawal = send(request(owner, number=RETURNED))
    assert wallet(owner) == (FUNDED - 100_000, 0, 100_000)
    eventually(lambda: provider.book.find(withdrawal.public_id).status == "returned")

    returned = withdrawal_conclude(
        withdrawal_id=withdrawal.pk, answer=withdrawal_look(withdrawal), at=AT
    )

    assert (returned.status, returned.reason) == (
        WithdrawalStatus.RETURNED,
        "The bank says that the account is closed.",
    )
    assert wallet(owner) == (FUNDED, 0, 0)
    back = Journal.objects.get(key=f"return:{withdrawal.public_id}")
    assert back.reverses.key == f"withdraw:{withdrawal.public_id}"
    assert legs()[-3:] == [
        (f"user:{owner.pk}", "available", 100_000),
        ("provider:sandbox", "outside", -99_900),
        ("platform", "fees", -100),
    ]
    assert integrity.differences() == []


def test_what_came_back_unheard_of_is_found_in_the_provider_s_book(owner, provider):
    kept, withdrawal = send(request(owner)), send(request(owner, number=RETURNED))
    paid_at = withdrawal.ended_at
    eventually(lambda: provider.book.find(withdrawal.public_id).status == "returned")

    enqueue("withdrawal.compare", key="compare-payouts:1")
    enqueue("withdrawal.compare", key="compare-payouts:2")
    run_jobs("withdrawal.compare")
    [asked] = Job.objects.filter(topic="withdrawal.resolve", done_at=None)
    run_jobs("withdrawal.resolve")

    assert asked.key == f"{withdrawal.public_id}:returned:{paid_at}"
    withdrawal.refresh_from_db()
    kept.refresh_from_db()
    assert (withdrawal.status, kept.status) == (WithdrawalStatus.RETURNED, WithdrawalStatus.PAID)
    assert wallet(owner) == (FUNDED - 100_000, 0, 100_000)
    assert integrity.differences() == []


def test_nothing_is_asked_about_what_is_the_same_here_and_there(owner, provider):
    paid, declined = send(request(owner)), send(request(owner, number=DECLINED))
    book = {
        paid.public_id: answer_of(paid),
        declined.public_id: answer_of(declined, PayoutResult.RETURNED),
        "no_key_of_ours": answer_of(paid, PayoutResult.RETURNED),
    }

    assert withdrawals_compare(book=book) == 0


def test_where_there_is_no_provider_nothing_is_compared(db, settings):
    settings.SANDBOX_PAYOUT_URL = ""
    enqueue("withdrawal.compare", key="compare-payouts:1")

    assert run_jobs("withdrawal.compare") == 1
    assert Job.objects.get().outcome == "done"


def test_a_withdrawal_without_a_fee_comes_back_too(owner, provider, settings):
    settings.PAYOUT_TERMS = {"USD": ("10.00", "1.00", "5000.00")}
    withdrawal = request(owner)
    Withdrawal.objects.update(fee_minor=0)
    paid = send(withdrawal)

    withdrawal_conclude(
        withdrawal_id=paid.pk,
        answer=answer_of(paid, PayoutResult.RETURNED, reason="no_such_account"),
        at=AT,
    )

    assert wallet(owner) == (FUNDED, 0, 0)
    paid.refresh_from_db()
    assert paid.reason == "The bank refused it: no_such_account."


def test_concluding_again_changes_nothing(owner, provider):
    withdrawal = send(request(owner))
    before = checksums()

    for answer in (answer_of(withdrawal), answer_of(withdrawal, PayoutResult.PENDING), None):
        again = withdrawal_conclude(
            withdrawal_id=withdrawal.pk, answer=answer, at=AT + timedelta(days=1)
        )
        assert (again.status, again.ended_at) == (WithdrawalStatus.PAID, AT)

    after = checksums()
    after.pop("outbox_job"), before.pop("outbox_job")
    assert after == before


CONTRADICTIONS = [
    (PayoutResult.DECLINED, {}, "The provider declines what it had paid."),
    (PayoutResult.RETURNED, {"amount_minor": 1}, "The provider says 1 USD"),
]


@pytest.mark.parametrize(("result", "changes", "because"), CONTRADICTIONS)
def test_what_contradicts_a_payment_freezes_it(owner, provider, result, changes, because):
    paid = send(request(owner))

    frozen = withdrawal_conclude(
        withdrawal_id=paid.pk, answer=answer_of(paid, result, **changes), at=AT
    )

    assert frozen.status == WithdrawalStatus.PAID
    assert frozen.frozen_because.startswith(because)
    assert wallet(owner) == (FUNDED - 100_000, 0, 100_000)


def test_a_payment_after_a_decline_freezes_it(owner, provider):
    declined = send(request(owner, number=DECLINED))

    frozen = withdrawal_conclude(withdrawal_id=declined.pk, answer=answer_of(declined), at=AT)

    assert (frozen.status, frozen.frozen_at) == (WithdrawalStatus.RETURNED, AT)
    assert wallet(owner) == (FUNDED, 0, 0)


@pytest.mark.parametrize("changes", [{"currency": "EUR"}, {"amount_minor": 99_901}])
def test_another_amount_or_currency_is_never_taken_for_a_payment(owner, provider, changes):
    withdrawal = request(owner)
    withdrawal_claim(withdrawal_id=withdrawal.pk, at=AT)

    frozen = withdrawal_conclude(
        withdrawal_id=withdrawal.pk, answer=replace(answer_of(withdrawal), **changes), at=AT
    )

    assert frozen.frozen_at == AT
    assert wallet(owner)[1] == 100_000


def test_asking_again_pays_once_however_often(owner, provider):
    withdrawal = request(owner)
    claimed = withdrawal_claim(withdrawal_id=withdrawal.pk, at=AT)

    answers = {withdrawal_send(claimed) for _ in range(3)}

    assert {answer.result for answer in answers} == {PayoutResult.PAID}
    assert len(provider.book.payouts()) == 1
