"""Sending withdrawals: claim, ask the provider outside any transaction, act on its word.

The withdrawal's public id is the key that the provider knows it by and never changes. No answer is
never taken for a refusal: what is reserved stays reserved until the provider's book says more.
"""

import logging
from collections.abc import Collection, Mapping
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.db import transaction

from common.failpoints import failpoint
from common.public_ids import parse_public_id
from outbox.selectors import is_open
from outbox.services import enqueue, enqueue_many
from wallets.enums import PayoutResult, WithdrawalStatus
from wallets.models import ProviderEvent, Withdrawal
from wallets.providers import PayoutAnswer, PayoutOrder, ProviderTimeout, payout_provider_of
from wallets.services.payout_methods import destination_of
from wallets.services.withdrawal_freezing import freeze
from wallets.services.withdrawal_journals import lock_balances, pay, take_back
from wallets.services.withdrawals import SEND, locked_many, record, send

logger = logging.getLogger(__name__)

RESOLVE: Final = "withdrawal.resolve"
RESOLVE_AFTER = timedelta(seconds=10)
"""Longer than the provider is waited for: what it began by then is in its book."""
PATIENCE: Final = timedelta(minutes=15)
"""Within it a provider that cannot say yet how it ended does nothing wrong."""
SAYS_PAID: Final = "payout.paid"
COMPARE: Final = "withdrawal.compare"
UNDER_WAY: Final = (WithdrawalStatus.SENDING, WithdrawalStatus.UNCERTAIN)
UNPAID: Final = (PayoutResult.DECLINED, PayoutResult.RETURNED)
MAY_RETURN: Final = (*UNDER_WAY, WithdrawalStatus.PAID)
Answers = Mapping[int, PayoutAnswer | None]
"""What the provider said of each withdrawal, by its id; None while that is not known."""
REASONS: Final = {"account_closed": "The bank says that the account is closed."}


def withdrawal_claim(*, withdrawal_id: int, at: datetime) -> Withdrawal | None:
    """`withdrawals_claim` for one; None for one that is not to be sent."""
    return next(iter(withdrawals_claim(withdrawal_ids=[withdrawal_id], at=at)), None)


@transaction.atomic
def withdrawals_claim(*, withdrawal_ids: Collection[int], at: datetime) -> list[Withdrawal]:
    """Note that withdrawals are about to be sent; the caller commits, then asks.

    One that was claimed before and has no outcome yet is given again, so that a job cut short goes
    on where it stopped. One that has ended, is frozen or was not approved is left out.
    """
    found = [one for one in locked_many(withdrawal_ids) if one.frozen_at is None]
    send([one for one in found if one.status == WithdrawalStatus.APPROVED], by=None, at=at)
    return [one for one in found if one.status in UNDER_WAY]


def withdrawal_send(withdrawal: Withdrawal) -> PayoutAnswer | None:
    """Ask the provider to pay; None while the outcome is not known. No transaction is open.

    Asking again, by whoever, repeats the key and so pays nothing twice. One that was frozen or has
    ended since it was claimed is left alone. ProviderUnreachable when nothing was asked.
    """
    if not _is_under_way(withdrawal):
        return None
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


@transaction.atomic
def _is_under_way(withdrawal: Withdrawal) -> bool:
    """Whether the provider may still be asked to pay: looked up under the lock, for staff may have
    frozen it meanwhile. Whoever resolves it waits longer than the question then takes.
    """
    rows = Withdrawal.objects.among([withdrawal.pk]).filter(
        status__in=UNDER_WAY, frozen_at__isnull=True
    )
    return bool(rows.locked().values_list("pk"))


def withdrawal_look(withdrawal: Withdrawal) -> PayoutAnswer | None:
    """What the provider's book says; a request that never arrived is made again, same key.

    Only once nobody else can be asking. While the job that sends goes on, a decline is not the last
    word, for a provider may pay when it asks again, and a return would overtake the payment that it
    undoes. ProviderUnreachable.
    """
    try:
        answer = payout_provider_of(withdrawal.rail).look(withdrawal.public_id)
    except ProviderTimeout:
        return None
    if answer is not None and answer.result in UNPAID and _is_being_sent(withdrawal):
        return None
    if answer is None and withdrawal.status == WithdrawalStatus.UNCERTAIN:
        return withdrawal_send(withdrawal)
    return answer


def _is_being_sent(withdrawal: Withdrawal) -> bool:
    """Whether its outcome is not noted yet; a provider that has said `pending` is asked no more."""
    is_sending = withdrawal.status == WithdrawalStatus.SENDING
    return is_sending and is_open(SEND, key=withdrawal.public_id)


def withdrawal_poll_pause(withdrawal: Withdrawal, *, at: datetime) -> timedelta | None:
    """How long to wait before asking again how it ended; None once it takes so long that a person
    should hear of it.

    A tenth of the time that it has taken, so that a provider which was away for minutes is asked
    soon after it is back, and one that takes its time is not asked too often.
    """
    since = withdrawal.sent_at or at
    if at - since > PATIENCE:
        return None
    return max(RESOLVE_AFTER, (at - since) / 10)


