"""The reads of the REST door: payments, methods, balances and statements of one user."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, TypedDict, Unpack
from uuid import UUID

from djmoney.money import Money

from accounts.models import User
from common.models import LockableQuerySet
from common.money import from_minor, zero
from invoicing.models import Invoice
from wallets.enums import JournalKind
from wallets.models import Payment, PaymentMethod
from wallets.selectors import (
    StatementLine,
    statement_page,
    statement_page_after,
    wallet_balances,
)

ABOUT_INVOICE: Final = "invoice"
KINDS: Final = {
    JournalKind.SETTLEMENT: "milestone_payment",
    JournalKind.WITHDRAWAL: "withdrawal",
    JournalKind.REVERSAL: "reversal",
    JournalKind.FUNDING: "funding",
    JournalKind.TOP_UP: "top_up",
    JournalKind.RELEASE: "release",
    JournalKind.TAKE_BACK: "take_back",
}
"""What the statement calls each movement."""


@dataclass(frozen=True, slots=True)
class WalletRow:
    """A user's money in one currency."""

    currency: str
    available: Money
    pending: Money
    held: Money
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
    created_at: datetime
    line: int


class PaymentQuery(TypedDict, total=False):
    status: str
    invoice_id: UUID


def payments_for(user: User, **query: Unpack[PaymentQuery]) -> LockableQuerySet[Payment]:
    """The payments that the user made."""
    payments = Payment.objects.filter(payer=user).select_related("invoice", "method")
    if "status" in query:
        payments = payments.filter(status=query["status"])
    if "invoice_id" in query:
        payments = payments.filter(invoice__uuid=query["invoice_id"])
    return payments


def methods_for(user: User) -> LockableQuerySet[PaymentMethod]:
    """The methods that the user has stored."""
    return PaymentMethod.objects.of(user)


def wallet_of(user: User) -> list[WalletRow]:
    """The user's balances, at least one of nothing in the user's own currency."""
    rows = [
        WalletRow(
            currency=balance.currency,
            available=from_minor(balance.available, balance.currency),
            pending=from_minor(balance.pending, balance.currency),
            held=from_minor(balance.held, balance.currency),
            withdrawn=from_minor(balance.withdrawn, balance.currency),
            lifetime_earnings=from_minor(balance.lifetime_earnings, balance.currency),
        )
        for balance in wallet_balances(user.pk)
    ]
    if rows:
        return rows
    nothing = zero(user.currency)
    return [WalletRow(user.currency, nothing, nothing, nothing, nothing, nothing)]


def statement_rows(
    user: User, *, currency: str | None, place: int | None, is_after: bool, limit: int
) -> list[StatementRow]:
    """Lines older than `place`, or newer, newest first."""
    if is_after and place is not None:
        lines = statement_page_after(user_id=user.pk, currency=currency, after=place, limit=limit)
    else:
        lines = statement_page(user_id=user.pk, currency=currency, before=place, limit=limit)
    invoices = _invoices_of(lines)
    return [_row(line, invoices.get(line.about_id)) for line in lines]


def _invoices_of(lines: Sequence[StatementLine]) -> dict[int, Invoice]:
    ids = {line.about_id for line in lines if line.about_type == ABOUT_INVOICE}
    return Invoice.objects.select_related("milestone").in_bulk(ids)


def _row(line: StatementLine, invoice: Invoice | None) -> StatementRow:
    is_invoice = line.about_type == ABOUT_INVOICE and invoice is not None
    return StatementRow(
        public_id=f"txn_{line.hash.hex()[:32]}",
        place=line.journal_id,
        kind=KINDS[line.kind],
        amount=from_minor(line.amount, line.currency),
        balance_after=from_minor(line.balance_after, line.currency),
        invoice_number=invoice.number if is_invoice and invoice else None,
        milestone_id=invoice.milestone.public_id if is_invoice and invoice else None,
        created_at=line.posted_at,
        line=line.seq,
    )
