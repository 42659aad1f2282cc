"""What a freelancer can do about an invoice that is not paid."""

from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.base import ApiView, idempotent
from accounts.enums import Scope
from common.api.schema import Operation, operation
from common.exceptions import PermissionRefused
from invoicing.api.reads import invoices_for
from invoicing.api.serializers import InvoiceOutput, ReportInput
from invoicing.exceptions import (
    InvoiceAlreadyReported,
    InvoiceNotOpen,
    ReminderTooEarly,
    ReportTooEarly,
)
from invoicing.models import Invoice
from invoicing.services import invoice_remind, invoice_report


class ChasingView(ApiView):
    """What both calls share."""

    def named(self, invoice_id: str) -> Invoice:
        """The invoice, where the caller is a party of it."""
        return Invoice.objects.for_user(self.user).only("pk").by_public_id(invoice_id)

    def shown(self, invoice: Invoice) -> Response:
        """The invoice as it is now."""
        return Response(InvoiceOutput(invoices_for(self.user).get(pk=invoice.pk)).data)


class InvoiceRemindView(ChasingView):
    @operation(
        Operation(
            name="invoice_remind",
            tag="invoices",
            scope=Scope.MONEY_WRITE,
            answers={200: InvoiceOutput},
            refusals=[PermissionRefused, InvoiceNotOpen, ReminderTooEarly],
            takes_key=True,
        )
    )
    @idempotent
    def post(self, request: Request, invoice_id: str) -> Response:
        """Remind the commissioner of an unpaid invoice by mail, as its freelancer.

        The second reminder is possible 48 hours after the first, each later one 72 hours after
        the one before; earlier calls are refused with `Retry-After`.
        """
        self.empty_body()
        invoice = self.named(invoice_id)
        invoice_remind(invoice_id=invoice.pk, by=self.user, at=self.at)
        return self.shown(invoice)


class InvoiceReportView(ChasingView):
    @operation(
        Operation(
            name="invoice_report",
            tag="invoices",
            scope=Scope.MONEY_WRITE,
            request=ReportInput,
            answers={200: InvoiceOutput},
            refusals=[PermissionRefused, InvoiceNotOpen, ReportTooEarly, InvoiceAlreadyReported],
            takes_key=True,
        )
    )
    @idempotent
    def post(self, request: Request, invoice_id: str) -> Response:
        """Tell staff that two reminders of an invoice did not help, once, as its freelancer."""
        given = self.body(ReportInput)
        invoice = self.named(invoice_id)
        invoice_report(invoice_id=invoice.pk, **given, by=self.user, at=self.at)
        return self.shown(invoice)
