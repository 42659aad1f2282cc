"""What withdrawals write into the ledger: paid, paid after all, brought back."""

import json
from collections.abc import Sequence
from datetime import datetime
from itertools import chain
from typing import Final

from django.db import connection

from accounts.models import User
from common.failpoints import failpoint
from wallets import ledger
from wallets.enums import AccountKind, JournalKind, WithdrawalStatus
from wallets.ledger import AccountSpec, JournalDraft, Leg, PayOut
from wallets.models import Journal, Withdrawal
from wallets.services.withdrawals import (
    Step,
    end_unpaid,
    record,
    record_steps,
    source_of,
    tell_of_end,
    use_again,
)

ABOUT: Final = "withdrawal"
# One statement for all rows: the ORM's bulk_update costs ten times as much.
SAVE_PAID: Final = """
UPDATE wallets_withdrawal w
SET status = %s, paid_at = %s, ended_at = %s, provider_reference = paid.reference
FROM jsonb_to_recordset(%s::jsonb) AS paid (id bigint, reference text)
WHERE w.id = paid.id
"""


def lock_balances(withdrawals: Sequence[Withdrawal]) -> None:
    """Lock all that they move in the ledger's order, before the first of them moves."""
    if len(withdrawals) > 1:
        ledger.lock(set(chain.from_iterable(_accounts(withdrawals))))


def pay(withdrawals: Sequence[Withdrawal], *, by: User | None, at: datetime) -> None:
    """Post locked withdrawals as paid: available or credit -amount, outside +net, fees +fee."""
    if not withdrawals:
        return
    before = {withdrawal.pk: withdrawal.status for withdrawal in withdrawals}
    for withdrawal in withdrawals:
        withdrawal.move_to(WithdrawalStatus.PAID)
        withdrawal.paid_at = withdrawal.ended_at = at
    _save_paid(withdrawals, at=at)
    posted = ledger.pay_out_many(_pay_outs(withdrawals))
    failpoint("send.posted")
    record_steps(
        [
            Step(withdrawal, "withdrawal.paid", before[withdrawal.pk], journal.key)
            for withdrawal, journal in zip(withdrawals, posted, strict=True)
        ],
        by=by,
        at=at,
    )
    tell_of_end([(one, journal.key) for one, journal in zip(withdrawals, posted, strict=True)])


def pay_after_all(withdrawal: Withdrawal, *, by: User | None, at: datetime) -> None:
    """Post a locked withdrawal as paid that had come back here, for the money did leave.

    It is taken from what is available by now; the rest is owed. Credit has to cover it all, or else
    InsufficientFunds. One that was paid and came back before has a journal of each, so this one's
    key has a number.
    """
    before, earlier = withdrawal.status, _paid_journals(withdrawal)
    withdrawal.move_to(WithdrawalStatus.PAID)
    withdrawal.paid_at, withdrawal.ended_at, withdrawal.reason = at, at, ""
    withdrawal.save(update_fields=["status", "paid_at", "ended_at", "reason"])
    [(_, outside, fees)] = _accounts([withdrawal])
    moved = (
        *_taken_after_all(withdrawal),
        (outside, withdrawal.net_minor),
        (fees, withdrawal.fee_minor),
    )
    posted = ledger.post(
        JournalDraft(
            kind=JournalKind.WITHDRAWAL,
            key=_key_of_payment(withdrawal, len(earlier) + 1),
            about_type=ABOUT,
            about_id=withdrawal.pk,
            legs=tuple(Leg(account, amount) for account, amount in moved if amount),
        )
    )
    record(withdrawal, "withdrawal.paid", by=by, at=at, before=before, journal_key=posted.key)
    tell_of_end([(withdrawal, posted.key)])


def _taken_after_all(withdrawal: Withdrawal) -> tuple[tuple[int, int], ...]:
    """What each account of the owner loses: a wallet what it has, owing the rest; credit all of it."""
    owner = source_of(withdrawal)
    source = ledger.open_accounts([owner])[owner]
    if withdrawal.source == AccountKind.CREDIT:
        return ((source, -withdrawal.amount_minor),)
    owes = owner._replace(kind=AccountKind.DEBT)
    debt = ledger.open_accounts([owes])[owes]
    taken = min(max(ledger.lock([source, debt])[source], 0), withdrawal.amount_minor)
    return (source, -taken), (debt, taken - withdrawal.amount_minor)


def take_back(withdrawal: Withdrawal, *, reason: str, by: User | None, at: datetime) -> None:
    """Bring a locked withdrawal's money back, fee included, with the reason."""
    if withdrawal.status != WithdrawalStatus.PAID:
        end_unpaid(withdrawal, WithdrawalStatus.RETURNED, reason=reason, by=by, at=at)
        return
    withdrawal.move_to(WithdrawalStatus.RETURNED)
    withdrawal.ended_at, withdrawal.reason = at, reason
    withdrawal.save(update_fields=["status", "ended_at", "reason"])
    [(source, outside, fees)] = _accounts([withdrawal])
    legs = [Leg(source, withdrawal.amount_minor), Leg(outside, -withdrawal.net_minor)]
    if withdrawal.fee_minor:
        legs.append(Leg(fees, -withdrawal.fee_minor))
    paid = _paid_journals(withdrawal)[-1]
    posted = ledger.post(
        JournalDraft(
            kind=JournalKind.REVERSAL,
            key=paid.key.replace("withdraw:", "return:", 1),
            about_type=ABOUT,
            about_id=withdrawal.pk,
            legs=tuple(legs),
            reverses=paid.pk,
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
    use_again(withdrawal, event=posted.key, at=at)
    tell_of_end([(withdrawal, posted.key)])


def _key_of_payment(withdrawal: Withdrawal, number: int) -> str:
    key = f"withdraw:{withdrawal.public_id}"
    return key if number == 1 else f"{key}:{number}"


def _paid_journals(withdrawal: Withdrawal) -> list[Journal]:
    """The journals that paid it, oldest first: several where it was paid after it had come back."""
    found: list[Journal] = []
    while journal := Journal.objects.filter(
        key=_key_of_payment(withdrawal, len(found) + 1)
    ).first():
        found.append(journal)
    return found


def _save_paid(withdrawals: Sequence[Withdrawal], *, at: datetime) -> None:
    rows = [{"id": one.pk, "reference": one.provider_reference} for one in withdrawals]
    with connection.cursor() as cursor:
        cursor.execute(SAVE_PAID, [WithdrawalStatus.PAID, at, at, json.dumps(rows)])


def _pay_outs(withdrawals: Sequence[Withdrawal]) -> list[PayOut]:
    return [
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
        for withdrawal, (available, outside, fees) in zip(
            withdrawals, _accounts(withdrawals), strict=True
        )
    ]


def _accounts(withdrawals: Sequence[Withdrawal]) -> list[tuple[int, int, int]]:
    """Where the money comes from, where it goes, and the fees, of each."""
    specs = [
        (
            source_of(withdrawal),
            AccountSpec(f"provider:{withdrawal.rail}", AccountKind.OUTSIDE, withdrawal.currency),
            AccountSpec("platform", AccountKind.FEES, withdrawal.currency),
        )
        for withdrawal in withdrawals
    ]
    ids = ledger.open_accounts(list(dict.fromkeys(chain.from_iterable(specs))))
    return [(ids[available], ids[outside], ids[fees]) for available, outside, fees in specs]
