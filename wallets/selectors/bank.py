"""The bank's statements beside the ledger, and withdrawals that a line could be about."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from django.db import connection
from django.db.models import Exists, F, OuterRef, Q
from djmoney.money import Money

from common.money import decimal_of, from_minor
from invoicing.enums import PAYABLE
from invoicing.models import Invoice
from wallets.enums import BankMatchKind, BankMatchStatus, PaymentSource, Rail, WithdrawalStatus
from wallets.models import BankMatch, BankStatementLine, Withdrawal
from wallets.models.bank import LIVE

LOOKED_AT: Final = 500
SHOWN: Final = 20
SHORTEST_NAME: Final = 3
BOOKS: Final = """
WITH said AS (
  SELECT s.account_id,
    (array_agg(s.closing_minor ORDER BY s.to_on DESC, s.id DESC))[1] AS closing,
    (array_agg(s.opening_minor ORDER BY s.from_on, s.id))[1] AS opening,
    max(s.to_on) AS until
  FROM wallets_bankstatement s GROUP BY s.account_id
), line AS (
  SELECT l.account_id, l.amount_minor, m.kind, m.amount, m.difference
  FROM wallets_bankstatementline l
  LEFT JOIN (
    SELECT line_id, min(kind) AS kind, sum(amount_minor) AS amount,
      sum(difference_minor) AS difference
    FROM wallets_bankmatch WHERE status = 'done' GROUP BY line_id
  ) m ON m.line_id = l.id
), summed AS (
  SELECT account_id, sum(amount_minor) AS moved,
    coalesce(sum(amount) FILTER (WHERE kind <> 'not_ours'), 0) AS matched,
    coalesce(sum(difference), 0) AS difference,
    coalesce(sum(amount) FILTER (WHERE kind = 'not_ours'), 0) AS aside,
    coalesce(sum(amount_minor) FILTER (WHERE kind IS NULL), 0) AS unmatched,
    count(*) FILTER (WHERE kind IS NULL) AS unmatched_count
  FROM line GROUP BY account_id
)
SELECT a.iban, a.currency, said.until, said.closing,
  said.closing - said.opening - coalesce(summed.moved, 0),
  coalesce(summed.matched, 0), coalesce(summed.difference, 0), coalesce(summed.aside, 0),
  coalesce(summed.unmatched, 0), coalesce(summed.unmatched_count, 0)
