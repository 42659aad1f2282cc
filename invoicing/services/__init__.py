"""Writes of invoicing: issuing, states, documents."""

from invoicing.services.chasing import invoice_remind, invoice_report
from invoicing.services.crediting import credit_note_issue
from invoicing.services.documents import documents_keep, documents_make, documents_render
from invoicing.services.drafts import ARGUMENTS, Draft, Issued, Paying
from invoicing.services.issuing import (
    DOCUMENT,
    ISSUED,
    drafts_write,
    invoice_issue_anew,
    invoices_draft,
    invoices_issue,
    invoices_wake,
    totals_on,
    upfronts_issue,
)
from invoicing.services.mandates import mandate_accept, mandate_revoke
from invoicing.services.manual import draft_cancel, draft_create, draft_edit, draft_send
from invoicing.services.objections import invoice_object
from invoicing.services.on_request import invoice_issue_for
from invoicing.services.overdue import OVERDUE, invoices_become_overdue
from invoicing.services.states import InvoiceRow, invoice_put_on_hold, invoices_mark_paid

__all__ = [
    "ARGUMENTS",
    "DOCUMENT",
    "ISSUED",
    "OVERDUE",
    "Draft",
    "InvoiceRow",
    "Issued",
    "Paying",
    "credit_note_issue",
    "documents_keep",
    "documents_make",
    "documents_render",
    "draft_cancel",
    "draft_create",
    "draft_edit",
    "draft_send",
    "drafts_write",
    "invoice_issue_anew",
    "invoice_issue_for",
    "invoice_object",
    "invoice_put_on_hold",
    "invoice_remind",
    "invoice_report",
    "invoices_become_overdue",
    "invoices_draft",
    "invoices_issue",
    "invoices_mark_paid",
    "invoices_wake",
    "mandate_accept",
    "mandate_revoke",
    "totals_on",
    "upfronts_issue",
]
