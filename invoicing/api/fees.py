"""The platform's own invoices to a freelancer for its fees."""

from typing import Any

from django.http import HttpResponse
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.base import ApiView
from accounts.enums import Scope
from common.api.fields import MoneyField, SignedMoneyField
from common.api.query import ListQuery
from common.api.schema import Operation, operation, page_schema
from common.api.serializers import Output
from gigs.api.serializers import NOON
from invoicing.api.files import file_answer, file_operation
from invoicing.api.serializers import NOTHING, DocumentsOutput
from invoicing.enums import DocumentKind, FeeKind
from invoicing.models import FeeInvoice
from invoicing.selectors import fee_file_of, fee_invoices_of

FEE_INVOICE_ID = "fei_2b3c4d5e6f7081920b6e1c9d5b4c4f8a"
DAY = "2026-12-01"


class FeeInvoiceOutput(Output):
    """What the platform took in a month and currency, or gave back of it (`fee_credit`).

    The tax is in the total: total = subtotal + tax + rounding. Nothing is due.
    """

    example = {
        "id": FEE_INVOICE_ID,
        "kind": "fee",
        "number": "TRANCHE-2026-00012",
        "month": "2026-11-01",
        "currency": "USD",
        "subtotal": {"amount": "166.67", "currency": "USD"},
        "tax": NOTHING,
        "rounding": NOTHING,
        "total": {"amount": "166.67", "currency": "USD"},
        "tax_rule": "eu-abroad@2026-11",
        "issued_on": DAY,
        "issued_at": NOON,
        "documents": {
            "pdf": f"/api/v1/fee-invoices/{FEE_INVOICE_ID}/pdf/",
            "ubl": f"/api/v1/fee-invoices/{FEE_INVOICE_ID}/ubl/",
            "cii": f"/api/v1/fee-invoices/{FEE_INVOICE_ID}/cii/",
        },
    }

    id = serializers.CharField(source="public_id")
    kind = serializers.ChoiceField(FeeKind.choices)
    number = serializers.CharField()
    month = serializers.DateField()
    currency = serializers.CharField()
    subtotal = MoneyField()
    tax = MoneyField()
    rounding = SignedMoneyField()
    total = MoneyField()
    tax_rule = serializers.CharField()
    issued_on = serializers.DateField()
    issued_at = serializers.DateTimeField()
    documents = serializers.SerializerMethodField()

    @extend_schema_field(DocumentsOutput)
    def get_documents(self, invoice: FeeInvoice) -> Any:
        made = {file.kind for file in invoice.documents.all()} | {DocumentKind.PDF}
        return {
            kind: f"/api/v1/fee-invoices/{invoice.public_id}/{kind}/" if kind in made else None
            for kind in (DocumentKind.PDF.value, DocumentKind.UBL.value, DocumentKind.CII.value)
        }


class FeeListQuery(ListQuery):
    orderings = {"issued_at": "issued_at"}
    default_ordering = "-issued_at"


class FeeInvoicesView(ApiView):
    @operation(
        Operation(
            name="fee_invoices_list",
            tag="invoices",
            scope=Scope.MONEY_READ,
            query=FeeListQuery,
            answers={200: page_schema(FeeInvoiceOutput)},
        )
    )
    def get(self, request: Request) -> Response:
        """List what the platform invoiced one for its fees, as a freelancer.

        One for each month and currency, after the month is over.
        """
        return self.page(fee_invoices_of(self.user), FeeInvoiceOutput)


class FeeInvoiceView(ApiView):
    @operation(
        Operation(
            name="fee_invoice_read",
            tag="invoices",
            scope=Scope.MONEY_READ,
            answers={200: FeeInvoiceOutput},
        )
    )
    def get(self, request: Request, invoice_id: str) -> Response:
        """Read one fee invoice."""
        return Response(FeeInvoiceOutput(fee_invoices_of(self.user).by_public_id(invoice_id)).data)


class FeeFileView(ApiView):
    """What the downloads of a fee invoice's files share."""

    def download(self, invoice_id: str, kind: DocumentKind) -> HttpResponse:
        """The file as it was kept."""
        return file_answer(fee_file_of(fee_invoices_of(self.user).by_public_id(invoice_id), kind))


class FeePdfView(FeeFileView):
    @operation(file_operation("fee_invoice_pdf", DocumentKind.PDF))
    def get(self, request: Request, invoice_id: str) -> HttpResponse:
        """Download a fee invoice as PDF/A-3b, with its CII inside where it has one."""
        return self.download(invoice_id, DocumentKind.PDF)


class FeeUblView(FeeFileView):
    @operation(file_operation("fee_invoice_ubl", DocumentKind.UBL))
    def get(self, request: Request, invoice_id: str) -> HttpResponse:
        """Download a fee invoice as UBL 2.1."""
        return self.download(invoice_id, DocumentKind.UBL)


class FeeCiiView(FeeFileView):
    @operation(file_operation("fee_invoice_cii", DocumentKind.CII))
    def get(self, request: Request, invoice_id: str) -> HttpResponse:
        """Download a fee invoice as UN/CEFACT CII."""
        return self.download(invoice_id, DocumentKind.CII)
