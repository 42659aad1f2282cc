"""The proof of the books: what `verify_money` checks, everything or since the last green run."""

from wallets.integrity.checks import SHOWN, Check, Difference, checks, recent_checks
from wallets.integrity.proof import Head, Proof, differences, prove, prove_recent
from wallets.integrity.receipts import receipt_of
from wallets.integrity.snapshot import snapshot

__all__ = [
    "SHOWN",
    "Check",
    "Difference",
    "Head",
    "Proof",
    "checks",
    "differences",
    "prove",
    "prove_recent",
    "receipt_of",
    "recent_checks",
    "snapshot",
]
