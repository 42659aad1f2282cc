"""Moving the states of issued invoices."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final, NamedTuple

from accounts import audit
from common import context
from common.arrays import bigints, texts
from common.database import fetch_rows
from invoicing.enums import INVOICE_TRANSITIONS, PAYABLE, InvoiceStatus
from invoicing.exceptions import InvoiceTransitionRefused
from invoicing.models import Invoice

PAY: Final = "SELECT invoicing_pay(%s::bigint[], %s::text[], %s::text[], %s::text[], false, %s, %s, %s::inet)"


class InvoiceRow(NamedTuple):
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
    fetch_rows(PAY, [*columns_of(invoices), at, *context.served()])


def columns_of(invoices: Sequence[InvoiceRow]) -> list[str]:
    """The rows as arrays for functions of the database: ids, public ids, numbers, states."""
    return [
        bigints([invoice.pk for invoice in invoices]),
        texts([invoice.public_id for invoice in invoices]),
        texts([invoice.number for invoice in invoices]),
        texts([invoice.status.value for invoice in invoices]),
    ]


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
