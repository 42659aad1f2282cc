"""Invoices by hand for work beside the milestones: drafted, changed, sent or cancelled."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from django.db import transaction

from accounts import audit
from accounts.models import User
from accounts.policies import require
from common.exceptions import FieldError, Invalid
from common.money import MAX_MINOR, decimal_text
from gigs.models import Project
from gigs.services import extra_note_invoiced
from invoicing import policies
from invoicing.enums import DraftStatus, InvoiceKind
from invoicing.exceptions import DraftTransitionRefused
from invoicing.models import InvoiceDraft, ManualLine
from invoicing.services.issuing import works_issue
from invoicing.services.works import LONGEST, Batch, DraftLine, Terms, Work, locked_terms

MAX_LINES: Final = 50
OWN: Final = "Only the project's freelancer can write its invoices."


@transaction.atomic
def draft_create(
    *, project_id: int, lines: Sequence[ManualLine], by: User, at: datetime
) -> InvoiceDraft:
    """Draft an invoice to the commissioner of a project. Invalid, PermissionRefused."""
    project = Project.objects.get(pk=project_id)
    require(policies.may_draft(by, project), OWN)
    draft = InvoiceDraft(
        project=project,
        seller=by,
        status=DraftStatus.DRAFT,
        stored_lines=[line.stored() for line in lines],
        subtotal_minor=_subtotal(lines),
        created_at=at,
    )
    draft.save()
    _audit("invoice_draft.created", draft, by=by, at=at)
    return draft


@transaction.atomic
def draft_edit(
    *, draft_id: int, lines: Sequence[ManualLine], by: User, at: datetime
) -> InvoiceDraft:
    """Write the lines of a draft anew. DraftTransitionRefused, Invalid, PermissionRefused."""
    draft = _open(draft_id, by=by)
    _rewrite(draft, lines, by=by, at=at)
    return draft


@transaction.atomic
def draft_cancel(*, draft_id: int, by: User, at: datetime) -> InvoiceDraft:
    """Give a draft up. DraftTransitionRefused, PermissionRefused."""
    draft = _open(draft_id, by=by)
    draft.move_to(DraftStatus.CANCELLED)
    draft.ended_at = at
    draft.save(update_fields=["status", "ended_at"])
    _audit("invoice_draft.cancelled", draft, by=by, at=at)
    return draft


@transaction.atomic
def draft_send(
    *, draft_id: int, lines: Sequence[ManualLine] | None = None, by: User, at: datetime
) -> int:
    """Number, freeze and send a draft: the id of its invoice, which keeps the public one.

    With lines these are written first. The project is locked before the draft. ExceedsAgreed when
    more would be invoiced than was agreed for extra work, DraftTransitionRefused, Invalid,
    PermissionRefused; then the draft stays as it was.
    """
    project_id = InvoiceDraft.objects.values_list("project", flat=True).get(pk=draft_id)
    terms = locked_terms([project_id])[project_id]
    draft = _open(draft_id, by=by)
    if lines is not None:
        _rewrite(draft, lines, by=by, at=at)
    extra_note_invoiced(project_id=project_id, amount=draft.subtotal_minor)
    [invoice_id] = works_issue(Batch(works=[_work(draft, terms)]), at=at)
    draft.invoice_id = invoice_id
    draft.move_to(DraftStatus.SENT)
    draft.ended_at = at
    draft.save(update_fields=["status", "ended_at", "invoice"])
    _audit("invoice_draft.sent", draft, by=by, at=at)
    return invoice_id


def _open(draft_id: int, *, by: User) -> InvoiceDraft:
    draft = InvoiceDraft.objects.select_related("project").locked().get(pk=draft_id)
    require(policies.may_change(by, draft), OWN)
    if draft.status != DraftStatus.DRAFT:
        raise DraftTransitionRefused(f"This draft is {draft.get_status_display().lower()} already.")
    return draft


def _rewrite(draft: InvoiceDraft, lines: Sequence[ManualLine], *, by: User, at: datetime) -> None:
    draft.stored_lines = [line.stored() for line in lines]
    draft.subtotal_minor = _subtotal(lines)
    draft.save(update_fields=["stored_lines", "subtotal_minor"])
    _audit("invoice_draft.edited", draft, by=by, at=at)


def _subtotal(lines: Sequence[ManualLine]) -> int:
    """The sum of the lines. Invalid where there is none, or an amount that no line can have."""
    if not 1 <= len(lines) <= MAX_LINES:
        raise Invalid([FieldError("lines", "out_of_range", f"Write 1 to {MAX_LINES} lines.")])
    for number, line in enumerate(lines):
        if not 0 < line.amount <= MAX_MINOR:
            message = "Quantity times price must be more than zero and within limits."
            raise Invalid([FieldError(f"lines.{number}", "out_of_range", message)])
    subtotal = sum(line.amount for line in lines)
    if subtotal > MAX_MINOR:
        message = "The lines together are more than one invoice can be about."
        raise Invalid([FieldError("lines", "out_of_range", message)])
    return subtotal


def _work(draft: InvoiceDraft, terms: Terms) -> Work:
    currency = draft.project.budget.currency.code
    lines = tuple(
        DraftLine(
            line.description[:LONGEST],
            line.amount,
            decimal_text(line.price, currency),
            quantity=line.quantity,
            unit=line.unit,
        )
        for line in draft.lines
    )
    about = draft.project.public_id
    return Work(InvoiceKind.MANUAL, None, about, lines, currency, terms, uuid=draft.uuid)


def _audit(event: str, draft: InvoiceDraft, *, by: User, at: datetime) -> None:
    audit.record(
        audit.Record(
            event=event,
            target=draft,
            after={
                "status": draft.status,
                "subtotal_minor": draft.subtotal_minor,
                "project": draft.project.public_id,
            },
        ),
        by=by,
        at=at,
    )
