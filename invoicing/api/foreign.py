"""Invoices that others made and that are kept for somebody: reading and importing them."""

from typing import Any

from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.base import ApiView, idempotent
from accounts.enums import Scope
from common.api.fields import MoneyField, OptionField
from common.api.query import ListQuery
from common.api.schema import Operation, operation, page_schema
from common.api.serializers import Input, Output
from common.api.uploads import uploads
from common.http import download
from gigs.api.serializers import NOON
from invoicing.documents.foreign import LARGEST
from invoicing.enums import ForeignFormat, Side
from invoicing.exceptions import (
    ForeignImported,
    ForeignIncomplete,
    ForeignLimit,
    ForeignUnreadable,
)
from invoicing.models import ForeignInvoice
from invoicing.selectors import foreign_invoices_of
from invoicing.services.foreign import ForeignFile, foreign_invoice_import

FOREIGN_ID = "fri_3c4d5e6f708192a0b6e1c9d5b4c4f8a2"


class ForeignInput(Input):
    """A Factur-X file (PDF), CII or UBL of up to 5 MiB."""

    file = serializers.FileField(max_length=200)
    side = OptionField(Side.choices, default=Side.RECEIVED)
    accepts_findings = serializers.BooleanField(
        default=False, help_text="Keep it although it breaks rules, with their list."
    )


class FindingOutput(Output):
    """One rule that the document breaks."""

    rule = serializers.CharField()
    message = serializers.CharField()


class ForeignOutput(Output):
    """An invoice that somebody else made, as it came. No money moves with it."""

    example = {
        "id": FOREIGN_ID,
        "side": "received",
        "format": "pdf",
        "number": "2026-118",
        "type_code": "380",
        "issued_on": "2026-11-02",
        "seller_name": "Lovelace Engines GmbH",
        "buyer_name": "Ada Nwosu",
        "total": {"amount": "1190.00", "currency": "EUR"},
        "findings": [],
        "file": f"/api/v1/foreign-invoices/{FOREIGN_ID}/file/",
        "sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        "imported_at": NOON,
    }

    id = serializers.CharField(source="public_id")
    side = serializers.ChoiceField(Side.choices)
    format = serializers.ChoiceField(ForeignFormat.choices)
    number = serializers.CharField()
    type_code = serializers.CharField(help_text="UNTDID 1001: 380 an invoice, 381 a credit note.")
    issued_on = serializers.DateField()
    seller_name = serializers.CharField()
    buyer_name = serializers.CharField()
    total = MoneyField()
    findings = FindingOutput(many=True)
    file = serializers.SerializerMethodField()
    sha256 = serializers.CharField(source="digest")
    imported_at = serializers.DateTimeField()

    def get_file(self, invoice: ForeignInvoice) -> str:
        return f"/api/v1/foreign-invoices/{invoice.public_id}/file/"


class ForeignListQuery(ListQuery):
    orderings = {"imported_at": "imported_at"}
    default_ordering = "-imported_at"


class ForeignInvoicesView(ApiView):
    parser_classes = uploads(LARGEST)

    @operation(
        Operation(
            name="foreign_invoices_list",
            tag="invoices",
            scope=Scope.MONEY_READ,
            query=ForeignListQuery,
            answers={200: page_schema(ForeignOutput)},
        )
    )
    def get(self, request: Request) -> Response:
        """List the invoices of others that are kept for one."""
        return self.page(foreign_invoices_of(self.user), ForeignOutput)

    @operation(
        Operation(
            name="foreign_invoice_import",
            tag="invoices",
            scope=Scope.MONEY_WRITE,
            request=ForeignInput,
            answers={201: ForeignOutput},
            refusals=[ForeignImported, ForeignLimit, ForeignUnreadable, ForeignIncomplete],
            takes_key=True,
            is_upload=True,
        )
    )
    @idempotent
    def post(self, request: Request) -> Response:
        """Keep an invoice that somebody else made, as a record of one's own.

        A form with the `file`. What breaks rules of EN 16931 is 422, with each rule as the `code`
        of an error, unless one accepts that.
        """
        given: dict[str, Any] = self.body(ForeignInput)
        file = ForeignFile(given["file"].name, given["file"].read(), self.user, Side(given["side"]))
        invoice = foreign_invoice_import(
            file=file, accepts_findings=given["accepts_findings"], by=self.user, at=self.at
        )
        return Response(ForeignOutput(invoice).data, status=201)


class ForeignInvoiceView(ApiView):
    @operation(
        Operation(
            name="foreign_invoice_read",
            tag="invoices",
            scope=Scope.MONEY_READ,
            answers={200: ForeignOutput},
        )
    )
    def get(self, request: Request, invoice_id: str) -> Response:
        """Read what an invoice of somebody else says, and the rules that it breaks."""
        return Response(ForeignOutput(foreign_invoices_of(self.user).by_public_id(invoice_id)).data)


class ForeignFileView(ApiView):
    @operation(
        Operation(
            name="foreign_invoice_file",
            tag="invoices",
            scope=Scope.MONEY_READ,
            answers={
                (200, "application/pdf"): OpenApiTypes.BINARY,
                (200, "application/xml"): OpenApiTypes.BINARY,
            },
        )
    )
    def get(self, request: Request, invoice_id: str) -> HttpResponse:
        """Download the file as it came."""
        invoice = foreign_invoices_of(self.user).by_public_id(invoice_id)
        return download(
            bytes(invoice.content), media_type=invoice.media_type, name=invoice.download_name
        )
