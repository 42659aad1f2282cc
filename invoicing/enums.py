"""Kinds and states of invoices."""

from django.db import models


class InvoiceKind(models.TextChoices):
    MILESTONE = "milestone", "Milestone invoice"
    UPFRONT = "upfront", "Upfront invoice"
    FINAL = "final", "Final invoice"
    MANUAL = "manual", "Manual invoice"
    CREDIT_NOTE = "credit_note", "Credit note"


class SeriesFamily(models.TextChoices):
    """Kinds that are numbered together: all invoices in one series, credit notes in another."""

    INVOICE = "invoice", "Invoices"
    CREDIT_NOTE = "credit_note", "Credit notes"


NUMBER_MARKS: dict[SeriesFamily, str] = {
    SeriesFamily.INVOICE: "",
    SeriesFamily.CREDIT_NOTE: "C",
}
"""What stands behind the issuer's code in the numbers of a family: K7QMC-2026-00001."""

MILESTONE_KINDS = (InvoiceKind.MILESTONE,)
"""Kinds that are about one milestone always. Others may name one."""
OWN_KINDS = (InvoiceKind.MILESTONE, InvoiceKind.MANUAL)
"""Kinds of which one about a milestone is that milestone's own invoice."""
WHOLE_KINDS = (InvoiceKind.UPFRONT, InvoiceKind.FINAL)
"""Kinds of the completion method that are about a project as a whole, one of each."""


class InvoiceStatus(models.TextChoices):
    SENT = "sent", "Sent"
    OVERDUE = "overdue", "Overdue"
    ON_HOLD = "on_hold", "On hold"
    PAID = "paid", "Paid"
    CREDITED = "credited", "Credited"
    ISSUED = "issued", "Issued"


class DraftStatus(models.TextChoices):
    """States of an invoice by hand before it has a number."""

    DRAFT = "draft", "Draft"
    SENT = "sent", "Sent"
    CANCELLED = "cancelled", "Cancelled"


class Unit(models.TextChoices):
    """What lines count, by UN/ECE recommendation 20 and 21."""

    LUMP_SUM = "LS", "Lump sum"
    PIECE = "C62", "Piece"
    HOUR = "HUR", "Hour"
    DAY = "DAY", "Day"
    MONTH = "MON", "Month"
    EACH = "EA", "Each"
    ITEM = "H87", "Item"


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
        {
            InvoiceStatus.OVERDUE,
            InvoiceStatus.ON_HOLD,
            InvoiceStatus.PAID,
            InvoiceStatus.CREDITED,
        }
    ),
    InvoiceStatus.OVERDUE: frozenset(
        {InvoiceStatus.ON_HOLD, InvoiceStatus.PAID, InvoiceStatus.CREDITED}
    ),
    InvoiceStatus.ON_HOLD: frozenset({InvoiceStatus.PAID, InvoiceStatus.CREDITED}),
    InvoiceStatus.PAID: frozenset({InvoiceStatus.CREDITED}),
    InvoiceStatus.CREDITED: frozenset(),
    InvoiceStatus.ISSUED: frozenset(),
}
"""A credit note is ISSUED and stays so."""


DRAFT_TRANSITIONS: dict[DraftStatus, frozenset[DraftStatus]] = {
    DraftStatus.DRAFT: frozenset({DraftStatus.SENT, DraftStatus.CANCELLED}),
    DraftStatus.SENT: frozenset(),
    DraftStatus.CANCELLED: frozenset(),
}

PAYABLE = frozenset({InvoiceStatus.SENT, InvoiceStatus.OVERDUE, InvoiceStatus.ON_HOLD})


class ExportKind(models.TextChoices):
    FILES = "files", "Files of invoices"
    YEAR = "year", "Tables of a year"


class ExportStatus(models.TextChoices):
    PENDING = "pending", "Being made"
    READY = "ready", "Ready"
    FAILED = "failed", "Not made"
    EXPIRED = "expired", "Expired"


EXPORT_TRANSITIONS: dict[ExportStatus, frozenset[ExportStatus]] = {
    ExportStatus.PENDING: frozenset({ExportStatus.READY, ExportStatus.FAILED}),
    ExportStatus.READY: frozenset({ExportStatus.EXPIRED}),
    ExportStatus.FAILED: frozenset(),
    ExportStatus.EXPIRED: frozenset(),
}


class FeeKind(models.TextChoices):
    """The platform's own documents to a freelancer."""

    FEE = "fee", "Fee invoice"
    CREDIT = "fee_credit", "Fee credit note"


FEE_FAMILIES: dict[FeeKind, SeriesFamily] = {
    FeeKind.FEE: SeriesFamily.INVOICE,
    FeeKind.CREDIT: SeriesFamily.CREDIT_NOTE,
}
"""In which series of the platform each is numbered."""


class ForeignFormat(models.TextChoices):
    """As what an invoice of somebody else came."""

    PDF = "pdf", "Factur-X"
    CII = "cii", "CII"
    UBL = "ubl", "UBL"
