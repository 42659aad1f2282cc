"""The reads of the REST door: payments, methods, balances and statements of one user."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, TypedDict, Unpack
from uuid import UUID

from djmoney.money import Money

from accounts.models import User
from common.models import LockableQuerySet, PublicIdModel
from common.money import from_minor, zero
from gigs.models import Milestone
from invoicing.models import Invoice
from wallets import selectors
from wallets.enums import AccountKind, JournalKind
from wallets.models import Clearing, Payment, PaymentMethod, TakeBack, Withdrawal
from wallets.selectors import (
    StatementLine,
    balances_at,
    invoices_of,
    statement_page,
    statement_page_after,
    wallet_balances,
)

ABOUT_WITHDRAWAL: Final = "withdrawal"
KINDS: Final = {
    JournalKind.SETTLEMENT: "milestone_payment",
    JournalKind.CLEARING: "clearing",
    JournalKind.WITHDRAWAL: "withdrawal",
    JournalKind.REVERSAL: "reversal",
    JournalKind.FUNDING: "funding",
    JournalKind.TOP_UP: "top_up",
    JournalKind.RELEASE: "release",
    JournalKind.TAKE_BACK: "take_back",
    JournalKind.CREDIT_NOTE: "credit_note",
    JournalKind.DEBT_PAYMENT: "debt_payment",
    JournalKind.ADDITION: "addition",
    JournalKind.PART_PAYMENT: "part_payment",
    JournalKind.PART_RETURN: "part_return",
}
"""What the statement calls each movement."""


@dataclass(frozen=True, slots=True)
class WalletRow:
    """A user's money in one currency."""

    currency: str
    available: Money
    pending: Money
    held: Money
    debt: Money
    withdrawn: Money
    lifetime_earnings: Money


@dataclass(frozen=True, slots=True)
class StatementRow:
    """One movement, and the invoice and milestone that it is about."""

    public_id: str
    place: int
    kind: str
    amount: Money
    balance_after: Money
    invoice_number: str | None
    milestone_id: str | None
    withdrawal_id: str | None
    payment_id: str | None
    created_at: datetime
    line: int


@dataclass(frozen=True, slots=True)
class StatementPlace:
    """Where a page of the statement lies."""

    is_after: bool
    place: int | None


@dataclass(frozen=True, slots=True)
class PastRow:
    """A user's money in one currency at a moment."""

    currency: str
    available: Money
    pending: Money


def past_wallet_of(user: User, *, at: datetime) -> list[PastRow]:
    """What the user's wallet had at that moment."""
    return [
        PastRow(
            currency=balance.currency,
            available=from_minor(balance.available, balance.currency),
            pending=from_minor(balance.pending, balance.currency),
        )
        for balance in balances_at(user.pk, at=at)
    ]


class PaymentQuery(TypedDict, total=False):
    status: str
    invoice_id: UUID


def payments_for(user: User, **query: Unpack[PaymentQuery]) -> LockableQuerySet[Payment]:
    """The payments that the user made."""
    payments = Payment.objects.filter(payer=user).select_related("invoice", "project", "method")
    if "status" in query:
        payments = payments.filter(status=query["status"])
    if "invoice_id" in query:
        payments = payments.filter(invoice__uuid=query["invoice_id"])
    return payments


def methods_for(user: User) -> LockableQuerySet[PaymentMethod]:
    """The methods that the user has stored."""
    return PaymentMethod.objects.of(user)


def clearings_for(user: User, *, currency: str | None = None) -> LockableQuerySet[Clearing]:
    """What the user has earned and cannot spend yet."""
    rows = selectors.clearings_for(user)
    return rows if currency is None else rows.filter(currency=currency)


