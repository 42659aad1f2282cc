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


class MandateOutdated(DomainError):
    code = "mandate_outdated"
    default_message = "There is a newer text of the mandate; read and accept that one."


class NoMandate(DomainError):
    code = "no_mandate"
    default_message = "There is no mandate to revoke."


class AlreadyObjected(DomainError):
    code = "already_objected"
    default_message = "You have objected to this invoice already."


class ObjectionTooLate(DomainError):
    code = "objection_too_late"
    default_message = "The days to object to this invoice are over."