FROM wallets_bankaccount a
JOIN said ON said.account_id = a.id
LEFT JOIN summed ON summed.account_id = a.id
ORDER BY a.iban, a.currency
"""
LEDGER: Final = """
SELECT a.currency, -sum(b.posted)::bigint
FROM wallets_account a JOIN wallets_balance b ON b.account_id = a.id
WHERE a.owner = ANY(%s) AND a.kind = 'outside'
GROUP BY a.currency
"""
POSSIBLE: Final = [
    WithdrawalStatus.SENDING,
    WithdrawalStatus.UNCERTAIN,
    WithdrawalStatus.PAID,
    WithdrawalStatus.RETURNED,
]
OUTSIDE: Final = [f"provider:{Rail.BANK_FILE.value}", f"provider:{PaymentSource.BANK.value}"]


@dataclass(frozen=True, slots=True)
class BankBook:
    """One account as its statements say, and what of it is explained."""

    iban: str
    currency: str
    until: date
    closing: Money
    missing: Money
    matched: Money
    difference: Money
    aside: Money
    unmatched: Money
    unmatched_count: int


@dataclass(frozen=True, slots=True)
class BankLedger:
    """What the ledger moved through banks in one currency, and what of it stands on statements."""

    currency: str
    posted: Money
    matched: Money

    @property
    def difference(self) -> Money:
        return self.posted - self.matched


@dataclass(frozen=True, slots=True)
class Candidate:
    """A withdrawal that a line could be about, and what speaks for it."""

    withdrawal: Withdrawal
    net: Money
    because: str


@dataclass(frozen=True, slots=True)
class InvoiceCandidate:
    """An open invoice that money in could be for, and what speaks for it."""

    invoice: Invoice
    because: str


def bank_books() -> list[BankBook]:
    """Each account with statements: where it stands, and what nobody has explained."""
    with connection.cursor() as cursor:
        cursor.execute(BOOKS)
        rows = cursor.fetchall()
    return [_book(row) for row in rows]


def _book(row: tuple[Any, ...]) -> BankBook:
    iban, currency, until, *amounts, count = row
    closing, missing, matched, difference, aside, unmatched = (
        from_minor(int(minor), currency) for minor in amounts
    )
    return BankBook(
        iban=iban,
        currency=currency,
        until=until,
        closing=closing,
        missing=missing,
        matched=matched,
        difference=difference,
        aside=aside,
        unmatched=unmatched,
        unmatched_count=count,
    )


def bank_ledger(books: Sequence[BankBook]) -> list[BankLedger]:
    """The ledger beside those books, by currency."""
    with connection.cursor() as cursor:
        cursor.execute(LEDGER, [OUTSIDE])
        posted: dict[str, int] = dict(cursor.fetchall())
    found = []
    for currency in sorted({*posted, *(book.currency for book in books)}):
        matched = from_minor(0, currency)
        for book in books:
            if book.currency == currency:
                matched += book.matched
        found.append(BankLedger(currency, from_minor(posted.get(currency, 0), currency), matched))
    return found


def bank_lines_unmatched() -> int:
    """How many lines wait for staff to say what they are, or to confirm it."""
    decided = BankMatch.objects.filter(line=OuterRef("pk"), status=BankMatchStatus.DONE)
    return BankStatementLine.objects.filter(~Exists(decided)).count()


def match_candidates(line: BankStatementLine) -> list[Candidate]:
    """Withdrawals by bank file that the line could be about, the likeliest first."""
    kind = BankMatchKind.PAID if line.is_out else BankMatchKind.RETURNED
    states = [*POSSIBLE, *([WithdrawalStatus.APPROVED] if line.is_out else [])]
    matched = BankMatch.objects.filter(kind=kind, status__in=LIVE, withdrawal__isnull=False).values(
        "withdrawal"
    )
    rows = (
        Withdrawal.objects.filter(
            rail=Rail.BANK_FILE,
            currency=line.account.currency,
            status__in=states,
        )
        .exclude(pk__in=matched)
        .select_related("user", "method")
        .order_by("-requested_at", "-pk")[:LOOKED_AT]
    )
    found = []
    for withdrawal in rows:
        because = _because(line, withdrawal)
        if because:
            net = from_minor(withdrawal.net_minor, withdrawal.currency)
            found.append((len(because), Candidate(withdrawal, net, ", ".join(because))))
    found.sort(key=lambda pair: -pair[0])
    return [candidate for _, candidate in found[:SHOWN]]


def invoice_candidates(line: BankStatementLine) -> list[InvoiceCandidate]:
    """Open invoices that money in could be for, the likeliest first."""
    if line.is_out:
        return []
    amount = decimal_of(line.amount_minor, line.account.currency)
    rows = (
        Invoice.objects.filter(currency=line.account.currency, status__in=PAYABLE)
        .select_related("buyer")
        .annotate(is_equal=Q(total=F("credited") + F("credited_tax") + F("part_paid") + amount))
        .order_by("-is_equal", "-pk")[:LOOKED_AT]
    )
    found = []
    for invoice in rows:
        because = ["same amount"] if invoice.due.amount == amount else []
        if _names(line.name) & (_names(invoice.buyer.name) | _names(invoice.buyer_copy["name"])):
            because.append("similar name")
        if because:
            found.append((len(because), InvoiceCandidate(invoice, ", ".join(because))))
    found.sort(key=lambda pair: -pair[0])
    return [candidate for _, candidate in found[:SHOWN]]


def _because(line: BankStatementLine, withdrawal: Withdrawal) -> list[str]:
    because = []
    if abs(line.amount_minor) == withdrawal.net_minor:
        because.append("same amount")
    if line.counterparty and withdrawal.method.label.endswith(line.counterparty):
        because.append("same account")
    if _names(line.name) & _names(withdrawal.method.holder):
        because.append("similar name")
    if withdrawal.uuid.hex in "".join(f"{line.end_to_end_id} {line.text}".lower().split()):
        because.append("its identifier")
    return because


def _names(text: str) -> set[str]:
    return {word for word in text.casefold().split() if len(word) >= SHORTEST_NAME}
