"""What the downloads of an invoice's files share, whoever issued it."""

from collections.abc import Sequence

from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes

from accounts.enums import Scope
from common.api.schema import Operation
from common.exceptions import DomainError
from common.http import download
from invoicing.enums import DOCUMENT_FILES, DocumentKind
from invoicing.exceptions import DocumentNotReady, NoElectronicInvoice
from invoicing.models import FeeDocument, InvoiceDocument


def file_operation(name: str, kind: DocumentKind) -> Operation:
    """The operation that downloads files of that kind."""
    refusals: Sequence[type[DomainError]] = [DocumentNotReady, NoElectronicInvoice]
    return Operation(
        name=name,
        tag="invoices",
        scope=Scope.MONEY_READ,
        answers={(200, DOCUMENT_FILES[kind][1]): OpenApiTypes.BINARY},
        refusals=refusals[:1] if kind == DocumentKind.PDF else refusals,
    )


def file_answer(file: FeeDocument | InvoiceDocument) -> HttpResponse:
    """The file as it was kept."""
    return download(bytes(file.content), media_type=file.media_type, name=file.file_name)
