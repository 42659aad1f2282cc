"""From an approval to the wallet in one transaction, where the money is held."""

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from invoicing.enums import InvoiceKind, InvoiceStatus
from invoicing.services import (
    DOCUMENT,
    InvoiceRow,
    Issued,
    drafts_write,
    invoices_draft,
    invoices_wake,
)
from wallets.services.held import held_for, held_settle, pay_exactly
from wallets.services.settlement import Bill


@transaction.atomic
def milestones_bill(*, milestone_ids: Sequence[int], at: datetime) -> list[int]:
    """Issue the invoices of approved milestones, and pay those whose money is held; their ids.

    An invoice that comes to what is held for its milestone is written as paid. One that a new tax
    makes another amount is paid after it, with the buyer's credit, or in part where that is too
    small. Invoices that somebody pays have their job (`invoice.issued`). Calling again does nothing.
    """
    drafts, batch = invoices_draft(milestone_ids=milestone_ids, at=at)
    held = held_for(draft.work.milestone_id for draft in drafts)
    paid = {
        draft.number
        for draft in drafts
        if draft.work.kind == InvoiceKind.MILESTONE
        and held.get(draft.work.milestone_id) == draft.total
    }
    issued = drafts_write(drafts, batch, topics=(DOCUMENT,), paid=paid, at=at)
    if paid:
        bills = [_bill(invoice) for invoice in issued if invoice.draft.number in paid]
        pay_exactly(bills, is_written=True, at=at)
    rest = [invoice for invoice in issued if invoice.draft.number not in paid]
    differing = {invoice.pk for invoice in rest if invoice.draft.work.milestone_id in held}
    if differing:
        held_settle(invoice_ids=sorted(differing), at=at)
    invoices_wake(invoice_ids=[invoice.pk for invoice in rest if invoice.pk not in differing])
    return [invoice.pk for invoice in issued]


def _bill(issued: Issued) -> Bill:
    draft, work, terms = issued.draft, issued.draft.work, issued.draft.work.project
    return Bill(
        invoice=InvoiceRow(issued.pk, issued.public_id, draft.number, InvoiceStatus.SENT),
        kind=work.kind,
        project_id=terms.pk,
        clearing_days=terms.clearing_days,
        milestone_id=work.milestone_id,
        subject=work.subject,
        currency=work.currency,
        total=draft.total,
        tax=draft.tax,
        fee=draft.split.fee,
        net=draft.total - draft.split.fee,
        buyer_id=terms.commissioner_id,
        seller_id=terms.freelancer_id,
        is_corrected=False,
    )
