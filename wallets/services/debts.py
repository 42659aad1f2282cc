"""What a user owes, after a credit note took back more than the wallet had: paid before all else."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from accounts import audit
from wallets import ledger
from wallets.enums import AccountKind, JournalKind
from wallets.ledger import AccountSpec, JournalDraft, Leg
from wallets.selectors import owing


@dataclass(frozen=True, slots=True)
class Arrived:
    """Money that has just become available to a user, and the event that brought it."""

    user_id: int
    currency: str
    key: str
    about_type: str
    about_id: int
    target: audit.Subject


def debts_pay(arrived: Sequence[Arrived], *, at: datetime) -> None:
    """Take what these users owe off what they have available, after it was posted.

    One journal each under the key debt:<event>, of their last one here. Looked up after the
    credit, under its locks: a note that makes a debt meanwhile waits for these and then finds the
    money. Nothing is written for those who owe nothing.
    """
    last = {(one.user_id, one.currency): one for one in arrived}
    owed = sorted(owing({user_id for user_id, _ in last}) & last.keys())
    if not owed:
        return
    specs = {pair: _accounts(*pair) for pair in owed}
    ids = ledger.open_accounts(sorted({spec for pair in specs.values() for spec in pair}))
    free = ledger.lock(list(ids.values()))
    drafts, records = [], []
    for pair in owed:
        one, (available, debt) = last[pair], (ids[spec] for spec in specs[pair])
        amount = min(free[available], -free[debt])
        if amount <= 0:
            continue
        legs = (Leg(available, -amount), Leg(debt, amount))
        key = f"debt:{one.key}"
        drafts.append(
            JournalDraft(JournalKind.DEBT_PAYMENT, key, one.about_type, one.about_id, legs)
        )
        records.append(
            audit.Record(
                event="debt.paid",
                target=one.target,
                before={"owed": -free[debt]},
                after={"owed": -free[debt] - amount, "currency": one.currency},
                journal_key=key,
            )
        )
    ledger.post_many(drafts)
    audit.record_many(records, by=None, at=at)


def _accounts(user_id: int, currency: str) -> tuple[AccountSpec, AccountSpec]:
    owner = f"user:{user_id}"
    return (
        AccountSpec(owner, AccountKind.AVAILABLE, currency),
        AccountSpec(owner, AccountKind.DEBT, currency),
    )
