"""Rendering and keeping the documents of invoices."""

import hashlib
from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from invoicing.documents import render_pdf, snapshot_of
from invoicing.enums import DocumentKind
from invoicing.models import Invoice, InvoiceDocument


@transaction.atomic
def documents_make(*, invoice_ids: Sequence[int], at: datetime) -> None:
    """Render and keep the PDF of each invoice that has none yet; one that exists stays."""
    missing = Invoice.objects.filter(pk__in=invoice_ids).exclude(documents__kind=DocumentKind.PDF)
    documents = []
    for invoice in missing.prefetch_related("lines").order_by("pk"):
        content = render_pdf(snapshot_of(invoice))
        documents.append(
            InvoiceDocument(
                invoice=invoice,
                kind=DocumentKind.PDF,
                content=content,
                digest=hashlib.sha256(content).hexdigest(),
                created_at=at,
            )
        )
    InvoiceDocument.objects.bulk_create(documents, ignore_conflicts=True)
