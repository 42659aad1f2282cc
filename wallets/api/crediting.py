"""Crediting invoices."""

from typing import Any

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.base import ApiView, idempotent
from accounts.enums import Scope
from common.api.fields import MoneyField, TextField
from common.api.schema import Operation, operation
from common.api.serializers import Input, Output
from common.exceptions import PermissionRefused
from gigs.api.serializers import FIRST_PART
from invoicing.api.reads import invoices_for
from invoicing.api.serializers import NOTE_EXAMPLE, NOTHING, InvoiceOutput
from invoicing.exceptions import AlreadyCredited, CreditTooHigh, NotAnInvoice
from invoicing.models import Invoice
from wallets.exceptions import (
    CompletionNotOver,
    NotCovered,
    PaymentInProgress,
    SecondPersonRequired,
)
from wallets.services import NotePreview, invoice_credit, note_preview

REFUSALS = [
    PermissionRefused,
    AlreadyCredited,
    CreditTooHigh,
    NotAnInvoice,
    CompletionNotOver,
    NotCovered,
    PaymentInProgress,
    SecondPersonRequired,
]


class CreditNoteInput(Input):
    """What to credit before tax, all that is left without `amount`, and why."""

    example = {"amount": FIRST_PART, "reason": "Part 2 was not delivered as agreed."}

    amount = MoneyField(required=False)
    reason = TextField(max_length=500)


class CreditFormulaOutput(Output):
    """fee = fees_before - round(rate x (gross_before - gross))."""

    rate = serializers.DecimalField(max_digits=5, decimal_places=4, source="note.fee_rate")
    gross_before = MoneyField()
    fees_before = MoneyField()
    gross = MoneyField(source="note.subtotal")
    fee = MoneyField(source="note.fee")


class NotePreviewOutput(Output):
    """The note as it would be, and what would follow; nothing has.

    `from_pending`, `from_available` and `as_debt` are taken off the freelancer's wallet, `returned`
    becomes the commissioner's credit. `paid_now` where what is left of an invoice that waits for held
    funds is paid from them at once. `corrected_total` is that of the invoice which is issued
    anew because its freelancer objected to this one.
    """

    example = {
        "subtotal": FIRST_PART,
        "tax": NOTHING,
        "total": FIRST_PART,
        "fee": {"amount": "166.67", "currency": "USD"},
        "net": {"amount": "3166.67", "currency": "USD"},
        "fee_formula": {
            "rate": "0.0500",
            "gross_before": FIRST_PART,
            "fees_before": {"amount": "166.67", "currency": "USD"},
            "gross": FIRST_PART,
            "fee": {"amount": "166.67", "currency": "USD"},
        },
        "from_pending": NOTHING,
        "from_available": {"amount": "3166.67", "currency": "USD"},
        "as_debt": NOTHING,
        "returned": FIRST_PART,
        "left_after": NOTHING,
        "due_after": NOTHING,
        "pending_after": NOTHING,
        "available_after": NOTHING,
        "debt_after": NOTHING,
        "lifetime_after": NOTHING,
        "paid_now": False,
        "corrected_total": None,
    }

    subtotal = MoneyField(source="note.subtotal")
    tax = MoneyField(source="note.tax")
    total = MoneyField(source="note.total")
    fee = MoneyField(source="note.fee")
    net = MoneyField(source="note.net")
    fee_formula = CreditFormulaOutput(source="*")
    from_pending = MoneyField()
    from_available = MoneyField()
    as_debt = MoneyField()
    returned = MoneyField()
    left_after = MoneyField()
    due_after = MoneyField()
    pending_after = MoneyField()
    available_after = MoneyField()
    debt_after = MoneyField()
    lifetime_after = MoneyField()
    paid_now = serializers.BooleanField(source="is_paid_now")
    corrected_total = MoneyField(source="corrected.total", default=None, allow_null=True)


class CreditingView(ApiView):
    """What crediting and its preview share."""

    def wish(self, invoice_id: str) -> dict[str, Any]:
        """Invoice, amount and reason, as the service takes them."""
        given = self.body(CreditNoteInput)
        invoice = Invoice.objects.for_user(self.user).only("pk").by_public_id(invoice_id)
        return {
            "invoice_id": invoice.pk,
            "amount": given.get("amount"),
            "reason": given["reason"],
            "by": self.user,
            "at": self.at,
        }


class CreditNoteOutput(InvoiceOutput):
    """The credit note, an invoice of the kind `credit_note`."""

    example = NOTE_EXAMPLE


class InvoiceCreditView(CreditingView):
    @operation(
        Operation(
            name="invoice_credit",
            tag="invoices",
            scope=Scope.MONEY_WRITE,
            request=CreditNoteInput,
            answers={201: CreditNoteOutput},
            refusals=REFUSALS,
            takes_key=True,
            needs_key=True,
        )
    )
    @idempotent
    def post(self, request: Request, invoice_id: str) -> Response:
        """Credit an invoice in full or in part, as its freelancer, by a credit note.

        Of a paid invoice the total of the note becomes the commissioner's credit at once; its net
        is taken from what one has pending, then available, and what is missing is one's debt. Of
        one that is not paid, less is due: what is held for it and not needed any more becomes credit
        too. An invoice that one has objected to is issued anew once
        all of it is credited.
        """
        note = invoice_credit(**self.wish(invoice_id))
        return Response(CreditNoteOutput(invoices_for(self.user).get(pk=note.pk)).data, status=201)


class NotePreviewView(CreditingView):
    @operation(
        Operation(
            name="invoice_credit_preview",
            tag="invoices",
            scope=Scope.MONEY_READ,
            request=CreditNoteInput,
            answers={200: NotePreviewOutput},
            refusals=REFUSALS,
        )
    )
    def post(self, request: Request, invoice_id: str) -> Response:
        """See what crediting an invoice would do; nothing is changed."""
        preview: NotePreview = note_preview(**self.wish(invoice_id))
        return Response(NotePreviewOutput(preview).data)
