"""Moving the states of issued invoices."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from accounts import audit
from invoicing.enums import INVOICE_TRANSITIONS, PAYABLE, InvoiceStatus
from invoicing.exceptions import InvoiceTransitionRefused
from invoicing.models import Invoice


@dataclass(frozen=True, slots=True)
class InvoiceRow:
    """A locked invoice as a batch needs it."""

    pk: int
    public_id: str
    number: str
    status: InvoiceStatus

    @property
    def subject(self) -> audit.Subject:
        return audit.Subject(self.public_id, f"#{self.pk} {self.number}")


def invoices_mark_paid(*, invoices: Sequence[InvoiceRow], at: datetime) -> None:
    """Mark invoices, locked by the caller, as paid. InvoiceTransitionRefused."""
    for invoice in invoices:
        if InvoiceStatus.PAID not in INVOICE_TRANSITIONS[invoice.status]:
            raise InvoiceTransitionRefused(
                f"An invoice that is {invoice.status.label.lower()} cannot become paid."
            )
    Invoice.objects.among(invoice.pk for invoice in invoices).update(
        status=InvoiceStatus.PAID, paid_at=at
    )
    audit.record_many(
        [
            audit.Record(
                event="invoice.paid",
                target=invoice.subject,
                before={"status": invoice.status},
                after={"status": InvoiceStatus.PAID},
            )
            for invoice in invoices
        ],
        by=None,
        at=at,
    )


def invoice_put_on_hold(*, invoice: Invoice, at: datetime) -> None:
    """Note that automatic payment failed; nothing changes for one that is on hold already."""
    if invoice.status not in PAYABLE or invoice.status == InvoiceStatus.ON_HOLD:
        return
    before = invoice.status
    invoice.move_to(InvoiceStatus.ON_HOLD)
    invoice.save(update_fields=["status"])
    audit.record(
        audit.Record(
            event="invoice.on_hold",
            target=invoice,
            before={"status": before},
            after={"status": invoice.status},
        ),
        by=None,
        at=at,
    )
