"""Refusals around invoices."""

from collections.abc import Sequence
from datetime import datetime
from math import ceil

from django.utils.formats import date_format

from common.exceptions import DomainError, FieldError, TransitionRefused


class InvoiceTransitionRefused(TransitionRefused):
    """The invoice's state does not allow the move."""


class DraftTransitionRefused(TransitionRefused):
    """The draft has been sent or cancelled."""


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


class NotAnInvoice(DomainError):
    code = "not_an_invoice"
    default_message = "This is a credit note: it is not paid, not credited and not objected to."


class AlreadyCredited(DomainError):
    code = "already_credited"
    default_message = "This invoice has been credited in full."


class CreditTooHigh(DomainError):
    """Says how much can still be credited."""

    code = "credit_too_high"
    status = 400
    default_message = "No more can be credited than is left of the invoice."


class AlreadyObjected(DomainError):
    code = "already_objected"
    default_message = "You have objected to this invoice already."


class ObjectionTooLate(DomainError):
    code = "objection_too_late"
    default_message = "The days to object to this invoice are over."


class InvoiceNotOpen(DomainError):
    code = "invoice_not_open"
    default_message = "This invoice does not wait for payment."


class ReminderTooEarly(DomainError):
    """Says when the next reminder is possible, in words and as `retry_after`."""

    code = "reminder_too_early"
    default_message = "The commissioner was reminded not long ago."

    def __init__(self, possible_at: datetime, *, at: datetime) -> None:
        self.retry_after = max(1, ceil((possible_at - at).total_seconds()))
        when = date_format(possible_at, "j F Y, H:i")
        super().__init__(f"The next reminder is possible on {when} UTC.")


class ReportTooEarly(DomainError):
    code = "report_too_early"
    default_message = "Remind the commissioner twice before you call staff."


class InvoiceAlreadyReported(DomainError):
    code = "already_reported"
    default_message = "Staff know about this invoice already."


class ExportTransitionRefused(TransitionRefused):
    """The export's state does not allow the move."""


class ExportUnderWay(DomainError):
    code = "export_under_way"
    default_message = "Another export of yours is being made; wait until it is ready."


class NothingToExport(DomainError):
    code = "nothing_to_export"
    default_message = "There is no invoice of that kind in that time."


class ExportTooLarge(DomainError):
    code = "export_too_large"
    default_message = "An export is limited in size; choose a shorter time."


class ExportNotReady(DomainError):
    code = "export_not_ready"
    retry_after = 5
    default_message = "The export is not ready."


class ExportGone(DomainError):
    code = "export_gone"
    status = 410
    default_message = "The export is not there any more; ask for it again."


class ForeignUnreadable(DomainError):
    code = "foreign_unreadable"
    status = 422
    default_message = "This is no electronic invoice that can be read."


class ForeignImported(DomainError):
    code = "foreign_imported"
    default_message = "This file was imported before."


class ForeignLimit(DomainError):
    code = "foreign_limit"
    default_message = "You keep as many foreign invoices as one person can."


class ForeignIncomplete(DomainError):
    """Its errors are the rules that the document breaks."""

    code = "foreign_incomplete"
    status = 422
    default_message = "The invoice breaks rules; `errors` names them."

    def __init__(self, errors: Sequence[FieldError]) -> None:
        self.errors = tuple(errors)
        rules = "rule" if len(self.errors) == 1 else "rules"
        super().__init__(f"The invoice breaks {len(self.errors)} {rules}.")
