"""The only writer of the ledger: typed faces of the posting functions in sql/0001_posting.sql.

Amounts are minor units. A service takes its own locks first (docs/money.md has the order) and makes
one call here in its transaction; several settlements are one `settle_batch`. A repeated call with
the same key and content returns the first journal; with other content it is refused.
"""

import json
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Final, NamedTuple, NoReturn

from django.db import IntegrityError
from psycopg import errors

from common.arrays import bigints, texts
from common.database import fetch_rows
from common.exceptions import DomainError
from wallets.enums import AccountKind, JournalKind
from wallets.exceptions import AlreadyReversed, InsufficientFunds, JournalKeyReused

REFUSALS: Final[dict[str, type[DomainError]]] = {
    "wallets_balance_not_below_floor": InsufficientFunds,
    "wallets_journal_key_means_one_thing": JournalKeyReused,
    "wallets_journal_reversed_once": AlreadyReversed,
}
OPEN_ACCOUNTS: Final = "SELECT wallets_open_accounts(%s::text[], %s::text[], %s::text[])"
POST: Final = (
    "SELECT * FROM wallets_post("
    "%s, %s, %s, %s, %s::bigint[], %s::bigint[], %s::bigint[], %s::bigint)"
)
LOCK: Final = "SELECT * FROM wallets_lock(%s::bigint[])"
POST_MANY: Final = "SELECT * FROM wallets_post_many(%s::jsonb)"
RESERVE: Final = "SELECT wallets_reserve(%s, %s)"
PAY_OUT: Final = """
SELECT p.v_id, p.v_posted_at, p.v_replayed
FROM jsonb_array_elements(%s::jsonb) WITH ORDINALITY entry (paid, place)
CROSS JOIN LATERAL jsonb_to_record(paid) AS o (
  key text, about_type text, about_id bigint, available_account bigint, outside_account bigint,
  fee_account bigint, net bigint, fee bigint
)
CROSS JOIN LATERAL wallets_pay_out(
  o.key, o.about_type, o.about_id, o.available_account, o.outside_account, o.fee_account,
  o.net, o.fee
) p
ORDER BY place
"""
SETTLE: Final = "SELECT * FROM wallets_settle(%s, %s, %s, %s, %s, %s, %s, %s, %s, %s)"
SETTLE_BATCH: Final = (
    "SELECT * FROM wallets_settle_batch(%s::text[], %s,"
    " %s::bigint[], %s::bigint[], %s::bigint[],"
    " %s::bigint[], %s::bigint[], %s::bigint[], %s::bigint[], %s::bigint[])"
)


class AccountSpec(NamedTuple):
    """An account by what it is. The owner is `user:<id>`, `milestone:<id>`, `provider:<name>` or
    `platform`; which kinds an owner may have, and their floors, are the database's to say.
    """

    owner: str
    kind: AccountKind
    currency: str


@dataclass(frozen=True, slots=True)
class Leg:
    """What one account gains (or loses), and how its lifetime earnings move with it.

    These may move alone, where what was earned on one account is taken back from another.
    """

    account: int
    amount: int
    lifetime: int = 0


@dataclass(frozen=True, slots=True)
class JournalDraft:
    """A movement of money to post: its natural key, what it is about, one leg per account."""

    kind: JournalKind
    key: str
    about_type: str
    about_id: int
    legs: tuple[Leg, ...]
    reverses: int | None = None

    def __post_init__(self) -> None:
        if len({leg.account for leg in self.legs}) != len(self.legs):
            raise ValueError(f"{self.key} has two legs on one account")
        if not self.legs or not all(leg.amount or leg.lifetime for leg in self.legs):
            raise ValueError(f"{self.key} has an empty leg")


@dataclass(frozen=True, slots=True)
class Settlement:
    """One invoice's money: source -total, available +net (with the tax in it), fees +fee.

    The source is a provider's outside account, a milestone's held one or the buyer's credit.
    """

    key: str
    about_type: str
    about_id: int
    source_account: int
    available_account: int
    fee_account: int
    total: int
    net: int
    fee: int
    lifetime: int

    def __post_init__(self) -> None:
        if self.total <= 0 or self.net < 0 or self.fee < 0 or self.net + self.fee != self.total:
            raise ValueError(f"net {self.net} and fee {self.fee} do not make {self.total}")
        if not 0 <= self.lifetime <= self.net:
            raise ValueError(f"lifetime {self.lifetime} is not part of net {self.net}")


@dataclass(frozen=True, slots=True)
class PayOut:
    """Reserved money that leaves a wallet: available -(net + fee), outside +net, fees +fee."""

    key: str
    about_type: str
    about_id: int
    available_account: int
    outside_account: int
    fee_account: int
    net: int
    fee: int

    def __post_init__(self) -> None:
        if self.net <= 0 or self.fee < 0:
            raise ValueError(f"nobody can be paid {self.net} for a fee of {self.fee}")


@dataclass(frozen=True, slots=True)
class Posted:
    """A journal in the ledger; `replayed` when an earlier call had posted it."""

    journal_id: int
    key: str
    posted_at: datetime
    replayed: bool


def open_accounts(specs: Sequence[AccountSpec]) -> dict[AccountSpec, int]:
    """The accounts' ids. Those that do not exist are opened with all their balance rows."""
    rows = call(
        OPEN_ACCOUNTS,
        texts([spec.owner for spec in specs]),
        texts([spec.kind.value for spec in specs]),
        texts([spec.currency for spec in specs]),
    )
    return dict(zip(specs, (account_id for (account_id,) in rows), strict=True))