def wallet_of(user: User) -> list[WalletRow]:
    """The user's balances, at least one of nothing in the user's own currency."""
    rows = [
        WalletRow(
            currency=balance.currency,
            available=from_minor(balance.available, balance.currency),
            pending=from_minor(balance.pending, balance.currency),
            held=from_minor(balance.held, balance.currency),
            debt=from_minor(balance.debt, balance.currency),
            withdrawn=from_minor(balance.withdrawn, balance.currency),
            lifetime_earnings=from_minor(balance.lifetime_earnings, balance.currency),
        )
        for balance in wallet_balances(user.pk)
    ]
    if rows:
        return rows
    nothing = zero(user.currency)
    return [WalletRow(user.currency, *[nothing] * 6)]


def statement_rows(
    user: User,
    *,
    page: StatementPlace,
    currency: str | None,
    until: datetime | None,
    limit: int,
    kind: AccountKind = AccountKind.AVAILABLE,
) -> list[StatementRow]:
    """Lines older than the place, or newer, newest first; with `until`, those posted by then."""
    if page.is_after and page.place is not None:
        lines = statement_page_after(
            user_id=user.pk,
            currency=currency,
            after=page.place,
            limit=limit,
            until=until,
            kind=kind,
        )
    else:
        lines = statement_page(
            user_id=user.pk,
            currency=currency,
            before=page.place,
            limit=limit,
            until=until,
            kind=kind,
        )
    invoices = invoices_of(lines)
    withdrawals = _withdrawals_of(lines)
    about = _about_credit(lines, withdrawals) if kind == AccountKind.CREDIT else {}
    return [_row(line, invoices, withdrawals, about) for line in lines]


Named = dict[tuple[str, int], PublicIdModel]
"""What lines are about, by type and primary key."""


def _about_credit(lines: Sequence[StatementLine], withdrawals: dict[int, Withdrawal]) -> Named:
    """The payments and milestones that movements on credit are about."""
    ids: dict[str, set[int]] = {}
    for line in lines:
        ids.setdefault(line.about_type, set()).add(line.about_id)
    payments = Payment.objects.in_bulk(ids.get("payment", ()))
    milestones = Milestone.objects.in_bulk(ids.get("milestone", ()))
    taken = TakeBack.objects.select_related("payment").in_bulk(ids.get("take_back", ()))
    named: Named = {("payment", pk): row for pk, row in payments.items()}
    named |= {("milestone", pk): row for pk, row in milestones.items()}
    named |= {("take_back", pk): row.payment for pk, row in taken.items()}
    named |= {(ABOUT_WITHDRAWAL, pk): row.payment for pk, row in withdrawals.items() if row.payment}
    return named


def _withdrawals_of(lines: Sequence[StatementLine]) -> dict[int, Withdrawal]:
    ids = {line.about_id for line in lines if line.about_type == ABOUT_WITHDRAWAL}
    return Withdrawal.objects.select_related("payment").in_bulk(ids)


def _row(
    line: StatementLine,
    invoices: dict[int, Invoice],
    withdrawals: dict[int, Withdrawal],
    about: Named,
) -> StatementRow:
    invoice = invoices.get(line.journal_id)
    withdrawal = withdrawals.get(line.about_id) if line.about_type == ABOUT_WITHDRAWAL else None
    named = about.get((line.about_type, line.about_id))
    return StatementRow(
        public_id=f"txn_{line.hash.hex()[:32]}",
        place=line.journal_id,
        kind=KINDS[line.kind],
        amount=from_minor(line.amount, line.currency),
        balance_after=from_minor(line.balance_after, line.currency),
        invoice_number=invoice.number if invoice else None,
        milestone_id=_milestone_id(invoice, named),
        withdrawal_id=withdrawal.public_id if withdrawal else None,
        payment_id=named.public_id if isinstance(named, Payment) else None,
        created_at=line.posted_at,
        line=line.seq,
    )


def _milestone_id(invoice: Invoice | None, named: PublicIdModel | None) -> str | None:
    if isinstance(named, Milestone):
        return named.public_id
    return invoice.milestone.public_id if invoice and invoice.milestone else None
