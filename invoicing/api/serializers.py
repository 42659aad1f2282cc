"""What the invoice endpoints take and give."""

from typing import Any

from django.urls import reverse
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from accounts.api.serializers import LegalOutput
from common.api.fields import (
    LineField,
    MoneyField,
    OptionField,
    PublicIdField,
    PublicIdFilter,
    TextField,
)
from common.api.query import ListQuery
from common.api.serializers import Input, Output
from gigs.api.serializers import FIRST_PART, MILESTONE_ID, NOON, PROJECT_ID
from invoicing.enums import DocumentKind, InvoiceKind, InvoiceStatus, TaxCategory
from invoicing.models import Invoice
from invoicing.selectors import MANDATE_VERSION, MandatePage, transfer_of
from invoicing.tax.requirements import Side as DocumentSide

INVOICE_ID = "inv_6d7e8f901a2b4c3d8e4f5a6b7c8d9e0f"
INVOICE_NUMBER = "K7QM-2026-00012"
SELLER = {
    "id": "usr_0b6e1c9d5b4c4f8a9e2b3c4d5e6f7081",
    "name": "Ada Nwosu",
    "legal_name": "Ada Nwosu",
    "street": "",
    "postcode": "",
    "city": "",
    "region": "",
    "country": "",
    "vat_id": "",
    "tax_number": "",
    "register_number": "",
    "register_scheme": "",
    "electronic_address": "",
    "electronic_address_scheme": "",
    "kind": "business",
    "tax_status": "",
    "iban": "",
}
NOTHING = {"amount": "0.00", "currency": "USD"}


class GenerateInput(Input):
    """The approved task to invoice."""

    example = {"task_id": MILESTONE_ID}

    task_id = PublicIdField("mst")


class ReportInput(Input):
    """What staff should know about an invoice that is not paid."""

    example = {"message": "Due a week ago; no answer to two reminders."}

    message = TextField(max_length=2000)


class InvoicePartyOutput(LegalOutput):
    """Seller or buyer as the invoice froze them. `tax_status` and `iban` are the seller's."""

    id = serializers.CharField()
    name = serializers.CharField()
    kind = serializers.CharField()
    tax_status = serializers.CharField()
    iban = serializers.CharField()


class InvoiceLineOutput(Output):
    id = serializers.CharField(source="public_id")
    position = serializers.IntegerField()
    description = serializers.CharField()
    quantity = serializers.DecimalField(max_digits=9, decimal_places=2)
    unit = serializers.CharField()
    unit_price = MoneyField()
    amount = MoneyField()
    tax_category = serializers.CharField()
    tax_rate = serializers.DecimalField(max_digits=5, decimal_places=2, allow_null=True)


class InvoiceTaxOutput(Output):
    """A row of the tax breakdown. `rate` is in percent; `rule` and its version decided it."""

    category = serializers.ChoiceField(TaxCategory.choices)
    rate = serializers.DecimalField(max_digits=5, decimal_places=2, allow_null=True)
    name = serializers.CharField()
    basis = MoneyField()
    amount = MoneyField()
    legend = serializers.CharField()
    vatex_code = serializers.CharField()
    rule = serializers.CharField()


class DocumentsOutput(Output):
    """Where the invoice's files are. `ubl` and `cii` are null until they are made, within
    seconds, and for ever where legal data of a party were missing when the invoice was issued.
    """

    pdf = serializers.CharField()
    ubl = serializers.CharField(allow_null=True)
    cii = serializers.CharField(allow_null=True)


class TransferOutput(Output):
    """Where to pay an invoice by bank transfer, and what to write on it."""

    example = {
        "holder": "Tranche Operators Ltd",
        "iban": "GB33BUKB20201555555555",
        "bic": "BUKBGB22",
        "reference": INVOICE_NUMBER,
    }

    holder = serializers.CharField()
    iban = serializers.CharField()
    bic = serializers.CharField(allow_blank=True)
    reference = serializers.CharField()


