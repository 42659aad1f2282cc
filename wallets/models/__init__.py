"""The ledger's rows, and payments."""

from wallets.models.bank import BankAccount, BankMatch, BankStatement, BankStatementLine
from wallets.models.clearing import Clearing
from wallets.models.credit_requests import CreditRequest
from wallets.models.holds import Hold
from wallets.models.ledger import Account, Balance, Entry, Journal
from wallets.models.payments import (
    Addition,
    MilestoneFunding,
    Payment,
    PaymentMethod,
    Release,
    SandboxCharge,
)
from wallets.models.payouts import PayoutBatch, PayoutMethod, ProviderEvent, Withdrawal
from wallets.models.proof import Anchor, AnchoredHead, Checkpoint, VerificationRun
from wallets.models.take_backs import SandboxRefund, TakeBack

__all__ = [
    "Account",
    "Addition",
    "Anchor",
    "AnchoredHead",
    "Balance",
    "BankAccount",
    "BankMatch",
    "BankStatement",
    "BankStatementLine",
    "Checkpoint",
    "Clearing",
    "CreditRequest",
    "Entry",
    "Hold",
    "Journal",
    "MilestoneFunding",
    "Payment",
    "PaymentMethod",
    "PayoutBatch",
    "PayoutMethod",
    "ProviderEvent",
    "Release",
    "SandboxCharge",
    "SandboxRefund",
    "TakeBack",
    "VerificationRun",
    "Withdrawal",
]
