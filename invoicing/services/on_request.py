"""The invoice of a milestone when somebody asks for it."""

from datetime import datetime

from django.db import transaction

from accounts.models import User
from accounts.policies import require
from gigs import policies as gig_policies
from gigs.models import Milestone
from invoicing.enums import OWN_KINDS, InvoiceKind
from invoicing.exceptions import MilestoneNotApproved
from invoicing.models import Invoice
from invoicing.services import set_aside
from invoicing.services.issuing import invoices_issue, works_issue
from invoicing.services.works import BILLABLE, works_by_hand


@transaction.atomic
def invoice_issue_for(*, milestone_id: int, by: User, at: datetime) -> tuple[int, bool]:
    """The id of the invoice that a milestone is on, and whether it was issued just now.

    Either party can ask. By the completion method the freelancer alone makes an invoice about one
    milestone while others are not approved. What is set aside for it pays at once.
    MilestoneNotApproved, PermissionRefused.
    """
    milestone = Milestone.objects.select_related("project").get(pk=milestone_id)
    require(
        gig_policies.is_party(by, milestone.project), "Only the parties can ask for the invoice."
    )
    existing = _invoice_on(milestone)
    if existing is not None:
        return existing, False
    if milestone.status not in BILLABLE:
        raise MilestoneNotApproved
    if milestone.project.is_by_completion:
        issued = _issue_by_hand(milestone, by=by, at=at)
    else:
        issued = invoices_issue(milestone_ids=[milestone_id], at=at)
    if issued:
        set_aside.pay(issued, at=at)
        return issued[0], True
    existing = _invoice_on(milestone)
    if existing is None:
        raise MilestoneNotApproved
    return existing, False


def _issue_by_hand(milestone: Milestone, *, by: User, at: datetime) -> list[int]:
    batch = works_by_hand(milestone.pk, year=at.year)
    if any(work.kind == InvoiceKind.MANUAL for work in batch.works):
        require(
            gig_policies.may_deliver(by, milestone),
            "The freelancer can invoice a single milestone of this project; the rest is invoiced"
            " when everything is approved.",
        )
    return works_issue(batch, at=at)


def _invoice_on(milestone: Milestone) -> int | None:
    """Of the milestone's own invoice, or of the final one of its project."""
    own = Invoice.objects.filter(milestone=milestone, kind__in=OWN_KINDS)
    final = Invoice.objects.filter(project=milestone.project_id, kind=InvoiceKind.FINAL)
    return (
        own.order_by("-pk").values_list("pk", flat=True).first()
        or final.order_by("-pk").values_list("pk", flat=True).first()
    )
