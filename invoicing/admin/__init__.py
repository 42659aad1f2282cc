"""The staff door to invoices: documents, their series, mandates, archives and foreign invoices."""

from invoicing.admin.foreign import ForeignInvoiceAdmin
from invoicing.admin.invoices import InvoiceAdmin

__all__ = ["ForeignInvoiceAdmin", "InvoiceAdmin"]
