"""Reads for archives of many invoices, for a calendar year, and of the platform's fee invoices."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from django.db.models import OuterRef, Prefetch, Q, Subquery
from django.db.models.functions import Least

from accounts.models import User
from common.models import LockableQuerySet
from common.pages import Page, newest_first
from invoicing.enums import DocumentKind, ExportStatus, Side
from invoicing.exceptions import (
    DocumentNotReady,
    ExportGone,
    ExportNotReady,
    NoElectronicInvoice,
)
from invoicing.models import FeeDocument, FeeInvoice, ForeignInvoice, Invoice, InvoiceExport
from invoicing.selectors.invoices import PAGE_SIZE, InvoiceFilters, invoice_rows, of_side
from invoicing.selectors.parts import PART


@dataclass(frozen=True, slots=True)
class Wanted:
    """What somebody wants an archive of: the files of a range, or with `year` its tables."""

    side: Side
    year: int | None = None
    status: str = ""
    issued_from: date | None = None
    issued_until: date | None = None

    @property
    def filters(self) -> InvoiceFilters:
        return InvoiceFilters(
            side=self.side,
            status=self.status,
            issued_from=self.issued_from,
            issued_until=self.issued_until,
        )


def invoices_of_year(user: User, side: Side, year: int) -> Iterator[Invoice]:
    """What was issued in a calendar year (UTC) with its taxes, in the order of issue."""
    issued = of_side(invoice_rows(), user, side).filter(issued_on__year=year)
    in_order = issued.prefetch_related("taxes").order_by("issued_at", "pk")
    return in_order.iterator(chunk_size=500)


def invoices_paid_in(user: User, side: Side, year: int) -> Iterator[Invoice]:
    """What was paid in a calendar year (UTC), whenever it was issued, in the order of payment.

    In full or in part, and what a note of the year has undone of a part. With their payments, and
    with the notes that made less of them before they were paid, as `notes_before`.
    """
    own = of_side(invoice_rows(), user, side)
    paid = own.filter(_is_paid_in(year, own))
    first = Subquery(
        Invoice.objects.filter(
            pk=OuterRef("pk"), payments__outcome=PART, payments__created_at__year=year
        )
        .order_by("payments__pk")
        .values("payments__created_at")[:1]
    )
    before = Invoice.objects.filter(paid_at__isnull=True)
    notes = Prefetch("credit_notes", queryset=before.order_by("pk"), to_attr="notes_before")
    in_order = paid.prefetch_related(notes, "payments").order_by(Least(first, "paid_at"), "pk")
    return in_order.iterator(chunk_size=500)


def count_of_year(user: User, side: Side, year: int) -> int:
    """How many invoices were issued or paid in a calendar year (UTC)."""
    own = of_side(Invoice.objects.all(), user, side)
    return own.filter(Q(issued_on__year=year) | _is_paid_in(year, own)).count()


def years_of(user: User) -> list[int]:
    """The calendar years in which the user issued or received invoices, the latest first."""
    own = Invoice.objects.for_user(user)
    days = own.dates("issued_on", "year", order="DESC").union(
        own.filter(paid_at__isnull=False).dates("paid_at", "year"),
        own.filter(payments__outcome=PART).dates("payments__created_at", "year"),
    )
    return sorted({day.year for day in days}, reverse=True)


def _is_paid_in(year: int, own: LockableQuerySet[Invoice]) -> Q:
    """In full or in part, or with a part that a note of the year has undone; among a user's own."""
    parts = own.filter(payments__outcome=PART, payments__created_at__year=year)
    undone = own.filter(
        payments__outcome=PART,
        credit_notes__paid_at__isnull=True,
        credit_notes__issued_at__year=year,
    )
    return Q(paid_at__year=year) | Q(pk__in=parts.values("pk")) | Q(pk__in=undone.values("pk"))


def fee_invoices_of(user: User) -> LockableQuerySet[FeeInvoice]:
    """What the platform invoiced a freelancer for its fees, with the kinds of files."""
    files = FeeDocument.objects.only("invoice", "kind").exclude(kind=DocumentKind.DATA)
    own = FeeInvoice.objects.filter(freelancer=user).defer("snapshot")
    return own.prefetch_related(Prefetch("documents", queryset=files.order_by("pk")))


def fee_invoices_issued_in(user: User, year: int) -> Iterator[FeeInvoice]:
    """The same of a calendar year (UTC), in the order of issue."""
    issued = FeeInvoice.objects.filter(freelancer=user, issued_on__year=year).defer("snapshot")
    return issued.order_by("issued_at", "pk").iterator(chunk_size=500)


def fee_invoices_page(user: User, *, before: str = "", after: str = "") -> Page[FeeInvoice]:
    """The same in pages, newest first."""
    return newest_first(
        fee_invoices_of(user), column="issued_at", limit=PAGE_SIZE, before=before, after=after
    )


def fee_file_of(invoice: FeeInvoice, kind: DocumentKind) -> FeeDocument:
    """One file with its bytes. DocumentNotReady while it is being made, NoElectronicInvoice."""
    file = FeeDocument.objects.filter(invoice=invoice, kind=kind).select_related("invoice").first()
    if file is not None:
        return file
    if FeeDocument.objects.filter(invoice=invoice).exists():
        raise NoElectronicInvoice
    raise DocumentNotReady


def exports_of(user: User) -> LockableQuerySet[InvoiceExport]:
    """A person's own archives."""
    return InvoiceExport.objects.filter(owner=user)


def exports_page(user: User, *, before: str = "", after: str = "") -> Page[InvoiceExport]:
    """A person's own archives, newest first."""
    return newest_first(
        exports_of(user), column="requested_at", limit=PAGE_SIZE, before=before, after=after
    )


def export_file(export: InvoiceExport) -> Iterator[bytes]:
    """The archive's bytes, piece by piece. ExportNotReady, ExportGone."""
    if export.status == ExportStatus.PENDING:
        raise ExportNotReady
    if export.status != ExportStatus.READY:
        raise ExportGone(export.reason)
    return _pieces(export)


def _pieces(export: InvoiceExport) -> Iterator[bytes]:
    parts = export.parts.order_by("position")
    for pk in list(parts.values_list("pk", flat=True)):
        yield bytes(parts.values_list("content", flat=True).get(pk=pk))


def foreign_invoices_of(user: User) -> LockableQuerySet[ForeignInvoice]:
    """Invoices that others made and that are kept for the user, without their bytes."""
    return ForeignInvoice.objects.filter(user=user).defer("content", "terms")


def foreign_invoices_page(user: User, *, before: str = "", after: str = "") -> Page[ForeignInvoice]:
    """The same in pages, newest first."""
    return newest_first(
        foreign_invoices_of(user), column="imported_at", limit=PAGE_SIZE, before=before, after=after
    )