def lock(accounts: Collection[int]) -> dict[int, int]:
    """What each of these ordinary accounts can give, kept so until the transaction ends.

    The balance less what is reserved of it; below zero for a debt. Of hot accounts this backend's
    shard is locked, after all ordinary ones.
    """
    return dict(call(LOCK, bigints(sorted(accounts))))


def post(draft: JournalDraft) -> Posted:
    """Write one journal of any shape.

    InsufficientFunds, JournalKeyReused, AlreadyReversed.
    """
    ((journal_id, posted_at, replayed),) = call(
        POST,
        draft.kind.value,
        draft.key,
        draft.about_type,
        draft.about_id,
        bigints(leg.account for leg in draft.legs),
        bigints(leg.amount for leg in draft.legs),
        bigints(leg.lifetime for leg in draft.legs),
        draft.reverses,
    )
    return Posted(journal_id, draft.key, posted_at, replayed)


def post_many(drafts: Sequence[JournalDraft]) -> list[Posted]:
    """Write several journals of any shape in one transaction, all or none, in their order.

    All their balances are locked before the first is written, as one `post` after another could
    not do. InsufficientFunds, JournalKeyReused, AlreadyReversed.
    """
    if not drafts:
        return []
    rows = call(POST_MANY, json.dumps([asdict(draft) for draft in drafts]))
    return [
        Posted(journal_id, draft.key, posted_at, replayed)
        for draft, (journal_id, posted_at, replayed) in zip(drafts, rows, strict=True)
    ]


def reserve(*, account: int, amount: int) -> None:
    """Keep back an amount of an account, in the transaction of the row that says why.

    The amount can be spent by nothing else until `release` or `pay_out`. InsufficientFunds.
    """
    if amount <= 0:
        raise ValueError(f"{amount} cannot be reserved")
    call(RESERVE, account, amount)


def release(*, account: int, amount: int) -> None:
    """Give back what `reserve` kept, in the transaction that ends its reason."""
    if amount <= 0:
        raise ValueError(f"{amount} cannot be released")
    call(RESERVE, account, -amount)


def pay_out(paid: PayOut) -> Posted:
    """Write the journal of one withdrawal and end its reservation, once. JournalKeyReused."""
    return pay_out_many([paid])[0]


def pay_out_many(paid: Sequence[PayOut]) -> list[Posted]:
    """`pay_out` for several withdrawals in one transaction, all or none, in their order."""
    if not paid:
        return []
    if len(paid) > 1:
        lock(
            {
                account
                for one in paid
                for account in (one.available_account, one.outside_account, one.fee_account)
            }
        )
    rows = call(PAY_OUT, json.dumps([asdict(one) for one in paid]))
    return [
        Posted(journal_id, one.key, posted_at, replayed)
        for one, (journal_id, posted_at, replayed) in zip(paid, rows, strict=True)
    ]


def settle(settlement: Settlement) -> Posted:
    """Write one settlement in one round trip. InsufficientFunds, JournalKeyReused."""
    ((journal_id, posted_at, replayed),) = call(
        SETTLE,
        settlement.key,
        settlement.about_type,
        settlement.about_id,
        settlement.source_account,
        settlement.available_account,
        settlement.fee_account,
        settlement.total,
        settlement.net,
        settlement.fee,
        settlement.lifetime,
    )
    return Posted(journal_id, settlement.key, posted_at, replayed)


def settle_batch(settlements: Sequence[Settlement]) -> list[Posted]:
    """Write many settlements as one set, all or none, in their order; up to 1,000 at a time.

    All are about rows of one type. InsufficientFunds, JournalKeyReused.
    """
    if not settlements:
        return []
    about_types = {settlement.about_type for settlement in settlements}
    if len(about_types) > 1:
        raise ValueError("a batch is about rows of one type")
    rows = call(
        SETTLE_BATCH,
        texts([settlement.key for settlement in settlements]),
        about_types.pop(),
        bigints(settlement.about_id for settlement in settlements),
        bigints(settlement.source_account for settlement in settlements),
        bigints(settlement.available_account for settlement in settlements),
        bigints(settlement.fee_account for settlement in settlements),
        bigints(settlement.total for settlement in settlements),
        bigints(settlement.net for settlement in settlements),
        bigints(settlement.fee for settlement in settlements),
        bigints(settlement.lifetime for settlement in settlements),
    )
    return [
        Posted(journal_id, settlement.key, posted_at, replayed)
        for settlement, (journal_id, posted_at, replayed) in zip(settlements, rows, strict=True)
    ]


def call(statement: str, *arguments: Any) -> list[tuple[Any, ...]]:
    """Run a function that posts, and say what the constraints that it broke mean."""
    with refusals():
        return fetch_rows(statement, arguments)


@contextmanager
def refusals() -> Iterator[None]:
    """Say what constraints mean that a function which posts broke."""
    try:
        yield
    except IntegrityError as error:
        _refuse(error)


def _refuse(error: IntegrityError) -> NoReturn:
    """Raise what a broken constraint means to the caller; any other is a programming error."""
    cause = error.__cause__
    name = cause.diag.constraint_name if isinstance(cause, errors.IntegrityError) else None
    if name in REFUSALS:
        raise REFUSALS[name] from error
    raise error
