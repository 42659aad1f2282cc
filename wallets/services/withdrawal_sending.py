"""Sending withdrawals: claim, ask the provider outside any transaction, act on its word.

The withdrawal's public id is the key that the provider knows it by and never changes. No answer is
never taken for a refusal: what is reserved stays reserved until the provider's book says more.
"""

import logging
from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Final

from django.db import transaction

from accounts.models import User
from common.failpoints import failpoint
from common.public_ids import parse_public_id
from outbox.services import enqueue, enqueue_many
from wallets import ledger
from wallets.enums import (
    AccountKind,
    JournalKind,
    PayoutResult,
    WithdrawalStatus,
)
from wallets.ledger import AccountSpec, JournalDraft, Leg, PayOut
from wallets.models import Journal, ProviderEvent, Withdrawal
from wallets.providers import PayoutAnswer, PayoutOrder, ProviderTimeout, payout_provider_of
from wallets.services.payout_methods import destination_of
from wallets.services.withdrawals import (
    available_account,
    end_unpaid,
    locked,
    record,
    remark,
    send,
    tell_of_end,
)

logger = logging.getLogger(__name__)

RESOLVE: Final = "withdrawal.resolve"
RESOLVE_AFTER: Final = timedelta(seconds=15)
ABOUT: Final = "withdrawal"
COMPARE: Final = "withdrawal.compare"
UNDER_WAY: Final = (WithdrawalStatus.SENDING, WithdrawalStatus.UNCERTAIN)
REASONS: Final = {"account_closed": "The bank says that the account is closed."}


@transaction.atomic
def withdrawal_claim(*, withdrawal_id: int, at: datetime) -> Withdrawal | None:
    """Note that the withdrawal is about to be sent; the caller commits, then asks.

    One that was claimed before and has no outcome yet is given again, so that a job cut short goes
    on where it stopped. None for one that has ended, is frozen or was not approved.
    """
    withdrawal = locked(withdrawal_id)
    if withdrawal.frozen_at is not None:
        return None
    if withdrawal.status == WithdrawalStatus.APPROVED:
        send(withdrawal, by=None, at=at)
    return withdrawal if withdrawal.status in UNDER_WAY else None


def withdrawal_send(withdrawal: Withdrawal) -> PayoutAnswer | None:
    """Ask the provider to pay; None while the outcome is not known. No transaction is open.

    Asking again, by whoever, repeats the key and so pays nothing twice.
    """
    order = PayoutOrder(
        key=withdrawal.public_id,
        amount_minor=withdrawal.net_minor,
        currency=withdrawal.currency,
        destination=asdict(destination_of(withdrawal.method)),
    )
    failpoint("send.claimed")
    try:
        answer = payout_provider_of(withdrawal.rail).send(order)
    except ProviderTimeout:
        return None
    failpoint("send.answered")
    return answer


def withdrawal_look(withdrawal: Withdrawal) -> PayoutAnswer | None:
    """What the provider's book says; a request that never arrived is made again, same key.

    Only once nobody else can be asking: while it is being sent, the job that sends goes on. Until
    then a decline is not the last word, for a provider may pay when that job asks again.
    """
    try:
        answer = payout_provider_of(withdrawal.rail).look(withdrawal.public_id)
    except ProviderTimeout:
        return None
    is_being_sent = withdrawal.status == WithdrawalStatus.SENDING
    if is_being_sent and answer is not None and answer.result == PayoutResult.DECLINED:
        return None
    if answer is None and withdrawal.status == WithdrawalStatus.UNCERTAIN:
        return withdrawal_send(withdrawal)
    return answer


