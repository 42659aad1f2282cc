"""What staff let go on: with its own key, from where it was, or frozen again."""

import pytest

from accounts.models import AuditEvent
from common.exceptions import PermissionRefused
from outbox.models import Job
from tests.builders import run_jobs
from tests.factories import AT, UserFactory
from tests.wallets.paying import traces
from tests.wallets.test_withdrawal_review import FUNDED, act
from tests.wallets.withdrawing import (
    ANSWER_LOST,
    DECLINED,
    WRONG,
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
    withdrawal_claim,
    withdrawal_freeze,
    withdrawal_look,
    withdrawal_send,
    withdrawal_unfreeze,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def owner(freelancer):
    return funded(freelancer)


@pytest.fixture
def uncertain(owner, provider):
    """The provider has paid it, and its answer got lost."""
    return send(request(owner, number=ANSWER_LOST))


def freeze(withdrawal: Withdrawal, staff, **changes) -> None:
    withdrawal_freeze(
        withdrawal_id=withdrawal.pk, reason="Where is it?", by=staff, at=AT, **changes
    )


def unfreeze(withdrawal: Withdrawal, staff, *, reason: str = "The bank was slow.") -> Withdrawal:
    return withdrawal_unfreeze(withdrawal_id=withdrawal.pk, reason=reason, by=staff, at=AT)


def test_the_providers_book_is_read_again(uncertain, owner, staff, provider):
    freeze(uncertain, staff)
    Job.objects.all().delete()

    unfreeze(uncertain, staff)
    assert list(Job.objects.values_list("topic", flat=True)) == ["withdrawal.resolve"]
    run_jobs("withdrawal.resolve")

    uncertain.refresh_from_db()
    assert (uncertain.status, uncertain.frozen_at) == (WithdrawalStatus.PAID, None)
    assert len(provider.book.payouts()) == 1
    assert wallet(owner) == (FUNDED - 100_000, 0, 100_000)
    row = AuditEvent.objects.get(event="withdrawal.unfrozen")
    assert (row.actor, row.after["note"]) == (staff.public_id, "The bank was slow.")
    assert integrity.differences() == []


def test_what_was_claimed_and_never_asked_for_is_sent_once(owner, staff, provider):
    claimed = withdrawal_claim(withdrawal_id=request(owner).pk, at=AT)
    freeze(claimed, staff)
    assert withdrawal_send(claimed) is None
    run_jobs("withdrawal.send")
    assert provider.book.payouts() == []

    unfreeze(claimed, staff)
    run_jobs("withdrawal.send")

    claimed.refresh_from_db()
    assert claimed.status == WithdrawalStatus.PAID
    assert [payout.key for payout in provider.book.payouts()] == [claimed.public_id]
    assert wallet(owner) == (FUNDED - 100_000, 0, 100_000)
    assert integrity.differences() == []


def test_a_decline_is_not_the_last_word_while_the_job_of_the_unfreezing_sends(
    owner, staff, provider
):
    """Else it is given back here while that job asks again, and is paid."""
    claimed = withdrawal_claim(withdrawal_id=request(owner, number=DECLINED).pk, at=AT)
    freeze(claimed, staff)
    run_jobs("withdrawal.send")
    unfreeze(claimed, staff)
    claimed.refresh_from_db()
    assert withdrawal_send(claimed).result == PayoutResult.DECLINED

    assert withdrawal_look(claimed) is None

    run_jobs("withdrawal.send")
    claimed.refresh_from_db()
    assert claimed.status == WithdrawalStatus.RETURNED
    assert wallet(owner) == (FUNDED, 0, 0)


def test_it_can_be_frozen_and_let_go_as_often_as_staff_like(uncertain, staff):
    freeze(uncertain, staff)
    unfreeze(uncertain, staff)
    Withdrawal.objects.update(frozen_at=None)
    withdrawal_freeze(
        withdrawal_id=uncertain.pk, reason="Again.", by=staff, at=AT.replace(microsecond=1)
    )
    unfreeze(uncertain, staff)

    again = Job.objects.filter(
        topic="withdrawal.resolve", key__startswith=f"{uncertain.public_id}:"
    )
    assert again.count() == 2


def test_what_does_not_fit_is_frozen_again(owner, staff, provider):
    wrong = send(request(owner, number=WRONG))
    because = wrong.frozen_because
    assert wrong.frozen_at == AT

    unfreeze(wrong, staff)
    run_jobs("withdrawal.send", "withdrawal.resolve")

    wrong.refresh_from_db()
    assert wrong.frozen_at is not None
    assert wrong.frozen_because == because
    assert wallet(owner) == (FUNDED - 100_000, 100_000, 0)


def test_a_resolution_that_nobody_confirmed_is_void(uncertain, staff, settings):
    settings.PAYOUT_TERMS = {"USD": ("10.00", "1.00", "500.00")}
    resolve(uncertain, is_paid=False, by=staff)

    unfreeze(uncertain, staff)

    uncertain.refresh_from_db()
    assert (uncertain.resolution, uncertain.resolved_by, uncertain.frozen_at) == ("", None, None)


def paid(withdrawal, staff):
    resolve(withdrawal, is_paid=True, by=staff)
    Withdrawal.objects.update(frozen_at=AT, frozen_because="The bank paid it twice.")


def not_frozen(withdrawal, staff):
    """As it was."""


@pytest.mark.parametrize(
    ("reach", "words"),
    [(not_frozen, "is not frozen"), (paid, "resolve it as paid or as returned")],
)
def test_only_what_is_frozen_on_its_way_goes_on(uncertain, staff, reach, words):
    reach(uncertain, staff)
    before = traces()

    with pytest.raises(WithdrawalTransitionRefused, match=words):
        unfreeze(uncertain, staff)
    assert traces() == before


def test_staff_alone_let_it_go_on_and_say_why(uncertain, owner, staff):
    freeze(uncertain, staff)
    before = traces()

    for somebody in (owner, UserFactory()):
        with pytest.raises(PermissionRefused):
            unfreeze(uncertain, somebody)
    with pytest.raises(ReasonRequired):
        unfreeze(uncertain, staff, reason=" ")
    assert traces() == before
    uncertain.refresh_from_db()
    assert uncertain.frozen_at == AT


def test_the_admin_lets_it_go_on(client_for, uncertain, staff):
    freeze(uncertain, staff)

    asked = act(client_for(staff), "unfreeze", uncertain)
    assert "Let it go on" in asked.content.decode()
    act(client_for(staff), "unfreeze", uncertain, reason="The bank was slow.")

    uncertain.refresh_from_db()
    assert (uncertain.status, uncertain.frozen_at) == (WithdrawalStatus.UNCERTAIN, None)
