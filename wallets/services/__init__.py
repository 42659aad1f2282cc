"""Payments, settlement and payment methods."""

from wallets.services.automatic import automatic_begin, automatic_conclude
from wallets.services.methods import (
    payment_method_add,
    payment_method_make_default,
    payment_method_remove,
)
from wallets.services.payments import (
    MethodChoice,
    payment_ask,
    payment_begin,
    payment_conclude,
    payments_conclude,
)
from wallets.services.payout_methods import (
    BankDetails,
    payout_method_add,
    payout_method_remove,
)
from wallets.services.previews import Preview, approval_preview, payment_preview
from wallets.services.verification import verification_request

__all__ = [
    "BankDetails",
    "MethodChoice",
    "Preview",
    "approval_preview",
    "automatic_begin",
    "automatic_conclude",
    "payment_ask",
    "payment_begin",
    "payment_conclude",
    "payment_method_add",
    "payment_method_make_default",
    "payment_method_remove",
    "payment_preview",
    "payments_conclude",
    "payout_method_add",
    "payout_method_remove",
    "verification_request",
]
