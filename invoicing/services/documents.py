"""Rendering and keeping the documents of invoices."""

import hashlib
from collections.abc import Iterator, Sequence
from datetime import datetime

from django.db import transaction

from invoicing.documents.files import files_of
from invoicing.documents.snapshot import document_of
from invoicing.enums import DocumentKind
from invoicing.models import Invoice, InvoiceDocument


def documents_make(*, invoice_ids: Sequence[int], at: datetime) -> None:
    """Render and keep all files of each invoice that has none yet; those that exist stay."""
    documents_keep(documents=documents_render(invoice_ids=invoice_ids, at=at))


def documents_render(*, invoice_ids: Sequence[int], at: datetime) -> list[InvoiceDocument]:
    """All files of each invoice that has none yet, not kept so far: no transaction is needed.

    Page, data and, where the legal data are whole, UBL and CII are made together.
    """
    missing = Invoice.objects.filter(pk__in=invoice_ids).exclude(documents__kind=DocumentKind.PDF)
    invoices = missing.select_related("project", "milestone").prefetch_related("lines", "taxes")
    return [row for invoice in invoices.order_by("pk") for row in _rows(invoice, at=at)]


@transaction.atomic
def documents_keep(*, documents: Sequence[InvoiceDocument]) -> None:
    """Write the files; one that somebody else has written meanwhile stays, and says the same."""
    InvoiceDocument.objects.bulk_create(documents, ignore_conflicts=True)


def _rows(invoice: Invoice, *, at: datetime) -> Iterator[InvoiceDocument]:
    files = files_of(document_of(invoice))
    made = {
        DocumentKind.DATA: files.data,
        DocumentKind.PDF: files.pdf,
        DocumentKind.UBL: files.ubl,
        DocumentKind.CII: files.cii,
    }
    for kind, content in made.items():
        if content is not None:
            yield InvoiceDocument(
                invoice=invoice,
                kind=kind,
                content=content,
                digest=hashlib.sha256(content).hexdigest(),
                created_at=at,
            )
