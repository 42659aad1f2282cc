"""Issuing invoices for approved milestones, moving their state, making their documents."""

import hashlib
from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal

from django.conf import settings
from django.db import transaction
from django.urls import reverse

from accounts import audit
from accounts.models import User
from accounts.selectors import buyer_copy, seller_copy
from accounts.services.mail import Mail, mail_enqueue_many
from common.money import FeeSplit, amount_text, from_minor, next_fee, to_minor, zero
from gigs import policies as gig_policies
from gigs.enums import MilestoneStatus
from gigs.models import Milestone, Project
from invoicing import numbering
from invoicing.documents import render_pdf, snapshot_of
from invoicing.enums import PAYABLE, DocumentKind, InvoiceKind, InvoiceStatus
from invoicing.exceptions import MilestoneNotApproved
from invoicing.models import Invoice, InvoiceDocument, InvoiceLine, InvoiceSeries
from outbox.services import enqueue_many

ISSUED = "invoice.issued"
DOCUMENT = "invoice.document"
BILLABLE = [MilestoneStatus.APPROVED, MilestoneStatus.SETTLED]


@transaction.atomic
def invoice_issue_for(*, milestone_id: int, by: User, at: datetime) -> tuple[Invoice, bool]:
    """The invoice of one milestone, and whether it was issued just now; for either party.

    MilestoneNotApproved, PermissionRefused.
    """
    milestone = Milestone.objects.select_related("project").get(pk=milestone_id)
    gig_policies.require(
        gig_policies.is_party(by, milestone.project), "Only the parties can ask for the invoice."
    )
    existing = Invoice.objects.filter(milestone=milestone).first()
    if existing is not None:
        return existing, False
    if milestone.status not in BILLABLE:
        raise MilestoneNotApproved
    issued = invoices_issue(milestone_ids=[milestone_id], at=at)
    if issued:
        return issued[0], True
    return Invoice.objects.get(milestone=milestone), False


@transaction.atomic
def invoices_issue(*, milestone_ids: Sequence[int], at: datetime) -> list[Invoice]:
    """Issue the invoice of each approved milestone that has none; those issued now.

    Locks projects, milestones and series in primary-key order. The fee is the next one of its
    project (product rule 3.3), in order of approval; numbers are gapless because each series'
    row stays locked until its invoices are committed. Milestones that are not approved are left.
    """
    project_ids = Milestone.objects.filter(pk__in=milestone_ids).values("project")
    projects = {
        project.pk: project
        for project in Project.objects.filter(pk__in=project_ids)
        .select_related("freelancer", "commissioner", "organisation")
        .locked()
    }
    locked = list(Milestone.objects.filter(pk__in=milestone_ids).locked())
    taken = set(Invoice.objects.filter(milestone__in=locked).values_list("milestone_id", flat=True))
    todo = sorted(
        (
            milestone
            for milestone in locked
            if milestone.pk not in taken and milestone.status in BILLABLE
        ),
        key=lambda milestone: (milestone.approved_at, milestone.pk),
    )
    if not todo:
        return []
    series = numbering.series_for(
        [projects[milestone.project_id].freelancer for milestone in todo], year=at.year
    )
    invoices = [
        _draft(milestone, projects[milestone.project_id], series=series, at=at)
        for milestone in todo
    ]
    _write(invoices, list(projects.values()), list(series.values()))
    _announce(invoices, at=at)
    return invoices


def _draft(
    milestone: Milestone, project: Project, *, series: dict[int, InvoiceSeries], at: datetime
) -> Invoice:
    """Take the next fee and number; the counters move in memory, under locks held until commit."""
    counter = series[project.freelancer_id]
    currency = milestone.amount.currency.code
    fee_split = _next_fee(project, milestone)
    counter.last_number += 1
    return Invoice(
        series=counter,
        position=counter.last_number,
        number=numbering.number_of(counter, counter.last_number),
        kind=InvoiceKind.MILESTONE,
        status=InvoiceStatus.SENT,
        project=project,
        milestone=milestone,
        seller=project.freelancer,
        buyer=project.commissioner,
        seller_copy=seller_copy(project.freelancer),
        buyer_copy=buyer_copy(project.organisation or project.commissioner),
        subtotal=from_minor(fee_split.gross, currency),
        tax=zero(currency),
        total=from_minor(fee_split.gross, currency),
        fee=from_minor(fee_split.fee, currency),
        net=from_minor(fee_split.net, currency),
        fee_rate=project.fee_rate,
        issued_at=at,
        issued_on=at.date(),
        due_on=at.date() + timedelta(days=settings.INVOICE_DUE_DAYS),
    )


