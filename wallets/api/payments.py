"""Paying invoices, and the methods to pay with."""

from collections.abc import Callable
from dataclasses import dataclass

from django.db import transaction
from django.http import HttpResponseBase
from django.utils import timezone
from djmoney.money import Money
from rest_framework.request import Request
from rest_framework.response import Response

from accounts import idempotency
from accounts.api.base import ApiView, idempotent, keep, replay
from accounts.enums import Scope
from accounts.idempotency import Answered, Claimed, Started
from common.api import problems
from common.api.query import ListQuery
from common.api.schema import Operation, operation, page_schema
from common.exceptions import Missing, PermissionRefused
from common.public_ids import parse_public_id
from invoicing.api.reads import invoices_for
from invoicing.models import Invoice
from wallets.api.reads import methods_for, payments_for
from wallets.api.serializers import (
    ExecuteInput,
    PaidOutput,
    PayInput,
    PaymentMethodInput,
    PaymentMethodOutput,
    PaymentOutput,
    PaymentQuery,
    PreviewOutput,
)
from wallets.enums import PaymentStatus, Provider
from wallets.exceptions import (
    AlreadyPaid,
    AmountMismatch,
    PaymentDeclined,
    PaymentInProgress,
    PaymentMethodUnknown,
)
from wallets.models import Payment, PaymentMethod
from wallets.models.payments import IN_FLIGHT
from wallets.services import (
    MethodChoice,
    payment_ask,
    payment_begin,
    payment_conclude,
    payment_method_add,
    payment_method_remove,
    payment_preview,
)

REFUSALS = [
    PermissionRefused,
    AmountMismatch,
    PaymentMethodUnknown,
    PaymentDeclined,
    AlreadyPaid,
    PaymentInProgress,
]


@dataclass(frozen=True, slots=True)
class Order:
    """What a call asks for: which invoice, what with, and the total as the caller knows it."""

    invoice: Invoice
    method: MethodChoice
    amount: Money | None


class PayingView(ApiView):
    """What both ways to pay share.

    Two transactions, because a provider is asked in between: the first commits the key as started
    together with the payment, the second settles and keeps the answer. Whoever comes back after a
    crash between them finds out from the payment, which a job finishes.
    """

    def execute(self, order_of: Callable[[], Order]) -> HttpResponseBase:
        with transaction.atomic():
            claimed = idempotency.claim(self.asked, at=self.at) if self.asked else None
            if isinstance(claimed, Answered):
                return replay(claimed)
            if isinstance(claimed, Started):
                return self._finish(claimed)
            payment = self._begin(order_of(), claimed)
        answer = payment_ask(payment)
        with transaction.atomic():
            concluded = payment_conclude(payment_id=payment.pk, answer=answer, at=timezone.now())
            response = self._shown(concluded)
            if claimed is not None:
                keep(claimed, response)
        return response

    def method_choice(self, name: str) -> MethodChoice:
        """A stored method by its id, or a token of the sandbox."""
        if parse_public_id(PaymentMethod.PREFIX, name) is None:
            return MethodChoice(provider=Provider.SANDBOX, token=name)
        try:
            stored = methods_for(self.user).by_public_id(name)
        except PaymentMethod.DoesNotExist:
            raise PaymentMethodUnknown from None
        return MethodChoice(provider=stored.provider, token=stored.token, stored=stored)

    def _begin(self, order: Order, claimed: Claimed | None) -> Payment:
        payment = payment_begin(
            invoice_id=order.invoice.pk,
            method=order.method,
            amount=order.amount,
            by=self.user,
            at=self.at,
        )
        if claimed is not None:
            idempotency.refer(claimed, reference=payment.public_id)
        return payment

    def _finish(self, started: Started) -> Response:
        """The answer of a request that began and never told: what became of its payment."""
        payment = payments_for(self.user).by_public_id(started.reference)
        if payment.status in IN_FLIGHT:
            raise PaymentInProgress
        response = self._shown(payment)
        keep(started, response)
        response["Idempotency-Replayed"] = "true"
        return response

    def _shown(self, payment: Payment) -> Response:
        if payment.status == PaymentStatus.FAILED:
            refused = problems.of_refusal(
                PaymentDeclined(f"The payment was declined: {payment.failure_code}.")
            )
            return Response(
                refused.as_dict(), status=refused.status, content_type=problems.CONTENT_TYPE
            )
        is_done = payment.status == PaymentStatus.SUCCEEDED
        invoice = invoices_for(self.user).get(pk=payment.invoice_id)
        shown = {
            "payment": payment,
            "invoice": invoice,
            "credited": invoice if is_done else None,
        }
        return Response(PaidOutput(shown).data, status=200 if is_done else 202)


