"""Paying invoices, and the methods to pay with."""

from django.http import HttpResponseBase
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.base import ApiView, idempotent
from accounts.enums import Scope
from common.api.query import ListQuery
from common.api.schema import Operation, operation, page_schema
from common.exceptions import Missing, PermissionRefused
from invoicing.api.reads import invoices_for
from invoicing.exceptions import NotAnInvoice
from invoicing.models import Invoice
from wallets.api.paying import REFUSALS, PayingView
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
from wallets.exceptions import (
    AlreadyPaid,
    InvoiceCredited,
    PaidFromHeldFunds,
    PaymentInProgress,
    PaymentMethodUnknown,
)
from wallets.models import Payment
from wallets.models.payments import PAYING
from wallets.services import (
    payment_begin,
    payment_method_add,
    payment_method_remove,
    payment_preview,
)

NOT_PAYABLE = [NotAnInvoice, InvoiceCredited, AlreadyPaid, PaidFromHeldFunds]
PAY_REFUSALS = [*REFUSALS, *NOT_PAYABLE]


class PayView(PayingView):
    """What both ways to pay an invoice share."""

    def shown(self, payment: Payment) -> Response:
        is_done = payment.outcome in PAYING
        invoice = payment.invoice = invoices_for(self.user).get(payments=payment)
        shown = {
            "payment": payment,
            "invoice": invoice,
            "credited": invoice if is_done else None,
        }
        return Response(PaidOutput(shown).data, status=202 if payment.ended_at is None else 200)


class InvoicePayView(PayView):
    @operation(
        Operation(
            name="invoice_pay",
            tag="invoices",
            scope=Scope.MONEY_WRITE,
            request=PayInput,
            answers={200: PaidOutput, 202: PaidOutput},
            refusals=PAY_REFUSALS,
            takes_key=True,
            needs_key=True,
        )
    )
    def post(self, request: Request, invoice_id: str) -> HttpResponseBase:
        """Pay an invoice.

        `payment_method` is a stored method or `credit`. When it answers 200 with `credited` the
        freelancer's wallet is credited; without, what arrived was not the total and is now one's
        credit, as the payment's `outcome` says. 202 says that the provider did not answer in
        time: the payment is `uncertain`, and a job finds out how it ended.
        """

        def begin() -> Payment:
            given = self.body(PayInput)
            named = Invoice.objects.for_user(self.user).only("pk").by_public_id(invoice_id)
            return payment_begin(
                invoice_id=named.pk,
                method=self.method_choice(given["payment_method"]),
                amount=given.get("amount"),
                by=self.user,
                at=self.at,
            )

        return self.execute(begin)


class ExecuteView(PayView):
    @operation(
        Operation(
            name="payment_execute",
            tag="workflow",
            scope=Scope.MONEY_WRITE,
            request=ExecuteInput,
            answers={200: PaidOutput, 202: PaidOutput},
            refusals=[*PAY_REFUSALS, Missing],
            takes_key=True,
            needs_key=True,
        )
    )
    def post(self, request: Request) -> HttpResponseBase:
        """Pay an invoice, named by id or by number.

        `payment_method` is a stored method or `credit`. When it answers 200 with `credited` the
        freelancer's wallet is credited; without, what arrived was not the total and is now one's
        credit, as the payment's `outcome` says. 202 says that the provider did not answer in
        time: the payment is `uncertain`, and a job finds out how it ended.
        """

        def begin() -> Payment:
            given = self.body(ExecuteInput)
            invoices = Invoice.objects.for_user(self.user).only("pk")
            if "invoice_id" in given:
                invoice = invoices.by_public_id(given["invoice_id"])
            else:
                invoice = invoices.get(number=given["invoice_number"])
            return payment_begin(
                invoice_id=invoice.pk,
                method=self.method_choice(given["payment_method"]),
                amount=given.get("amount"),
                by=self.user,
                at=self.at,
            )

        return self.execute(begin)


class PayPreviewView(ApiView):
    @operation(
        Operation(
            name="invoice_pay_preview",
            tag="invoices",
            scope=Scope.MONEY_READ,
            answers={200: PreviewOutput},
            refusals=[PermissionRefused, *NOT_PAYABLE, PaymentInProgress],
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
