"""Issuing invoices for approved milestones: numbered, frozen, in set-based batches."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime

from django.db import transaction

from common.failpoints import failpoint
from common.money import next_fee, tax_on, to_minor
from common.public_ids import format_public_id
from gigs.models import Project
from gigs.services import extra_note_invoiced
from invoicing import numbering
from invoicing.enums import InvoiceKind
from invoicing.models import Invoice
from invoicing.numbering import Counter
from invoicing.services.drafts import (
    NOBODY,
    Decisions,
    Draft,
    Issued,
    Paying,
    copies_of,
    write,
)
from invoicing.services.works import Batch, Terms, Work, upfront_works, work_anew, works_of
from invoicing.tax import Decision
from outbox.services import enqueue_many, nudge_for

ISSUED = "invoice.issued"
DOCUMENT = "invoice.document"


def totals_on(project: Project, amounts: Mapping[int, int], *, on: date) -> dict[int, int]:
    """What invoices over these prices of a project would come to that day, tax included.

    Minor units, by the keys of `amounts`.
    """
    terms = Terms.of(project)
    decision = Decisions(copies_of([terms]), {}, on=on).of(terms)
    rate = decision.rate if decision is not None else None
    return {key: price + (tax_on(rate, price) if rate else 0) for key, price in amounts.items()}


@transaction.atomic
def invoices_issue(*, milestone_ids: Sequence[int], at: datetime) -> list[int]:
    """Issue what approvals of these milestones lead to; ids in order of approval.

    An invoice for each milestone that has none; by the completion method the final one of a project
    once all its milestones are approved.
    Locks projects, milestones and series in primary-key order. The fee is the next one of its
    project (product rule 3.3), in order of approval; numbers are gapless because each series'
    row stays locked until its invoices are committed. Tax is decided from the legal data of the
    day and frozen with its rule (docs/tax.md). Milestones that are not approved are left.
    """
    return works_issue(works_of(milestone_ids, year=at.year), at=at)


@transaction.atomic
def invoice_issue_anew(*, invoice_id: int, at: datetime) -> int:
    """Issue the invoice that stands for one that was credited in full; its id.

    The same lines of the same kind, with the legal data, tax and fee of the day. The project is
    locked by the caller, who wants it once.
    """
    invoice = Invoice.objects.select_related("project", "milestone").get(pk=invoice_id)
    if invoice.kind == InvoiceKind.MANUAL and invoice.milestone is None:
        extra_note_invoiced(project_id=invoice.project_id, amount=to_minor(invoice.subtotal))
    [corrected] = works_issue(Batch(works=[work_anew(invoice)]), at=at)
    return corrected


@transaction.atomic
def upfronts_issue(*, project_ids: Sequence[int], at: datetime) -> list[int]:
    """Issue the upfront invoice of each project that awaits one and has none; ids."""
    return works_issue(Batch(works=upfront_works(project_ids)), at=at)


def works_issue(batch: Batch, *, at: datetime) -> list[int]:
    """Number, freeze and write these invoices, in this order; ids. Their projects are locked."""
    drafts = works_draft(batch, at=at)
    issued = drafts_write(drafts, batch, topics=(ISSUED, DOCUMENT), at=at)
    return [invoice.pk for invoice in issued]


def invoices_draft(
    *, milestone_ids: Sequence[int], statement: str, at: datetime
) -> tuple[list[Draft], Batch]:
    """What `invoices_issue` would write of these milestones, for a caller that writes it itself.

    In the same transaction by `drafts_write`: the locks are taken, the numbers and fees given out.
    The caller's `statement` reads the works, and one column `beside` them.
    """
    batch = works_of(milestone_ids, year=at.year, statement=statement)
    return works_draft(batch, at=at), batch


def works_draft(batch: Batch, *, at: datetime) -> list[Draft]:
    """Number these invoices and compute their amounts, in this order. Their projects are locked."""
    works, counters = batch.works, batch.counters
    if not works:
        return []
    sellers = {work.project.freelancer_id for work in works}
    if missing := sellers - counters.keys():
        counters |= numbering.counters_for(missing, year=at.year)
    if missing_copies := [
        work.project for work in works if work.project.seller_key not in batch.copies
    ]:
        batch.copies |= copies_of(missing_copies)
    failpoint("issue.locked")
    decisions = Decisions(batch.copies, batch.facts, on=at.date())
    return [
        _draft(work, counters[work.project.freelancer_id], decisions.of(work.project))
        for work in works
    ]


def drafts_write(
    drafts: Sequence[Draft],
    batch: Batch,
    *,
    topics: Sequence[str],
    paying: Paying = NOBODY,
    at: datetime,
) -> list[Issued]:
    """Write the drafted invoices, the numbers of their series and the totals of their projects."""
    if not drafts:
        return []
    issued = write(drafts, batch.copies, topics=topics, paying=paying, at=at)
    nudge_for(topics)
    failpoint("issue.written")
    return issued


def _draft(work: Work, counter: Counter, decision: Decision | None) -> Draft:
    """Take the next fee and number; the counters move in memory, under locks held until commit.

    The tax comes on top of the price and is the freelancer's in full: the fee is on the price.
    """
    terms = work.project
    split = next_fee(
        rate=terms.fee_rate,
        gross_before=terms.invoiced_minor,
        fees_before=terms.fees_minor,
        gross=work.gross,
    )
    terms.invoiced_minor += split.gross
    terms.fees_minor += split.fee
    position, number = counter.take()
    rate = decision.rate if decision is not None else None
    return Draft(
        work=work,
        series_id=counter.series_id,
        position=position,
        number=number,
        split=split,
        decision=decision,
        tax=tax_on(rate, work.gross) if rate else 0,
    )


def invoices_wake(*, invoice_ids: Sequence[int]) -> None:
    """Ask for what follows from invoices, in the transaction that issued them."""
    if not invoice_ids:
        return
    rows = Invoice.objects.among(invoice_ids).order_by("pk").values_list("pk", "uuid")
    enqueue_many(
        ISSUED, [(format_public_id(Invoice.PREFIX, uuid), {"invoice": pk}) for pk, uuid in rows]
    )
