"""Who moves money in: one module each behind one protocol."""

from django.conf import settings

from wallets.enums import Provider
from wallets.exceptions import PaymentMethodUnknown
from wallets.providers.protocol import Answer, Charge, PaymentProvider, ProviderTimeout
from wallets.providers.sandbox import SandboxProvider

__all__ = ["Answer", "Charge", "PaymentProvider", "ProviderTimeout", "provider_of"]


def provider_of(name: str) -> PaymentProvider:
    """The provider of that name. PaymentMethodUnknown when it is not switched on."""
    if name == Provider.SANDBOX and settings.SANDBOX_PROVIDER:
        return SandboxProvider()
    raise PaymentMethodUnknown(f"The payment provider {name} is not available.")
