"""Archives of one's invoices: asked for, watched, downloaded."""

from typing import Any

from django.http import StreamingHttpResponse
from drf_spectacular.types import OpenApiTypes
from rest_framework import serializers
from rest_framework.exceptions import ErrorDetail, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.base import ApiView, idempotent
from accounts.enums import Scope
from common.api.fields import DayField, NumberField, OptionField
from common.api.query import ListQuery
from common.api.schema import Operation, operation, page_schema
from common.api.serializers import Input, Output
from gigs.api.serializers import NOON
from invoicing.enums import ExportKind, ExportStatus, InvoiceStatus, Side
from invoicing.exceptions import (
    ExportGone,
    ExportNotReady,
    ExportTooLarge,
    ExportUnderWay,
    NothingToExport,
)
from invoicing.models import InvoiceExport
from invoicing.selectors import Wanted, export_file, exports_of
from invoicing.services.exports import export_request

EXPORT_ID = "exp_8e9f001b2c3d4e5f9a0b1c2d3e4f5061"
FIRST_YEAR, LAST_YEAR = 2000, 2999


class ExportInput(Input):
    """A range of days of issue, each end optional, or with `year` the tables of a calendar year."""

    example = {"side": "sent", "issued_from": "2026-11-01", "issued_until": "2026-11-30"}

    side = OptionField(Side.choices)
    year = NumberField(min_value=FIRST_YEAR, max_value=LAST_YEAR, required=False)
    issued_from = DayField(required=False)
    issued_until = DayField(required=False)
    status = OptionField(InvoiceStatus.choices, required=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """A range ends after it began, and a year is a range of its own."""
        first, last = attrs.get("issued_from"), attrs.get("issued_until")
        if first and last and last < first:
            raise _error("issued_until", "This is before the first day.")
        if "year" in attrs and len(attrs) > len({"side", "year"}):
            raise _error("year", "A year goes without days and status.")
        return attrs


class ExportOutput(Output):
    """An archive: how far it is, and where it can be downloaded until when."""

    example = {
        "id": EXPORT_ID,
        "kind": "files",
        "side": "sent",
        "year": None,
        "issued_from": "2026-11-01",
        "issued_until": "2026-11-30",
        "invoice_status": "",
        "status": "ready",
        "reason": "",
        "expected": 12,
        "done": 12,
        "file_name": "tranche-invoices-sent-2026-11-01-2026-11-30.zip",
        "size": 431_207,
        "sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        "requested_at": NOON,
        "expires_at": "2026-11-30T12:00:05Z",
        "download": f"/api/v1/invoice-exports/{EXPORT_ID}/download/",
    }

    id = serializers.CharField(source="public_id")
    kind = serializers.ChoiceField(ExportKind.choices)
    side = serializers.ChoiceField(Side.choices)
    year = serializers.IntegerField(allow_null=True)
    issued_from = serializers.DateField(allow_null=True)
    issued_until = serializers.DateField(allow_null=True)
    invoice_status = serializers.CharField()
    status = serializers.ChoiceField(ExportStatus.choices)
    reason = serializers.CharField()
    expected = serializers.IntegerField()
    done = serializers.IntegerField()
    file_name = serializers.CharField()
    size = serializers.IntegerField()
    sha256 = serializers.CharField(source="digest")
    requested_at = serializers.DateTimeField()
    expires_at = serializers.DateTimeField(allow_null=True)
    download = serializers.SerializerMethodField()

    def get_download(self, export: InvoiceExport) -> str | None:
        if export.status != ExportStatus.READY:
            return None
        return f"/api/v1/invoice-exports/{export.public_id}/download/"


class ExportListQuery(ListQuery):
    orderings = {"requested_at": "requested_at"}
    default_ordering = "-requested_at"


class ExportsView(ApiView):
    @operation(
        Operation(
            name="invoice_exports_list",
            tag="invoices",
            scope=Scope.MONEY_READ,
            query=ExportListQuery,
            answers={200: page_schema(ExportOutput)},
        )
    )
    def get(self, request: Request) -> Response:
        """List one's archives."""
        return self.page(exports_of(self.user), ExportOutput)

    @operation(
        Operation(
            name="invoice_export_request",
            tag="invoices",
            scope=Scope.MONEY_READ,
            request=ExportInput,
            answers={201: ExportOutput},
            refusals=[NothingToExport, ExportTooLarge, ExportUnderWay],
            takes_key=True,
        )
    )
    @idempotent
    def post(self, request: Request) -> Response:
        """Ask for an archive of one's invoices: PDF, UBL and CII, a table, and all digests.

        It is made within minutes and kept for 7 days. One at a time.
        """
        asked = self.body(ExportInput)
        wanted = Wanted(**{**asked, "side": Side(asked["side"])})
        export = export_request(wanted=wanted, by=self.user, at=self.at)
        return Response(ExportOutput(export).data, status=201)


class ExportView(ApiView):
    @operation(
        Operation(
            name="invoice_export_read",
            tag="invoices",
            scope=Scope.MONEY_READ,
            answers={200: ExportOutput},
        )
    )
    def get(self, request: Request, export_id: str) -> Response:
        """Read how far one's archive is."""
        return Response(ExportOutput(exports_of(self.user).by_public_id(export_id)).data)


class ExportFileView(ApiView):
    @operation(
        Operation(
            name="invoice_export_download",
            tag="invoices",
            scope=Scope.MONEY_READ,
            answers={(200, "application/zip"): OpenApiTypes.BINARY},
            refusals=[ExportNotReady, ExportGone],
        )
    )
    def get(self, request: Request, export_id: str) -> StreamingHttpResponse:
        """Download one's archive."""
        export = exports_of(self.user).by_public_id(export_id)
        return StreamingHttpResponse(
            export_file(export),
            content_type="application/zip",
            headers={
                "Content-Disposition": f'attachment; filename="{export.file_name}"',
                "Content-Length": str(export.size),
            },
        )


def _error(field: str, words: str) -> ValidationError:
    return ValidationError({field: [ErrorDetail(words, "invalid")]})
