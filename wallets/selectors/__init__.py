"""Reads of money: one for each screen or endpoint."""

from wallets.selectors.bank import (
    BankBook,
    BankLedger,
    Candidate,
    bank_books,
    bank_ledger,
    match_candidates,
)
from wallets.selectors.clearing import ClearingRow, clearings_for, clearings_of
from wallets.selectors.credit import credit_balance
from wallets.selectors.dashboards import (
    CommissionerBoard,
    FreelancerBoard,
    MonthlyChart,
    commissioner_board,
    earnings_by_month,
    freelancer_board,
)
from wallets.selectors.ledger import (
    PastBalance,
    StatementLine,
    WalletBalance,
    balances_at,
    platform_fees_total,
    statement_page,
    statement_page_after,
    wallet_balances,
)
from wallets.selectors.payments import payment_methods_of, payments_of
from wallets.selectors.payouts import (
    holds_in_force,
    holds_of,
    payout_methods_of,
    withdrawals_of,
    withdrawals_page,
    withdrawals_under_way,
)
from wallets.selectors.proof import (
    AnchorPage,
    BooksStatus,
    anchors_after,
    anchors_page,
    books_status,
)
from wallets.selectors.statements import (
    PastMoney,
    StatementPage,
    StatementRow,
    past_money,
    statement,
    statement_rows,
    wallet_currency,
)

__all__ = [
    "AnchorPage",
    "BankBook",
    "BankLedger",
    "BooksStatus",
    "Candidate",
    "ClearingRow",
    "CommissionerBoard",
    "FreelancerBoard",
    "MonthlyChart",
    "PastBalance",
    "PastMoney",
    "StatementLine",
    "StatementPage",
    "StatementRow",
    "WalletBalance",
    "anchors_after",
    "anchors_page",
    "balances_at",
    "bank_books",
    "bank_ledger",
    "books_status",
    "clearings_for",
    "clearings_of",
    "commissioner_board",
    "credit_balance",
    "earnings_by_month",
    "freelancer_board",
    "holds_in_force",
    "holds_of",
    "match_candidates",
    "past_money",
    "payment_methods_of",
    "payments_of",
    "payout_methods_of",
    "platform_fees_total",
    "statement",
    "statement_page",
    "statement_page_after",
    "statement_rows",
    "wallet_balances",
    "wallet_currency",
    "withdrawals_of",
    "withdrawals_page",
    "withdrawals_under_way",
]
