"""Rows of invoicing."""

from invoicing.models.claims import (
    FIRST_WAIT,
    LATER_WAIT,
    REMINDERS_BEFORE_REPORT,
    InvoiceObjection,
    InvoiceReminder,
    InvoiceReport,
)
from invoicing.models.documents import InvoiceDocument
from invoicing.models.exports import InvoiceExport, InvoiceExportPart
from invoicing.models.fees import FeeDocument, FeeInvoice
from invoicing.models.foreign import ForeignInvoice
from invoicing.models.invoices import (
    LUMP_SUM,
    Invoice,
    InvoiceLine,
    InvoiceQuerySet,
    InvoiceTax,
)
from invoicing.models.mandates import (
    IssuingMandate,
)
from invoicing.models.papers import InvoiceDraft, InvoiceDraftQuerySet, ManualLine
from invoicing.models.series import InvoiceSeries, Issuer

__all__ = [
    "FIRST_WAIT",
    "LATER_WAIT",
    "LUMP_SUM",
    "REMINDERS_BEFORE_REPORT",
    "FeeDocument",
    "FeeInvoice",
    "ForeignInvoice",
    "Invoice",
    "InvoiceDocument",
    "InvoiceDraft",
    "InvoiceDraftQuerySet",
    "InvoiceExport",
    "InvoiceExportPart",
    "InvoiceLine",
    "InvoiceObjection",
    "InvoiceQuerySet",
    "InvoiceReminder",
    "InvoiceReport",
    "InvoiceSeries",
    "InvoiceTax",
    "Issuer",
    "IssuingMandate",
    "ManualLine",
]
