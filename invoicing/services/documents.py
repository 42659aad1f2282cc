"""Rendering and keeping the documents of invoices."""

import hashlib
from collections.abc import Iterator, Sequence
from datetime import date, datetime
from typing import Final

from django.db import transaction
from django.utils.formats import date_format

from accounts.selectors import logo_contents
from accounts.services import attachments as mail_attachments
from accounts.services.attachments import Attachment
from accounts.services.mail import Files, Mail, Page, Values, mail_entries
from common.formats import money_for_people
from common.money import quantize
from invoicing.documents.files import files_of
from invoicing.documents.model import Document
from invoicing.documents.snapshot import document_of
from invoicing.enums import PAYABLE, DocumentKind, InvoiceKind, InvoiceStatus
from invoicing.models import Invoice, InvoiceDocument
from invoicing.selectors import FILE_ORDER, objection_ends_on, undoes_part
from outbox.services import enqueue_all

FILES: Final = "invoice"
"""What mails call the files of an invoice."""
WITHOUT_A_HAND: Final = frozenset({InvoiceKind.MILESTONE, InvoiceKind.UPFRONT, InvoiceKind.FINAL})
"""What the platform issues by itself; the freelancer sends the others and knows of them."""


def documents_make(*, invoice_ids: Sequence[int], at: datetime) -> None:
    """Render and keep all files of each invoice that has none yet; those that exist stay."""
    documents_keep(documents=documents_render(invoice_ids=invoice_ids, at=at))


def documents_render(*, invoice_ids: Sequence[int], at: datetime) -> list[InvoiceDocument]:
    """All files of each invoice that has none yet, not kept so far: no transaction is needed.

    Page, data and, where the legal data are whole, UBL and CII are made together.
    """
    missing = Invoice.objects.filter(pk__in=invoice_ids).exclude(documents__kind=DocumentKind.PDF)
    invoices = missing.select_related("project", "milestone", "credits").prefetch_related(
        "lines", "taxes", "payments"
    )
    documents = [(invoice, document_of(invoice)) for invoice in invoices.order_by("pk")]
    logos = logo_contents({document.logo for _, document in documents if document.logo})
    return [
        row
        for invoice, document in documents
        for row in _rows(invoice, document, logos.get(document.logo), at=at)
    ]


@transaction.atomic
def documents_keep(*, documents: Sequence[InvoiceDocument]) -> None:
    """Write the files; one that somebody else has written meanwhile stays, and says the same.

    The commissioner hears of the invoice now, by a mail with its files, once; of a credit note
    both sides do. The freelancer hears of what was issued in their name and is not paid yet; once
    it is, they hear of the credit instead.
    """
    InvoiceDocument.objects.bulk_create(documents, ignore_conflicts=True)
    made = {row.invoice_id for row in documents}
    related = Invoice.objects.select_related("buyer", "seller", "milestone", "project", "credits")
    of_notes = related.prefetch_related("credits__payments", "credits__credit_notes")
    issued = list(of_notes.filter(pk__in=made).order_by("pk"))
    invoices = [invoice for invoice in issued if invoice.credits is None]
    unpaid = [
        invoice
        for invoice in invoices
        if invoice.kind in WITHOUT_A_HAND and invoice.status in PAYABLE
    ]
    notes = [
        (person, note.public_id, _words_of_note(note, note.credits))
        for note in issued
        if note.credits is not None
        for person in (note.buyer, note.seller)
    ]
    to_buyers = [(one.buyer, one.public_id, _words(one)) for one in invoices]
    to_sellers = [(one.seller, one.public_id, _words_to_seller(one)) for one in unpaid]
    enqueue_all(
        [
            *mail_entries(Mail.INVOICE_ISSUED, to_buyers),
            *mail_entries(Mail.INVOICE_ISSUED_FOR_YOU, to_sellers),
            *mail_entries(Mail.CREDIT_NOTE_ISSUED, notes),
        ]
    )


def attachments(public_id: str) -> list[Attachment]:
    """An invoice's files for a mail: the page first, then UBL and CII."""
    invoice = Invoice.objects.only("number").by_public_id(public_id)
    files = sorted(
        invoice.documents.only("invoice", "kind", "content").exclude(kind=DocumentKind.DATA),
        key=lambda file: FILE_ORDER.index(file.kind),
    )
    return [Attachment(file.file_name, file.media_type, bytes(file.content)) for file in files]


def register() -> None:
    """Let mails carry the files of an invoice."""
    mail_attachments.register(FILES, attachments)


def _words(invoice: Invoice) -> Values:
    return {
        "number": invoice.number,
        "about": _about(invoice),
        "total": quantize(invoice.total),
        "due_on": _due(invoice),
        "path": Page("invoicing:detail", (invoice.public_id,)),
        "files": Files(FILES, invoice.public_id),
    }


def _due(invoice: Invoice) -> date | str:
    """Until when it is to be paid, and how much of it where that is not all."""
    if invoice.status not in PAYABLE:
        return f"nothing, it is {invoice.get_status_display().lower()}"
    if invoice.due == quantize(invoice.total):
        return invoice.due_on
    return f"{money_for_people(invoice.due)}, {date_format(invoice.due_on, 'j F Y')}"


def _words_to_seller(invoice: Invoice) -> Values:
    return {
        **_words(invoice),
        "commissioner": invoice.buyer.name,
        "ends_on": objection_ends_on(invoice),
    }


def _about(invoice: Invoice) -> str:
    """What the invoice is for, in a sentence to who gets it."""
    project = invoice.project.title
    if invoice.kind == InvoiceKind.UPFRONT:
        return f"This is the upfront invoice for “{project}”: work begins once it is paid."
    if invoice.kind == InvoiceKind.FINAL:
        return f"This is the final invoice for “{project}”: all of its work is approved."
    if invoice.milestone is None:
        return f"This is an invoice for extra work in “{project}”."
    return f"This is the invoice for “{invoice.milestone.title}”, which is approved."


def _words_of_note(note: Invoice, invoice: Invoice) -> Values:
    if note.paid_at:
        effect = "The commissioner has the money back as credit; it is taken off the wallet."
    elif undoes_part(note, invoice):
        effect = (
            "What was paid of the invoice before pays what is left of it, or the corrected one. What"
            " is not needed for that is the commissioner's credit, and is taken off the wallet."
        )
    elif invoice.status == InvoiceStatus.CREDITED:
        effect = "Nothing is due for the invoice any more."
    else:
        effect = "It is taken off what is due for the invoice."
    return {
        "number": note.number,
        "invoice": invoice.number,
        "milestone": note.subject,
        "total": quantize(note.total),
        "reason": note.reason,
        "effect": effect,
        "path": Page("invoicing:detail", (note.public_id,)),
        "files": Files(FILES, note.public_id),
    }


def _rows(
    invoice: Invoice, document: Document, logo: bytes | None, *, at: datetime
) -> Iterator[InvoiceDocument]:
    for kind, content in files_of(document, logo=logo).by_kind().items():
        digest = hashlib.sha256(content).hexdigest()
        yield InvoiceDocument(
            invoice=invoice, kind=kind, content=content, digest=digest, created_at=at
        )