@transaction.atomic
def withdrawal_conclude(
    *, withdrawal_id: int, answer: PayoutAnswer | None, at: datetime
) -> Withdrawal:
    """Act on the provider's word: pay, take back, wait, or freeze what does not fit.

    Whatever was concluded earlier stands; a frozen withdrawal waits for staff.
    """
    withdrawal = locked(withdrawal_id)
    if withdrawal.frozen_at is not None:
        return withdrawal
    if answer is None:
        _note_uncertain(withdrawal, at=at)
    elif answer.result == PayoutResult.PENDING:
        _ask_again(withdrawal, at=at)
    elif withdrawal.status in UNDER_WAY:
        _conclude_open(withdrawal, answer, at=at)
    elif withdrawal.status == WithdrawalStatus.PAID:
        _conclude_paid(withdrawal, answer, at=at)
    elif answer.result == PayoutResult.PAID:
        freeze(withdrawal, "The provider paid what had ended here.", at=at)
    return withdrawal


@transaction.atomic
def provider_event_note(
    *, provider: str, event_id: str, kind: str, key: str, body: str, at: datetime
) -> bool:
    """Store what a provider told us, once; a job then reads the truth from its book.

    False when this event came before. What it says is only a hint, so order does not matter.
    """
    _, is_new = ProviderEvent.objects.get_or_create(
        provider=provider,
        event_id=event_id,
        defaults={"kind": kind, "body": body, "received_at": at},
    )
    if is_new:
        try:
            withdrawal = Withdrawal.objects.filter(rail=provider).by_public_id(key)
        except Withdrawal.DoesNotExist:
            logger.warning("event about no withdrawal", extra={"event": event_id})
        else:
            enqueue(
                RESOLVE,
                key=f"{withdrawal.public_id}:{event_id}",
                payload={"withdrawal": withdrawal.pk},
            )
    return is_new


@transaction.atomic
def withdrawals_compare(*, book: Mapping[str, PayoutAnswer]) -> int:
    """Ask again about each withdrawal that is paid here and came back there; how many there are.

    The event that told of it may have been lost; the provider's book has it.
    """
    returned = [
        parse_public_id(Withdrawal.PREFIX, key)
        for key, answer in book.items()
        if answer.result == PayoutResult.RETURNED
    ]
    paid = Withdrawal.objects.filter(
        uuid__in=[uuid for uuid in returned if uuid], status=WithdrawalStatus.PAID
    )
    asked = [
        (f"{withdrawal.public_id}:returned", {"withdrawal": withdrawal.pk})
        for withdrawal in paid.only("pk", "uuid").order_by("pk")
    ]
    enqueue_many(RESOLVE, asked)
    return len(asked)


def pay(withdrawal: Withdrawal, *, by: User | None, at: datetime) -> None:
    """Post a locked withdrawal as paid: available -amount, outside +net, fees +fee."""
    before = withdrawal.status
    withdrawal.move_to(WithdrawalStatus.PAID)
    withdrawal.paid_at = withdrawal.ended_at = at
    withdrawal.save(update_fields=["status", "paid_at", "ended_at", "provider_reference"])
    available, outside, fees = _accounts(withdrawal)
    posted = ledger.pay_out(
        PayOut(
            key=f"withdraw:{withdrawal.public_id}",
            about_type=ABOUT,
            about_id=withdrawal.pk,
            available_account=available,
            outside_account=outside,
            fee_account=fees,
            net=withdrawal.net_minor,
            fee=withdrawal.fee_minor,
        )
    )
    failpoint("send.posted")
    record(withdrawal, "withdrawal.paid", by=by, at=at, before=before, journal_key=posted.key)
    tell_of_end(withdrawal)


def take_back(withdrawal: Withdrawal, *, reason: str, by: User | None, at: datetime) -> None:
    """Bring a locked withdrawal's money back to the wallet, fee included, with the reason."""
    if withdrawal.status != WithdrawalStatus.PAID:
        end_unpaid(withdrawal, WithdrawalStatus.RETURNED, reason=reason, by=by, at=at)
        return
    withdrawal.move_to(WithdrawalStatus.RETURNED)
    withdrawal.ended_at, withdrawal.reason = at, reason
    withdrawal.save(update_fields=["status", "ended_at", "reason"])
    available, outside, fees = _accounts(withdrawal)
    legs = [Leg(available, withdrawal.amount_minor), Leg(outside, -withdrawal.net_minor)]
    if withdrawal.fee_minor:
        legs.append(Leg(fees, -withdrawal.fee_minor))
    posted = ledger.post(
        JournalDraft(
            kind=JournalKind.REVERSAL,
            key=f"return:{withdrawal.public_id}",
            about_type=ABOUT,
            about_id=withdrawal.pk,
            legs=tuple(legs),
            reverses=Journal.objects.get(key=f"withdraw:{withdrawal.public_id}").pk,
        )
    )
    record(
        withdrawal,
        "withdrawal.returned",
        by=by,
        at=at,
        before=WithdrawalStatus.PAID,
        journal_key=posted.key,
    )
    tell_of_end(withdrawal)


