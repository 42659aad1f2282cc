"""What Tranche asks of whoever pays money out."""

from dataclasses import dataclass
from typing import Protocol

from wallets.enums import PayoutResult


@dataclass(frozen=True, slots=True)
class PayoutOrder:
    """One amount to pay, in minor units. The provider pays once a key, however often it is asked."""

    key: str
    amount_minor: int
    currency: str
    destination: dict[str, str]


@dataclass(frozen=True, slots=True)
class PayoutAnswer:
    """What the provider's book says of one payout."""

    result: PayoutResult
    amount_minor: int
    currency: str
    reference: str = ""
    reason: str = ""
    at: str = ""


class PayoutProvider(Protocol):
    """A provider that honours idempotency keys. ProviderUnreachable where nothing could be asked."""

    def send(self, order: PayoutOrder) -> PayoutAnswer:
        """Pay once a key. ProviderTimeout when the outcome is not known."""
        ...

    def look(self, key: str) -> PayoutAnswer | None:
        """What became of a key; None when the provider never heard of it. ProviderTimeout."""
        ...

    def book(self) -> dict[str, PayoutAnswer]:
        """Everything it ever paid or declined for us, by key. ProviderTimeout."""
        ...
