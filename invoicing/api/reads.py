"""The reads of the REST door: what a user may see, filtered by the query string."""

from typing import TypedDict, Unpack
from uuid import UUID

from django.db.models import Prefetch

from accounts.models import User
from common.models import LockableQuerySet
from invoicing.models import Invoice, InvoiceDocument, InvoiceLine, InvoiceReminder, InvoiceTax


class InvoiceQuery(TypedDict, total=False):
    number: str
    kind: str
    status: str
    project_id: UUID
    task_id: UUID


def invoices_for(user: User, **query: Unpack[InvoiceQuery]) -> LockableQuerySet[Invoice]:
    """A party's invoices with their lines and taxes, and which files they have."""
    invoices = (
        Invoice.objects.for_user(user)
        .joining(
            "project__uuid",
            "project__is_self_billed",
            "project__payment_mode",
            "milestone__uuid",
            "credits__uuid",
            "credits__number",
        )
        .prefetch_related(
            Prefetch("lines", queryset=InvoiceLine.objects.order_by("position")),
            Prefetch(
                "credit_notes", queryset=Invoice.objects.only("uuid", "credits").order_by("pk")
            ),
            Prefetch("reminders", queryset=InvoiceReminder.objects.order_by("position")),
            Prefetch("taxes", queryset=InvoiceTax.objects.order_by("pk")),
            Prefetch("documents", queryset=InvoiceDocument.objects.only("invoice", "kind")),
        )
    )
    if "number" in query:
        invoices = invoices.filter(number=query["number"])
    if "kind" in query:
        invoices = invoices.filter(kind=query["kind"])
    if "status" in query:
        invoices = invoices.filter(status=query["status"])
    if "project_id" in query:
        invoices = invoices.filter(project__uuid=query["project_id"])
    if "task_id" in query:
        invoices = invoices.filter(milestone__uuid=query["task_id"])
    return invoices