def freeze(withdrawal: Withdrawal, because: str, *, at: datetime) -> None:
    """Leave a locked withdrawal to staff: something about it does not fit."""
    withdrawal.frozen_at, withdrawal.frozen_because = at, because
    withdrawal.save(update_fields=["frozen_at", "frozen_because"])
    remark(withdrawal, "withdrawal.frozen", because, by=None, at=at)
    logger.error("withdrawal frozen", extra={"key": withdrawal.public_id, "because": because})


def unfreeze(withdrawal: Withdrawal) -> None:
    """Go on with a locked withdrawal that staff have looked at."""
    withdrawal.frozen_at, withdrawal.frozen_because = None, ""
    withdrawal.save(update_fields=["frozen_at", "frozen_because"])


def _conclude_open(withdrawal: Withdrawal, answer: PayoutAnswer, *, at: datetime) -> None:
    if answer.result != PayoutResult.PAID:
        take_back(withdrawal, reason=_in_words(answer), by=None, at=at)
    elif not _fits(withdrawal, answer):
        freeze(withdrawal, _difference(withdrawal, answer), at=at)
    else:
        withdrawal.provider_reference = answer.reference
        pay(withdrawal, by=None, at=at)


def _conclude_paid(withdrawal: Withdrawal, answer: PayoutAnswer, *, at: datetime) -> None:
    if answer.result == PayoutResult.PAID:
        return
    if answer.result == PayoutResult.DECLINED:
        freeze(withdrawal, "The provider declines what it had paid.", at=at)
    elif not _fits(withdrawal, answer):
        freeze(withdrawal, _difference(withdrawal, answer), at=at)
    else:
        take_back(withdrawal, reason=_in_words(answer), by=None, at=at)


def _note_uncertain(withdrawal: Withdrawal, *, at: datetime) -> None:
    if withdrawal.status == WithdrawalStatus.SENDING:
        withdrawal.move_to(WithdrawalStatus.UNCERTAIN)
        withdrawal.save(update_fields=["status"])
        record(withdrawal, "withdrawal.uncertain", by=None, at=at)
        _ask_again(withdrawal, at=at)


def _ask_again(withdrawal: Withdrawal, *, at: datetime) -> None:
    enqueue(
        RESOLVE,
        key=withdrawal.public_id,
        payload={"withdrawal": withdrawal.pk},
        due_at=at + RESOLVE_AFTER,
    )


def _fits(withdrawal: Withdrawal, answer: PayoutAnswer) -> bool:
    return (answer.amount_minor, answer.currency) == (withdrawal.net_minor, withdrawal.currency)


def _difference(withdrawal: Withdrawal, answer: PayoutAnswer) -> str:
    return (
        f"The provider says {answer.amount_minor} {answer.currency},"
        f" asked for were {withdrawal.net_minor} {withdrawal.currency} (minor units)."
    )


def _in_words(answer: PayoutAnswer) -> str:
    return REASONS.get(answer.reason, f"The bank refused it: {answer.reason or 'no reason given'}.")


def _accounts(withdrawal: Withdrawal) -> tuple[int, int, int]:
    specs = [
        AccountSpec(f"provider:{withdrawal.rail}", AccountKind.OUTSIDE, withdrawal.currency),
        AccountSpec("platform", AccountKind.FEES, withdrawal.currency),
    ]
    found = ledger.open_accounts(specs)
    return available_account(withdrawal), found[specs[0]], found[specs[1]]