def withdrawal_conclude(
    *, withdrawal_id: int, answer: PayoutAnswer | None, at: datetime
) -> Withdrawal:
    """`withdrawals_conclude` for one."""
    return withdrawals_conclude(answers={withdrawal_id: answer}, at=at)[0]


@transaction.atomic
def withdrawals_conclude(
    *, answers: Answers, at: datetime, asked: Mapping[int, str] | None = None
) -> list[Withdrawal]:
    """Act on the provider's word: pay, take back, wait, or freeze what does not fit. All or none.

    Whatever was concluded earlier stands; a frozen withdrawal waits for staff. `asked` has the
    status of each when it was asked about: one that has moved since to where its answer does not
    fit is asked about again, for the answer may be older than what is known.
    """
    withdrawals = locked_many(answers)
    paid: list[Withdrawal] = []
    returned: list[tuple[Withdrawal, PayoutAnswer]] = []
    for withdrawal in withdrawals:
        answer = answers[withdrawal.pk]
        if withdrawal.frozen_at is not None:
            continue
        if answer is None:
            _note_uncertain(withdrawal, at=at)
        elif answer.result == PayoutResult.PENDING:
            _ask_again(withdrawal, at=at)
        elif because := _contradiction(withdrawal, answer):
            if asked is None or asked[withdrawal.pk] == withdrawal.status:
                freeze(withdrawal, because, at=at)
            else:
                _ask_anew(withdrawal, at=at)
        elif answer.result != PayoutResult.PAID and withdrawal.status in MAY_RETURN:
            returned.append((withdrawal, answer))
        elif withdrawal.status in UNDER_WAY:
            withdrawal.provider_reference = answer.reference
            paid.append(withdrawal)
    lock_balances([*paid, *(withdrawal for withdrawal, _ in returned)])
    pay(paid, by=None, at=at)
    for withdrawal, answer in returned:
        take_back(withdrawal, reason=_in_words(answer), by=None, at=at)
    return withdrawals


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
                payload={"withdrawal": withdrawal.pk, "says": kind},
            )
    return is_new


@transaction.atomic
def withdrawals_compare(*, book: Mapping[str, PayoutAnswer]) -> int:
    """Ask again about each withdrawal that is paid here and came back there, or the other way
    round; how many there are.

    The event that told of it may have been lost; the provider's book has it.
    """
    asked = [
        (f"{withdrawal.public_id}:{there}:{withdrawal.ended_at}", {"withdrawal": withdrawal.pk})
        for here, there in (
            (WithdrawalStatus.PAID, PayoutResult.RETURNED),
            (WithdrawalStatus.RETURNED, PayoutResult.PAID),
        )
        for withdrawal in Withdrawal.objects.filter(
            uuid__in=_told(book, there), status=here, frozen_at__isnull=True
        )
        .only("pk", "uuid", "ended_at")
        .order_by("pk")
    ]
    enqueue_many(RESOLVE, asked)
    return len(asked)


def _told(book: Mapping[str, PayoutAnswer], result: PayoutResult) -> list[UUID]:
    """The withdrawals that ended so by the provider's book."""
    keys = [key for key, answer in book.items() if answer.result == result]
    uuids = [parse_public_id(Withdrawal.PREFIX, key) for key in keys]
    return [uuid for uuid in uuids if uuid is not None]


def _contradiction(withdrawal: Withdrawal, answer: PayoutAnswer) -> str:
    """Why a final answer does not fit what is known; empty when it does."""
    has_paid = answer.result == PayoutResult.PAID
    if withdrawal.status in UNDER_WAY:
        return _difference(withdrawal, answer) if has_paid else ""
    if withdrawal.status != WithdrawalStatus.PAID:
        return "The provider paid what had ended here." if has_paid else ""
    if answer.result == PayoutResult.DECLINED:
        return "The provider declines what it had paid."
    return "" if has_paid else _difference(withdrawal, answer)


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


def _ask_anew(withdrawal: Withdrawal, *, at: datetime) -> None:
    """By a job of its own: the first one may be done, and its patience is over after a while."""
    enqueue(
        RESOLVE,
        key=f"{withdrawal.public_id}:{withdrawal.status}:{withdrawal.ended_at}",
        payload={"withdrawal": withdrawal.pk},
        due_at=at + RESOLVE_AFTER,
    )


def _difference(withdrawal: Withdrawal, answer: PayoutAnswer) -> str:
    if (answer.amount_minor, answer.currency) == (withdrawal.net_minor, withdrawal.currency):
        return ""
    return (
        f"The provider says {answer.amount_minor} {answer.currency},"
        f" asked for were {withdrawal.net_minor} {withdrawal.currency} (minor units)."
    )


def _in_words(answer: PayoutAnswer) -> str:
    return REASONS.get(answer.reason, f"The bank refused it: {answer.reason or 'no reason given'}.")
