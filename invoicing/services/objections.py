"""A freelancer's objection to an invoice that was issued in their name."""

from datetime import datetime

from django.db import transaction

from accounts import audit
from accounts.models import User
from accounts.policies import require
from accounts.selectors import staff
from accounts.services.mail import Mail, Page, Values, mail_enqueue_many
from invoicing.enums import InvoiceKind, InvoiceStatus
from invoicing.exceptions import AlreadyCredited, AlreadyObjected, NotAnInvoice, ObjectionTooLate
from invoicing.models import Invoice, InvoiceObjection
from invoicing.policies import is_seller
from invoicing.selectors import objection_ends_on


@transaction.atomic
def invoice_object(*, invoice_id: int, reason: str, by: User, at: datetime) -> InvoiceObjection:
    """Record that the seller does not accept the invoice, and why; buyer and staff are told.

    Once, within OBJECTION_DAYS of the issue; silence is acceptance (Directive 2006/112/EC
    Art. 224). A note is not objected to, nor what is credited: nothing would correct either.
    AlreadyCredited, AlreadyObjected, NotAnInvoice, ObjectionTooLate, PermissionRefused.
    """
    invoice = Invoice.objects.select_related("buyer").locked().get(pk=invoice_id)
    require(is_seller(by, invoice), "Only the freelancer can object to the invoice.")
    if invoice.kind == InvoiceKind.CREDIT_NOTE:
        raise NotAnInvoice
    if invoice.status == InvoiceStatus.CREDITED:
        raise AlreadyCredited
    if InvoiceObjection.objects.filter(invoice=invoice).exists():
        raise AlreadyObjected
    last_day = objection_ends_on(invoice)
    if at.date() > last_day:
        raise ObjectionTooLate(f"Objections were possible until {last_day.isoformat()}.")
    objection = InvoiceObjection.objects.create(
        invoice=invoice, by=by, reason=reason.strip(), created_at=at
    )
    entry = audit.Record(
        event="invoice.objected", target=invoice, after={"reason": objection.reason[:200]}
    )
    audit.record(entry, by=by, at=at)
    words: Values = {
        "number": invoice.number,
        "freelancer": by.name,
        "reason": objection.reason,
        "path": Page("invoicing:detail", (invoice.public_id,)),
    }
    mail_enqueue_many(
        Mail.INVOICE_OBJECTED,
        [(person, invoice.public_id, words) for person in [invoice.buyer, *staff()]],
    )
    return objection
