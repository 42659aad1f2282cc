"""From an approval to the wallet in one transaction, where the money is held."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from django.db import transaction

from invoicing.enums import InvoiceKind, InvoiceStatus
from invoicing.services import (
    ARGUMENTS,
    DOCUMENT,
    Draft,
    InvoiceRow,
    Issued,
    Paying,
    drafts_write,
    invoices_draft,
    invoices_wake,
)
from wallets import ledger
from wallets.services.held import held_settle, owed, paid_exactly
from wallets.services.settlement import Bill

WORKS: Final = "SELECT (w.work).*, w.held FROM wallets_works(%s::bigint[], %s, %s) w"
BILL: Final = f"""
SELECT id, key, is_owing FROM wallets_bill(
  {ARGUMENTS},
  %s::text[], %s::text[], %s::date[], %s::bigint[], %s::bigint[], %s::bigint[], %s::bigint[], %s
)
"""  # noqa: S608 - a constant
UNWRITTEN: Final = 0


@transaction.atomic
def milestones_bill(*, milestone_ids: Sequence[int], at: datetime) -> list[int]:
    """Issue the invoices of approved milestones, and pay those whose money is held; their ids.

    An invoice that comes to what is held for its milestone is written as paid, and paid by the
    same statement. One that a new tax makes another amount is paid after it, with the buyer's
    credit, or in part where that is too small. Invoices that somebody pays have their job
    (`invoice.issued`). Calling again does nothing.
    """
    drafts, batch = invoices_draft(milestone_ids=milestone_ids, statement=WORKS, at=at)
    if not drafts:
        return []
    held: dict[int | None, int] = {
        pk: amount for pk, amount in batch.beside.items() if amount is not None
    }
    bills = [
        _bill(draft)
        for draft in drafts
        if draft.work.kind == InvoiceKind.MILESTONE
        and held.get(draft.work.milestone_id) == draft.total
    ]
    paying = Paying({bill.invoice.number for bill in bills}, BILL, owed(bills, at=at))
    with ledger.refusals():
        issued = drafts_write(drafts, batch, topics=(DOCUMENT,), paying=paying, at=at)
    if bills:
        written = {invoice.draft.number: invoice for invoice in issued}
        bills = [_written(bill, written[bill.invoice.number]) for bill in bills]
        paid_exactly(bills, is_owing=issued[0].beside, at=at)
    rest = [invoice for invoice in issued if invoice.draft.number not in paying.numbers]
    differing = {invoice.pk for invoice in rest if invoice.draft.work.milestone_id in held}
    if differing:
        held_settle(invoice_ids=sorted(differing), at=at)
    invoices_wake(invoice_ids=[invoice.pk for invoice in rest if invoice.pk not in differing])
    return [invoice.pk for invoice in issued]


def _bill(draft: Draft) -> Bill:
    """What paying a draft takes; its invoice has a number, and no row yet."""
    work, terms = draft.work, draft.work.project
    return Bill(
        invoice=InvoiceRow(UNWRITTEN, "", draft.number, InvoiceStatus.SENT),
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


def _written(bill: Bill, issued: Issued) -> Bill:
    row = bill.invoice
    return bill._replace(invoice=InvoiceRow(issued.pk, issued.public_id, row.number, row.status))
