"""What follows from an approval: invoices, and the documents of each."""

from collections.abc import Sequence

from django.utils import timezone

from gigs.services.milestones import APPROVED
from invoicing import services
from outbox import registry
from outbox.models import Job


def issue(jobs: Sequence[Job]) -> None:
    """Issue the invoices of approved milestones, many at once."""
    services.invoices_issue(
        milestone_ids=[job.payload["milestone"] for job in jobs], at=timezone.now()
    )


def render(jobs: Sequence[Job]) -> None:
    """Make the documents of invoices."""
    services.documents_make(invoice_ids=[job.payload["invoice"] for job in jobs], at=timezone.now())


def note_overdue(jobs: Sequence[Job]) -> None:
    """Move what is past its due day; a full round is followed by another one."""
    services.invoices_become_overdue(at=timezone.now())


def register() -> None:
    """Tell the outbox who does these topics."""
    registry.register(APPROVED, issue, lane="money")
    registry.register(services.DOCUMENT, render, batch=40)
    registry.register(services.OVERDUE, note_overdue)