class InvoiceOutput(Output):
    """A numbered, immutable document. total = subtotal + tax = fee + net.

    `taxes` is empty, and the tax nothing, where legal data for a decision were missing. The
    amounts of a `credit_note` are positive; it names what it credits, and `paid_at` says when the
    money went back. `credited` is what notes have taken back of an invoice, with tax, `part_paid`
    what held funds or an earlier payment paid while the rest is open, and `due` what still waits to
    be paid.
    `bank_transfer` is null for an invoice that cannot be paid that way, or not any more.
    """

    example = {
        "id": INVOICE_ID,
        "number": INVOICE_NUMBER,
        "status": "sent",
        "kind": "milestone",
        "currency": "USD",
        "subtotal": FIRST_PART,
        "tax": NOTHING,
        "total": FIRST_PART,
        "fee": {"amount": "166.67", "currency": "USD"},
        "net": {"amount": "3166.67", "currency": "USD"},
        "credited": NOTHING,
        "part_paid": NOTHING,
        "due": FIRST_PART,
        "fee_rate": "0.0500",
        "issued_on": "2026-11-23",
        "issued_at": NOON,
        "due_on": "2026-11-30",
        "paid_at": None,
        "paid_on": None,
        "reminded_at": [],
        "credits_id": None,
        "credits_number": None,
        "credit_notes": [],
        "reason": "",
        "self_billed": False,
        "project_id": PROJECT_ID,
        "task_id": MILESTONE_ID,
        "seller": SELLER,
        "buyer": {**SELLER, "id": "usr_7c2d9e8f1a3b4c5d8e9f0a1b2c3d4e5f", "name": "Museum"},
        "lines": [
            {
                "id": "inl_0c1d2e3f405142638a9b0c1d2e3f4051",
                "position": 1,
                "description": "Museum web site: Architecture",
                "quantity": "1.00",
                "unit": "LS",
                "unit_price": FIRST_PART,
                "amount": FIRST_PART,
                "tax_category": "O",
                "tax_rate": None,
            }
        ],
        "taxes": [
            {
                "category": "O",
                "rate": None,
                "name": "",
                "basis": FIRST_PART,
                "amount": NOTHING,
                "legend": "No sales tax: professional services",
                "vatex_code": "VATEX-EU-O",
                "rule": "us-no-tax@2026-11",
            }
        ],
        "bank_transfer": TransferOutput.example,
        "documents": {
            "pdf": f"/api/v1/invoices/{INVOICE_ID}/pdf/",
            "ubl": f"/api/v1/invoices/{INVOICE_ID}/ubl/",
            "cii": f"/api/v1/invoices/{INVOICE_ID}/cii/",
        },
    }

    id = serializers.CharField(source="public_id")
    number = serializers.CharField()
    status = serializers.ChoiceField(InvoiceStatus.choices)
    kind = serializers.ChoiceField(InvoiceKind.choices)
    currency = serializers.CharField()
    subtotal = MoneyField()
    tax = MoneyField()
    total = MoneyField()
    fee = MoneyField()
    net = MoneyField()
    credited = MoneyField(source="credited_total")
    part_paid = MoneyField(source="part_paid_amount")
    due = MoneyField()
    fee_rate = serializers.DecimalField(max_digits=5, decimal_places=4)
    issued_on = serializers.DateField()
    issued_at = serializers.DateTimeField()
    due_on = serializers.DateField()
    paid_at = serializers.DateTimeField(allow_null=True)
    paid_on = serializers.SerializerMethodField()
    reminded_at = serializers.SerializerMethodField()
    credits_id = serializers.CharField(source="credits.public_id", default=None, allow_null=True)
    credits_number = serializers.CharField(source="credits.number", default=None, allow_null=True)
    credit_notes = serializers.SerializerMethodField()
    reason = serializers.CharField()
    self_billed = serializers.BooleanField(source="project.is_self_billed")
    project_id = serializers.CharField(source="project.public_id")
    task_id = serializers.CharField(source="milestone.public_id", default=None, allow_null=True)
    seller = InvoicePartyOutput(source="seller_copy")
    buyer = InvoicePartyOutput(source="buyer_copy")
    lines = InvoiceLineOutput(source="lines.all", many=True)
    taxes = InvoiceTaxOutput(source="taxes.all", many=True)
    bank_transfer = serializers.SerializerMethodField()
    documents = serializers.SerializerMethodField()

    @extend_schema_field(serializers.DateField(allow_null=True))
    def get_paid_on(self, invoice: Invoice) -> str | None:
        return invoice.paid_at.date().isoformat() if invoice.paid_at else None

    @extend_schema_field(serializers.ListField(child=serializers.DateTimeField()))
    def get_reminded_at(self, invoice: Invoice) -> Any:
        field = serializers.DateTimeField()
        return [field.to_representation(reminder.sent_at) for reminder in invoice.reminders.all()]

    @extend_schema_field(TransferOutput(allow_null=True))
    def get_bank_transfer(self, invoice: Invoice) -> Any:
        transfer = transfer_of(invoice)
        return TransferOutput(transfer).data if transfer else None

    @extend_schema_field(serializers.ListField(child=serializers.CharField()))
    def get_credit_notes(self, invoice: Invoice) -> list[str]:
        return [note.public_id for note in invoice.credit_notes.all()]

    @extend_schema_field(DocumentsOutput)
    def get_documents(self, invoice: Invoice) -> Any:
        made = {file.kind for file in invoice.documents.all()} | {DocumentKind.PDF}
        return {
            kind: f"/api/v1/invoices/{invoice.public_id}/{kind}/" if kind in made else None
            for kind in (DocumentKind.PDF.value, DocumentKind.UBL.value, DocumentKind.CII.value)
        }


