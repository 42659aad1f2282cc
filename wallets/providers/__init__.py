"""Who moves money in: one module each behind one protocol."""

from django.conf import settings

from wallets.enums import Provider, Rail
from wallets.exceptions import PaymentMethodUnknown, WithdrawalsClosed
from wallets.providers.payouts import PayoutAnswer, PayoutOrder, PayoutProvider
from wallets.providers.protocol import (
    Answer,
    Charge,
    PaymentProvider,
    ProviderTimeout,
    ProviderUnreachable,
    Refund,
)
from wallets.providers.sandbox import SandboxProvider
from wallets.providers.sandbox_payouts import SandboxPayouts

__all__ = [
    "Answer",
    "Charge",
    "PaymentProvider",
    "PayoutAnswer",
    "PayoutOrder",
    "PayoutProvider",
    "ProviderTimeout",
    "ProviderUnreachable",
    "Refund",
    "payout_provider_of",
    "provider_of",
]


def provider_of(name: str) -> PaymentProvider:
    """The provider of that name. PaymentMethodUnknown when it is not switched on."""
    if name == Provider.SANDBOX and settings.SANDBOX_PROVIDER:
        return SandboxProvider()
    raise PaymentMethodUnknown(f"The payment provider {name} is not available.")


def payout_provider_of(rail: str) -> PayoutProvider:
    """Who pays out on that rail. WithdrawalsClosed when it is not switched on."""
    if rail == Rail.SANDBOX and settings.SANDBOX_PROVIDER:
        return SandboxPayouts()
    raise WithdrawalsClosed(f"The rail {rail} is not available.")
