"""What Tranche asks of a payment provider."""

from dataclasses import dataclass
from typing import Protocol

from outbox.registry import Unreachable
from wallets.enums import ChargeResult


class ProviderTimeout(Exception):
    """No answer: the charge may or may not have happened. Never taken for a decline."""


class ProviderUnreachable(Unreachable):
    """No connection, so that nothing was asked: there is nothing to be uncertain about."""


@dataclass(frozen=True, slots=True)
class Charge:
    """One amount to take, in minor units. The provider does one charge a key, however often it
    is asked.
    """

    key: str
    token: str
    amount_minor: int
    currency: str


@dataclass(frozen=True, slots=True)
class Refund:
    """One amount to give back on a charge that succeeded, once a key."""

    key: str
    charge_key: str
    amount_minor: int
    currency: str


@dataclass(frozen=True, slots=True)
class Answer:
    """A definite outcome. `received_minor` is what was taken; None stands for what was asked."""

    result: ChargeResult
    failure_code: str = ""
    received_minor: int | None = None


class PaymentProvider(Protocol):
    """A provider that honours idempotency keys."""

    def charge(self, charge: Charge) -> Answer:
        """Take the money once a key. ProviderTimeout when the outcome is not known."""
        ...

    def refund(self, refund: Refund) -> Answer:
        """Give back once a key, to the method that was charged. ProviderTimeout, as with `charge`."""
        ...

    def label_of(self, token: str) -> str:
        """What people call the method. PaymentMethodUnknown when there is no such token."""
        ...
