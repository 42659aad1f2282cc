"""Refusals around invoices."""

from common.exceptions import DomainError, TransitionRefused


class InvoiceTransitionRefused(TransitionRefused):
    """The invoice's state does not allow the move."""


class MilestoneNotApproved(DomainError):
    code = "milestone_not_approved"
    default_message = "An invoice is issued once the milestone is approved."


class DocumentNotReady(DomainError):
    code = "document_not_ready"
    retry_after = 1
    default_message = "The document is being made; ask again in a second."


class NoElectronicInvoice(DomainError):
    code = "no_electronic_invoice"
    status = 404
    default_message = (
        "This invoice is a PDF only: legal data of a party were missing when it was issued."
    )
