"""What all ways to pay share."""

from django.utils import timezone

from common.exceptions import DomainError, PermissionRefused
from common.public_ids import parse_public_id
from wallets.api.reads import methods_for, payments_for
from wallets.api.two_steps import TwoStepView
from wallets.enums import PaymentStatus, Provider
from wallets.exceptions import (
    AmountMismatch,
    InsufficientFunds,
    PaymentDeclined,
    PaymentInProgress,
    PaymentMethodUnknown,
)
from wallets.models import Payment, PaymentMethod
from wallets.models.payments import IN_FLIGHT
from wallets.providers import Answer
from wallets.services import CREDIT, MethodChoice, payment_ask, payment_conclude

REFUSALS = [
    PermissionRefused,
    AmountMismatch,
    PaymentMethodUnknown,
    PaymentDeclined,
    PaymentInProgress,
    InsufficientFunds,
]


class PayingView(TwoStepView[Payment]):
    """A payment made by a call. What is paid from credit has ended with the first transaction."""

    busy = PaymentInProgress

    def is_open(self, row: Payment) -> bool:
        return row.status in IN_FLIGHT

    def ask(self, row: Payment) -> Answer | None:
        return payment_ask(row)

    def conclude(self, row: Payment, answer: Answer | None) -> Payment:
        return payment_conclude(payment_id=row.pk, answer=answer, at=timezone.now())

    def known(self, reference: str) -> Payment:
        return payments_for(self.user).by_public_id(reference)

    def refusal(self, row: Payment) -> DomainError | None:
        if row.status != PaymentStatus.FAILED:
            return None
        return PaymentDeclined(f"The payment was declined: {row.failure_code}.")

    def method_choice(self, name: str) -> MethodChoice:
        """A stored method by its id, one's credit, or a token of the sandbox."""
        if name == CREDIT.token:
            return CREDIT
        if parse_public_id(PaymentMethod.PREFIX, name) is None:
            return MethodChoice(provider=Provider.SANDBOX, token=name)
        try:
            stored = methods_for(self.user).by_public_id(name)
        except PaymentMethod.DoesNotExist:
            raise PaymentMethodUnknown from None
        return MethodChoice(provider=stored.provider, token=stored.token, stored=stored)
