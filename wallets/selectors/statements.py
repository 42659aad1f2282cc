"""Statements as people read them: each line with the invoice that it is about."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from djmoney.money import Money

from common.money import from_minor
from invoicing.models import Invoice
from wallets.enums import AccountKind, JournalKind
from wallets.models import Payment, Withdrawal
from wallets.selectors.ledger import (
    StatementLine,
    balances_at,
    statement_page,
    wallet_balances,
)

PAGE_SIZE: Final = 25
CHUNK_SIZE: Final = 500
LABELS: Final[dict[JournalKind, str]] = {
    JournalKind.SETTLEMENT: "Milestone payment",
    JournalKind.CLEARING: "Milestone payment cleared",
    JournalKind.WITHDRAWAL: "Withdrawal",
    JournalKind.REVERSAL: "Reversal",
    JournalKind.FUNDING: "Milestones funded",
    JournalKind.TOP_UP: "Payment received",
    JournalKind.RELEASE: "Funds released",
    JournalKind.TAKE_BACK: "Taken back",
    JournalKind.CREDIT_NOTE: "Credit note",
    JournalKind.DEBT_PAYMENT: "Debt paid",
    JournalKind.ADDITION: "More set aside",
    JournalKind.PART_PAYMENT: "Paid in part",
    JournalKind.PART_RETURN: "Part payment taken back",
}


OF_PARTS: Final = (JournalKind.PART_PAYMENT, JournalKind.PART_RETURN)
LABELS_OF_MONEY_OUT: Final[dict[JournalKind, tuple[str, str]]] = {
    JournalKind.WITHDRAWAL: ("Withdrawal", "Transferred back"),
    JournalKind.REVERSAL: ("Withdrawal returned", "Transfer back returned"),
}
"""What withdrawals are called on the statement of a wallet, and on one of credit."""


@dataclass(frozen=True, slots=True)
class StatementRow:
    """A movement of money, what the wallet had afterwards, and the work that it pays for."""

    place: int
    posted_at: datetime
    label: str
    amount: Money
    balance_after: Money
    invoice: Invoice | None
    line: int
    withdrawal: Withdrawal | None

    @property
    def is_arriving(self) -> bool:
        return bool(self.amount.amount > 0)


@dataclass(frozen=True, slots=True)
class StatementPage:
    """Lines of one currency, newest first; `older` is the place before which the next ones lie."""

    rows: list[StatementRow]
    older: int | None
    is_newest: bool


def wallet_currency(user_id: int, *, asked: str, preferred: str) -> str:
    """The currency to show: the one asked for if the wallet has it, else a sensible one."""
    held = [balance.currency for balance in wallet_balances(user_id)]
    for currency in (asked, preferred):
        if currency in held:
            return currency
    return held[0] if held else preferred


def statement(
    user_id: int,
    *,
    currency: str,
    before: int | None = None,
    until: datetime | None = None,
    size: int = PAGE_SIZE,
    kind: AccountKind = AccountKind.AVAILABLE,
) -> StatementPage:
    """One page of the statement, in as many queries however long the history is."""
    lines = statement_page(
        user_id=user_id, currency=currency, before=before, limit=size + 1, until=until, kind=kind
    )
    rows = _rows(lines[:size])
    return StatementPage(
        rows=rows,
        older=rows[-1].place if len(lines) > size else None,
        is_newest=before is None,
    )


@dataclass(frozen=True, slots=True)
class PastMoney:
    """What the wallet had at a moment, in one currency."""

    available: Money
    pending: Money


def past_money(user_id: int, *, currency: str, at: datetime) -> PastMoney:
    """The wallet in one currency as it was; nothing before its first movement."""
    found = [row for row in balances_at(user_id, at=at) if row.currency == currency]
    available, pending = (found[0].available, found[0].pending) if found else (0, 0)
    return PastMoney(from_minor(available, currency), from_minor(pending, currency))


def statement_rows(user_id: int, *, currency: str) -> Iterator[StatementRow]:
    """The whole statement, newest first, read in chunks."""
    before: int | None = None
    while lines := statement_page(
        user_id=user_id, currency=currency, before=before, limit=CHUNK_SIZE
    ):
        yield from _rows(lines)
        before = lines[-1].journal_id


def _rows(lines: Sequence[StatementLine]) -> list[StatementRow]:
    invoices = invoices_of(lines)
    withdrawals = (
        Withdrawal.objects.filter(
            pk__in=[line.about_id for line in lines if line.about_type == "withdrawal"]
        )
        .select_related("method")
        .in_bulk()
    )
    return [
        StatementRow(
            place=line.journal_id,
            posted_at=line.posted_at,
            label=_label(line, withdrawals),
            amount=from_minor(line.amount, line.currency),
            balance_after=from_minor(line.balance_after, line.currency),
            invoice=invoices.get(line.journal_id),
            line=line.seq,
            withdrawal=(
                withdrawals.get(line.about_id) if line.about_type == "withdrawal" else None
            ),
        )
        for line in lines
    ]


def invoices_of(lines: Sequence[StatementLine]) -> dict[int, Invoice]:
    """The invoices that lines are about, a part of one included, by the journals of the lines."""
    paid = [line.about_id for line in lines if line.kind in OF_PARTS]
    parts = dict(Payment.objects.filter(pk__in=paid).values_list("pk", "invoice"))
    about = {
        line.journal_id: parts[line.about_id] if line.kind in OF_PARTS else line.about_id
        for line in lines
        if line.kind in OF_PARTS or line.about_type == "invoice"
    }
    found = Invoice.objects.select_related("project", "milestone").in_bulk(about.values())
    return {journal: found[pk] for journal, pk in about.items() if pk in found}


def _label(line: StatementLine, withdrawals: Mapping[int, Withdrawal]) -> str:
    if line.about_type != "withdrawal" or line.kind not in LABELS_OF_MONEY_OUT:
        return LABELS[line.kind]
    of_wallet, of_credit = LABELS_OF_MONEY_OUT[line.kind]
    return of_wallet if withdrawals[line.about_id].payment_id is None else of_credit
