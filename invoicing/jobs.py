"""What follows from an approval: invoices, and the documents of each."""

from collections.abc import Sequence
from typing import Final

from django.utils import timezone

from gigs.services.applications import AWAITS_UPFRONT
from invoicing import services
from invoicing.services.exports import EXPORT, export_build, export_keep, exports_tidy
from invoicing.services.fees import FEE_DOCUMENT, fee_documents_keep, fee_documents_render
from outbox import registry
from outbox.models import Job

TIDY: Final = "housekeeping.exports"


def issue_upfront(jobs: Sequence[Job]) -> None:
    """Issue the upfront invoices that projects await."""
    services.upfronts_issue(project_ids=[job.payload["project"] for job in jobs], at=timezone.now())


def render(jobs: Sequence[Job]) -> registry.Settle:
    """Make the documents of invoices; rendering takes a while and needs no transaction."""
    documents = services.documents_render(
        invoice_ids=[job.payload["invoice"] for job in jobs], at=timezone.now()
    )

    def keep() -> None:
        services.documents_keep(documents=documents)

    return keep


def note_overdue(jobs: Sequence[Job]) -> None:
    """Move what is past its due day; a full round is followed by another one."""
    services.invoices_become_overdue(at=timezone.now())


def render_fees(jobs: Sequence[Job]) -> registry.Settle:
    """The same for the platform's fee invoices."""
    documents = fee_documents_render(
        invoice_ids=[job.payload["fee_invoice"] for job in jobs], at=timezone.now()
    )

    def keep() -> None:
        fee_documents_keep(documents=documents)

    return keep


def export(jobs: Sequence[Job]) -> registry.Settle:
    """Make an archive; it takes up to minutes and needs no transaction."""
    archives = [
        archive
        for job in jobs
        if (archive := export_build(export_id=job.payload["export"], at=timezone.now()))
    ]

    def keep() -> None:
        for archive in archives:
            export_keep(archive=archive, at=timezone.now())

    return keep


def tidy(jobs: Sequence[Job]) -> None:
    """Delete archives that are past their time."""
    exports_tidy(at=timezone.now())


def register() -> None:
    """Tell the outbox who does these topics."""
    registry.register(AWAITS_UPFRONT, issue_upfront, lane="money")
    registry.register(services.DOCUMENT, render, kind="outside", batch=40)
    registry.register(services.OVERDUE, note_overdue)
    registry.register(EXPORT, export, kind="outside", lane="long", batch=1)
    registry.register(TIDY, tidy)
    registry.register(FEE_DOCUMENT, render_fees, kind="outside", batch=40)
