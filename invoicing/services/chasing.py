"""What a freelancer can do about an invoice that is not paid: remind, and call staff."""

from datetime import datetime

from django.db import IntegrityError, transaction

from accounts import audit
from accounts.models import User
from accounts.policies import require
from accounts.selectors import staff
from accounts.services.mail import Mail, Page, Values, mail_enqueue, mail_enqueue_many
from invoicing import policies
from invoicing.enums import PAYABLE
from invoicing.exceptions import (
    InvoiceAlreadyReported,
    InvoiceNotOpen,
    ReminderTooEarly,
    ReportTooEarly,
)
from invoicing.models import (
    REMINDERS_BEFORE_REPORT,
    Invoice,
    InvoiceReminder,
    InvoiceReport,
)


@transaction.atomic
def invoice_remind(*, invoice_id: int, by: User, at: datetime) -> InvoiceReminder:
    """Mail the commissioner that an invoice waits; for its freelancer.

    The first one at any time, the second 48 hours later, the others 72 hours apart:
    ReminderTooEarly says when the next one is possible. InvoiceNotOpen, PermissionRefused.
    """
    invoice = _open(invoice_id, by=by)
    sent = list(invoice.reminders.order_by("position").values_list("sent_at", flat=True))
    possible_at = InvoiceReminder.next_at(sent)
    if possible_at is not None and at < possible_at:
        raise ReminderTooEarly(possible_at, at=at)
    reminder = InvoiceReminder(invoice=invoice, position=len(sent) + 1, sent_by=by, sent_at=at)
    try:
        with transaction.atomic():
            reminder.save()
    except IntegrityError as error:
        raise ReminderTooEarly(InvoiceReminder.next_at([*sent, at]) or at, at=at) from error
    audit.record(
        audit.Record(
            event="invoice.reminded", target=invoice, after={"reminders": reminder.position}
        ),
        by=by,
        at=at,
    )
    mail_enqueue(
        Mail.INVOICE_REMINDER,
        to=invoice.buyer,
        key=f"{invoice.public_id}:{reminder.position}",
        context={
            "number": invoice.number,
            "milestone": invoice.subject,
            "freelancer": by.name,
            "total": invoice.due,
            "due_on": invoice.due_on,
            "path": Page("invoicing:detail", (invoice.public_id,)),
        },
    )
    return reminder


@transaction.atomic
def invoice_report(*, invoice_id: int, message: str, by: User, at: datetime) -> InvoiceReport:
    """Tell staff that reminders did not help; once an invoice, for its freelancer.

    ReportTooEarly before two reminders, InvoiceAlreadyReported, InvoiceNotOpen,
    PermissionRefused.
    """
    invoice = _open(invoice_id, by=by)
    if invoice.reminders.count() < REMINDERS_BEFORE_REPORT:
        raise ReportTooEarly
    report = InvoiceReport(invoice=invoice, message=message, reported_by=by, reported_at=at)
    try:
        with transaction.atomic():
            report.save()
    except IntegrityError as error:
        raise InvoiceAlreadyReported from error
    audit.record(
        audit.Record(event="invoice.reported", target=invoice, after={"message": message}),
        by=by,
        at=at,
    )
    words: Values = {
        "number": invoice.number,
        "freelancer": by.name,
        "commissioner": invoice.buyer.name,
        "total": invoice.due,
        "due_on": invoice.due_on,
        "comment": message,
        "path": Page("admin:invoicing_invoicereport_change", (str(report.pk),)),
    }
    mail_enqueue_many(
        Mail.INVOICE_REPORTED, [(person, invoice.public_id, words) for person in staff()]
    )
    return report


def _open(invoice_id: int, *, by: User) -> Invoice:
    invoice = Invoice.objects.select_related("buyer", "milestone").locked().get(pk=invoice_id)
    require(policies.is_seller(by, invoice), "Only the invoice's freelancer can do this.")
    if invoice.status not in PAYABLE:
        raise InvoiceNotOpen
    return invoice
