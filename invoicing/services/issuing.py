"""Issuing invoices for approved milestones: numbered, frozen, in set-based batches."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime

from django.db import transaction

from accounts import audit
from common.failpoints import failpoint
from common.money import decimal_of, next_fee, tax_on, to_minor
from common.public_ids import format_public_id
from gigs.models import Project
from gigs.services import extra_note_invoiced, projects_note_invoiced
from invoicing import numbering
from invoicing.enums import InvoiceKind, InvoiceStatus
from invoicing.models import Invoice
from invoicing.numbering import Counter
from invoicing.services.drafts import Decisions, Draft, people_of, write
from invoicing.services.works import Terms, Work, upfront_works, work_anew, works_of
from invoicing.tax import Decision
from outbox.services import Entry, enqueue_all, enqueue_many

ISSUED = "invoice.issued"
DOCUMENT = "invoice.document"


def totals_on(project: Project, amounts: Mapping[int, int], *, on: date) -> dict[int, int]:
    """What invoices over these prices of a project would come to that day, tax included.

    Minor units, by the keys of `amounts`.
    """
    terms = Terms.of(project)
    decision = Decisions(people_of([terms]), on=on).of(terms)
    rate = decision.rate if decision is not None else None
    return {key: price + (tax_on(rate, price) if rate else 0) for key, price in amounts.items()}


@transaction.atomic
def invoices_issue(
    *, milestone_ids: Sequence[int], at: datetime, is_waking: bool = True
) -> list[int]:
    """Issue what approvals of these milestones lead to; ids in order of approval.

    An invoice for each milestone that has none; by the completion method the final one of a project
    once all its milestones are approved.
    Locks projects, milestones and series in primary-key order. The fee is the next one of its
    project (product rule 3.3), in order of approval; numbers are gapless because each series'
    row stays locked until its invoices are committed. Tax is decided from the legal data of the
    day and frozen with its rule (docs/tax.md). Milestones that are not approved are left. A caller
    that goes on with the invoices itself does not wake the job that would (`invoices_wake`).
    """
    return works_issue(works_of(milestone_ids), at=at, is_waking=is_waking)


@transaction.atomic
def invoice_issue_anew(*, invoice_id: int, at: datetime) -> int:
    """Issue the invoice that stands for one that was credited in full; its id.

    The same lines of the same kind, with the legal data, tax and fee of the day. The project is
    locked by the caller, who wants it once.
    """
    invoice = Invoice.objects.select_related("project", "milestone").get(pk=invoice_id)
    if invoice.kind == InvoiceKind.MANUAL and invoice.milestone is None:
        extra_note_invoiced(project_id=invoice.project_id, amount=to_minor(invoice.subtotal))
    [corrected] = works_issue([work_anew(invoice)], at=at)
    return corrected


@transaction.atomic
def upfronts_issue(*, project_ids: Sequence[int], at: datetime) -> list[int]:
    """Issue the upfront invoice of each project that awaits one and has none; ids."""
    return works_issue(upfront_works(project_ids), at=at)


def works_issue(works: Sequence[Work], *, at: datetime, is_waking: bool = True) -> list[int]:
    """Number, freeze and write these invoices, in this order; ids. Their projects are locked."""
    if not works:
        return []
    people = people_of([work.project for work in works])
    counters = numbering.counters_for({work.project.freelancer_id for work in works}, year=at.year)
    failpoint("issue.locked")
    decisions = Decisions(people, on=at.date())
    drafts = [
        _draft(work, counters[work.project.freelancer_id], decisions.of(work.project))
        for work in works
    ]
    written = write(drafts, people, at=at)
    failpoint("issue.written")
    numbering.advance(counters.values())
    failpoint("issue.numbered")
    projects_note_invoiced(
        {work.project.pk: (work.project.invoiced_minor, work.project.fees_minor) for work in works}
    )
    issued = {
        draft.number: (pk, format_public_id(Invoice.PREFIX, uuid))
        for draft in drafts
        for pk, uuid in [written[draft.number]]
    }
    _announce(drafts, issued, (ISSUED, DOCUMENT) if is_waking else (DOCUMENT,), at=at)
    failpoint("issue.announced")
    return [pk for pk, _ in issued.values()]


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


def _announce(
    drafts: Sequence[Draft],
    issued: dict[str, tuple[int, str]],
    topics: Sequence[str],
    *,
    at: datetime,
) -> None:
    records: list[audit.Record] = []
    entries: list[Entry] = []
    for draft in drafts:
        pk, public_id = issued[draft.number]
        records.append(_record(draft, pk, public_id))
        entries += [Entry(topic, public_id, {"invoice": pk}) for topic in topics]
    audit.record_many(records, by=None, at=at)
    enqueue_all(entries)


def _record(draft: Draft, pk: int, public_id: str) -> audit.Record:
    currency = draft.work.currency
    return audit.Record(
        event="invoice.issued",
        target=audit.Subject(public_id, f"#{pk} {draft.number}"),
        after={
            "status": InvoiceStatus.SENT,
            "number": draft.number,
            "kind": draft.work.kind,
            "about": draft.work.about,
            "total": str(decimal_of(draft.total, currency)),
            "tax": str(decimal_of(draft.tax, currency)),
            "fee": str(decimal_of(draft.split.fee, currency)),
            "currency": currency,
        },
    )