NOTE_EXAMPLE = {
    **InvoiceOutput.example,
    "id": "inv_0a1b2c3d4e5f46718293a4b5c6d7e8f9",
    "number": "K7QMC-2026-00001",
    "status": "issued",
    "kind": "credit_note",
    "due": NOTHING,
    "paid_at": NOON,
    "paid_on": "2026-11-23",
    "credits_id": INVOICE_ID,
    "credits_number": INVOICE_NUMBER,
    "reason": "Part 2 was not delivered as agreed.",
    "bank_transfer": None,
}


class ObjectionInput(Input):
    """Why the freelancer does not accept the invoice."""

    example = {"reason": "The address of the buyer has changed."}

    reason = TextField(max_length=2000)


class ObjectionOutput(Output):
    """An objection; the invoice stays as it is until it is corrected."""

    example = {
        "invoice_id": INVOICE_ID,
        "reason": "The address of the buyer has changed.",
        "created_at": NOON,
    }

    invoice_id = serializers.CharField(source="invoice.public_id")
    reason = serializers.CharField()
    created_at = serializers.DateTimeField()


class MandateInput(Input):
    """The version of the text that one has read."""

    example = {"version": MANDATE_VERSION}

    version = LineField(max_length=10)


class MandateOutput(Output):
    """Whether invoices may be issued in one's name, by which text, since when."""

    example = {
        "is_in_force": True,
        "version": MANDATE_VERSION,
        "accepted_at": NOON,
        "current_version": MANDATE_VERSION,
        "text_url": "/settings/mandate/",
    }

    is_in_force = serializers.BooleanField()
    version = serializers.CharField(source="mandate.version", default=None, allow_null=True)
    accepted_at = serializers.DateTimeField(
        source="mandate.accepted_at", default=None, allow_null=True
    )
    current_version = serializers.CharField(source="version")
    text_url = serializers.SerializerMethodField()

    @extend_schema_field(serializers.CharField())
    def get_text_url(self, page: MandatePage) -> str:
        return reverse("invoicing:mandate")


class RequirementOutput(Output):
    """Something that is missing, and what its owner should do."""

    side = serializers.ChoiceField([(side.value, side.value) for side in DocumentSide])
    field = serializers.CharField()
    detail = serializers.CharField(source="words")


class ReadinessOutput(Output):
    """Whether the next invoices of a project are legal documents, and what is missing."""

    example = {
        "is_ready": False,
        "is_required": False,
        "missing": [{"side": "buyer", "field": "country", "detail": "Choose your country."}],
    }

    is_ready = serializers.BooleanField()
    is_required = serializers.BooleanField()
    missing = RequirementOutput(many=True)


class InvoiceListQuery(ListQuery):
    orderings = {"issued_at": "issued_at"}
    default_ordering = "-issued_at"

    number = LineField(max_length=40, required=False)
    kind = OptionField(InvoiceKind.choices, required=False)
    status = OptionField(InvoiceStatus.choices, required=False)
    project_id = PublicIdFilter("prj", required=False)
    task_id = PublicIdFilter("mst", required=False)
