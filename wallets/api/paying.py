"""What all ways to pay share: two transactions with the provider's answer between them."""

from collections.abc import Callable

from django.db import transaction
from django.http import HttpResponseBase
from django.utils import timezone
from rest_framework.response import Response

from accounts import idempotency
from accounts.api.base import ApiView, keep, replay
from accounts.idempotency import Answered, Claimed, Started
from common.api import problems
from common.exceptions import PermissionRefused
from common.public_ids import parse_public_id
from wallets.api.reads import methods_for, payments_for
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
from wallets.services import CREDIT, MethodChoice, payment_ask, payment_conclude

REFUSALS = [
    PermissionRefused,
    AmountMismatch,
    PaymentMethodUnknown,
    PaymentDeclined,
    PaymentInProgress,
    InsufficientFunds,
]


class PayingView(ApiView):
    """A payment made by a call.

    Two transactions, because a provider is asked in between: the first commits the key as started
    together with the payment, the second settles and keeps the answer. Whoever comes back after a
    crash between them finds out from the payment, which a job finishes. What is paid from credit
    has ended with the first.
    """

    def shown(self, payment: Payment) -> Response:
        """The answer about a payment that has not failed."""
        raise NotImplementedError

    def execute(self, begin: Callable[[], Payment]) -> HttpResponseBase:
        with transaction.atomic():
            claimed = idempotency.claim(self.asked, at=self.at) if self.asked else None
            if isinstance(claimed, Answered):
                return replay(claimed)
            if isinstance(claimed, Started):
                return self._finish(claimed)
            payment = begin()
            if claimed is not None:
                idempotency.refer(claimed, reference=payment.public_id)
            if payment.status not in IN_FLIGHT:
                return self._kept(payment, claimed)
        answer = payment_ask(payment)
        with transaction.atomic():
            concluded = payment_conclude(payment_id=payment.pk, answer=answer, at=timezone.now())
            return self._kept(concluded, claimed)

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

    def _kept(self, payment: Payment, claimed: Claimed | None) -> Response:
        response = self._answer(payment)
        if claimed is not None:
            keep(claimed, response)
        return response

    def _finish(self, started: Started) -> Response:
        """The answer of a request that began and never told: what became of its payment."""
        payment = payments_for(self.user).by_public_id(started.reference)
        if payment.status in IN_FLIGHT:
            raise PaymentInProgress
        response = self._answer(payment)
        keep(started, response)
        response["Idempotency-Replayed"] = "true"
        return response

    def _answer(self, payment: Payment) -> Response:
        if payment.status != PaymentStatus.FAILED:
            return self.shown(payment)
        refused = problems.of_refusal(
            PaymentDeclined(f"The payment was declined: {payment.failure_code}.")
        )
        return Response(
            refused.as_dict(), status=refused.status, content_type=problems.CONTENT_TYPE
        )
