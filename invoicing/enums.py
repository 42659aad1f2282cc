"""Kinds and states of invoices."""

from django.db import models


class InvoiceKind(models.TextChoices):
    MILESTONE = "milestone", "Milestone invoice"


class InvoiceStatus(models.TextChoices):
    SENT = "sent", "Sent"
    OVERDUE = "overdue", "Overdue"
    ON_HOLD = "on_hold", "On hold"
    PAID = "paid", "Paid"


class TaxCategory(models.TextChoices):
    """How the tax office sees a line (EN 16931 BT-151; UNTDID 5305)."""

    STANDARD = "S", "Standard rate"
    ZERO = "Z", "Zero rate"
    EXEMPT = "E", "Exempt"
    REVERSE_CHARGE = "AE", "Reverse charge"
    OUTSIDE = "O", "Outside the scope of tax"


class Side(models.TextChoices):
    """On which side of an invoice somebody stands."""

    SENT = "sent", "Sent"
    RECEIVED = "received", "Received"


class DocumentKind(models.TextChoices):
    """The files of an invoice. DATA is what the others were made of, and can be made of again."""

    PDF = "pdf", "PDF"
    UBL = "ubl", "UBL"
    CII = "cii", "CII"
    DATA = "data", "Data"


DOCUMENT_FILES: dict[DocumentKind, tuple[str, str]] = {
    DocumentKind.PDF: ("{number}.pdf", "application/pdf"),
    DocumentKind.UBL: ("{number}-ubl.xml", "application/xml"),
    DocumentKind.CII: ("{number}-cii.xml", "application/xml"),
    DocumentKind.DATA: ("{number}.json", "application/json"),
}
"""Under which name and media type each is downloaded."""


INVOICE_TRANSITIONS: dict[InvoiceStatus, frozenset[InvoiceStatus]] = {
    InvoiceStatus.SENT: frozenset(
        {InvoiceStatus.OVERDUE, InvoiceStatus.ON_HOLD, InvoiceStatus.PAID}
    ),
    InvoiceStatus.OVERDUE: frozenset({InvoiceStatus.ON_HOLD, InvoiceStatus.PAID}),
    InvoiceStatus.ON_HOLD: frozenset({InvoiceStatus.PAID}),
    InvoiceStatus.PAID: frozenset(),
}

PAYABLE = frozenset({InvoiceStatus.SENT, InvoiceStatus.OVERDUE, InvoiceStatus.ON_HOLD})