class InvoicePayView(PayingView):
    @operation(
        Operation(
            name="invoice_pay",
            tag="invoices",
            scope=Scope.MONEY_WRITE,
            request=PayInput,
            answers={200: PaidOutput, 202: PaidOutput},
            refusals=REFUSALS,
            takes_key=True,
            needs_key=True,
        )
    )
    def post(self, request: Request, invoice_id: str) -> HttpResponseBase:
        """Pay an invoice.

        When it answers 200 the freelancer's wallet is credited. 202 says that the provider did
        not answer in time: the payment is `uncertain`, and a job finds out how it ended.
        """

        def order() -> Order:
            given = self.body(PayInput)
            return Order(
                invoice=Invoice.objects.for_user(self.user).only("pk").by_public_id(invoice_id),
                method=self.method_choice(given["payment_method"]),
                amount=given.get("amount"),
            )

        return self.execute(order)


class ExecuteView(PayingView):
    @operation(
        Operation(
            name="payment_execute",
            tag="workflow",
            scope=Scope.MONEY_WRITE,
            request=ExecuteInput,
            answers={200: PaidOutput, 202: PaidOutput},
            refusals=[*REFUSALS, Missing],
            takes_key=True,
            needs_key=True,
        )
    )
    def post(self, request: Request) -> HttpResponseBase:
        """Pay an invoice, named by id or by number.

        When it answers 200 the freelancer's wallet is credited. 202 says that the provider did
        not answer in time: the payment is `uncertain`, and a job finds out how it ended.
        """

        def order() -> Order:
            given = self.body(ExecuteInput)
            invoices = Invoice.objects.for_user(self.user).only("pk")
            if "invoice_id" in given:
                invoice = invoices.by_public_id(given["invoice_id"])
            else:
                invoice = invoices.get(number=given["invoice_number"])
            return Order(
                invoice=invoice,
                method=self.method_choice(given["payment_method"]),
                amount=given.get("amount"),
            )

        return self.execute(order)


class PayPreviewView(ApiView):
    @operation(
        Operation(
            name="invoice_pay_preview",
            tag="invoices",
            scope=Scope.MONEY_READ,
            answers={200: PreviewOutput},
            refusals=[PermissionRefused, AlreadyPaid, PaymentInProgress],
        )
    )
    def post(self, request: Request, invoice_id: str) -> Response:
        """See what paying an invoice would do; nothing is changed."""
        self.empty_body()
        invoice = Invoice.objects.for_user(self.user).only("pk").by_public_id(invoice_id)
        preview = payment_preview(invoice_id=invoice.pk, by=self.user, at=self.at)
        return Response(PreviewOutput(preview).data)


class PaymentsView(ApiView):
    @operation(
        Operation(
            name="payments_list",
            tag="payments",
            scope=Scope.MONEY_READ,
            query=PaymentQuery,
            answers={200: page_schema(PaymentOutput)},
        )
    )
    def get(self, request: Request) -> Response:
        """List the payments that one made."""
        return self.page(payments_for(self.user, **self.filters()), PaymentOutput)


class PaymentView(ApiView):
    @operation(
        Operation(
            name="payment_read",
            tag="payments",
            scope=Scope.MONEY_READ,
            answers={200: PaymentOutput},
        )
    )
    def get(self, request: Request, payment_id: str) -> Response:
        """Read a payment, such as one whose outcome was not known."""
        return Response(PaymentOutput(payments_for(self.user).by_public_id(payment_id)).data)


class PaymentMethodsView(ApiView):
    @operation(
        Operation(
            name="payment_methods_list",
            tag="payment-methods",
            scope=Scope.MONEY_READ,
            query=ListQuery,
            answers={200: page_schema(PaymentMethodOutput)},
        )
    )
    def get(self, request: Request) -> Response:
        """List one's stored payment methods."""
        return self.page(methods_for(self.user), PaymentMethodOutput)

    @operation(
        Operation(
            name="payment_method_add",
            tag="payment-methods",
            scope=Scope.MONEY_WRITE,
            request=PaymentMethodInput,
            answers={201: PaymentMethodOutput},
            refusals=[PermissionRefused, PaymentMethodUnknown],
            takes_key=True,
        )
    )
    @idempotent
    def post(self, request: Request) -> Response:
        """Store a payment method.

        The first one, and one that is asked to be, becomes the default.
        """
        given = self.body(PaymentMethodInput)
        method = payment_method_add(**given, by=self.user, at=self.at)
        return Response(PaymentMethodOutput(method).data, status=201)


class PaymentMethodView(ApiView):
    @operation(
        Operation(
            name="payment_method_read",
            tag="payment-methods",
            scope=Scope.MONEY_READ,
            answers={200: PaymentMethodOutput},
        )
    )
    def get(self, request: Request, method_id: str) -> Response:
        """Read a stored payment method."""
        return Response(PaymentMethodOutput(methods_for(self.user).by_public_id(method_id)).data)

    @operation(
        Operation(
            name="payment_method_remove",
            tag="payment-methods",
            scope=Scope.MONEY_WRITE,
            answers={204: None},
        )
    )
    def delete(self, request: Request, method_id: str) -> Response:
        """Remove a stored payment method; payments made with it keep their record."""
        method = methods_for(self.user).by_public_id(method_id)
        payment_method_remove(method_id=method.pk, by=self.user, at=self.at)
        return Response(status=204)