def _next_fee(project: Project, milestone: Milestone) -> FeeSplit:
    fee_split = next_fee(
        rate=project.fee_rate,
        gross_before=project.invoiced_minor,
        fees_before=project.fees_minor,
        gross=to_minor(milestone.amount),
    )
    project.invoiced_minor += fee_split.gross
    project.fees_minor += fee_split.fee
    return fee_split


def _write(invoices: list[Invoice], projects: list[Project], series: list[InvoiceSeries]) -> None:
    Invoice.objects.bulk_create(invoices)
    InvoiceLine.objects.bulk_create(
        InvoiceLine(
            invoice=invoice,
            position=1,
            description=f"{invoice.project.title}: {invoice.milestone.title}"[:300],
            quantity=Decimal(1),
            unit_price=invoice.subtotal,
            amount=invoice.subtotal,
        )
        for invoice in invoices
    )
    InvoiceSeries.objects.bulk_update(series, ["last_number"])
    Project.objects.bulk_update(projects, ["invoiced_minor", "fees_minor"])


def _announce(invoices: list[Invoice], *, at: datetime) -> None:
    audit.record_many(
        [
            audit.Record(
                event="invoice.issued",
                target=invoice,
                after={
                    "status": invoice.status,
                    "number": invoice.number,
                    "milestone": invoice.milestone.public_id,
                    "total": amount_text(invoice.total),
                    "fee": amount_text(invoice.fee),
                    "currency": invoice.total.currency.code,
                },
            )
            for invoice in invoices
        ],
        by=None,
        at=at,
    )
    entries = [(invoice.public_id, {"invoice": invoice.pk}) for invoice in invoices]
    enqueue_many(ISSUED, entries)
    enqueue_many(DOCUMENT, entries)
    mail_enqueue_many(
        Mail.INVOICE_ISSUED,
        [
            (
                invoice.buyer,
                invoice.public_id,
                {
                    "number": invoice.number,
                    "milestone": invoice.milestone.title,
                    "total": invoice.total,
                    "due_on": invoice.due_on,
                    "path": reverse("invoicing:detail", args=[invoice.public_id]),
                },
            )
            for invoice in invoices
        ],
    )


def invoices_mark_paid(*, invoices: Sequence[Invoice], at: datetime) -> None:
    """Mark invoices, locked by the caller, as paid. InvoiceTransitionRefused."""
    before = {invoice.pk: invoice.status for invoice in invoices}
    for invoice in invoices:
        invoice.move_to(InvoiceStatus.PAID)
        invoice.paid_at = at
    Invoice.objects.filter(pk__in=list(before)).update(status=InvoiceStatus.PAID, paid_at=at)
    audit.record_many(
        [
            audit.Record(
                event="invoice.paid",
                target=invoice,
                before={"status": before[invoice.pk]},
                after={"status": invoice.status},
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


@transaction.atomic
def documents_make(*, invoice_ids: Sequence[int], at: datetime) -> None:
    """Render and keep the PDF of each invoice that has none yet; one that exists stays."""
    missing = Invoice.objects.filter(pk__in=invoice_ids).exclude(documents__kind=DocumentKind.PDF)
    documents = []
    for invoice in missing.prefetch_related("lines").order_by("pk"):
        content = render_pdf(snapshot_of(invoice))
        documents.append(
            InvoiceDocument(
                invoice=invoice,
                kind=DocumentKind.PDF,
                content=content,
                digest=hashlib.sha256(content).hexdigest(),
                created_at=at,
            )
        )
    InvoiceDocument.objects.bulk_create(documents, ignore_conflicts=True)
