"""Archives of many documents, and of the tables of a year: asked for, made by a job, kept a week."""

import hashlib
import tempfile
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import IO, Final

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Func, IntegerField, Sum

from accounts import audit
from accounts.models import User
from accounts.services.mail import Mail, Page, mail_enqueue
from common.spreadsheets import csv_lines
from invoicing import selectors
from invoicing.enums import DocumentKind, ExportKind, ExportStatus, Side
from invoicing.exceptions import ExportTooLarge, ExportUnderWay, NothingToExport
from invoicing.models import InvoiceDocument, InvoiceExport, InvoiceExportPart
from invoicing.selectors import Wanted
from invoicing.services import tables
from invoicing.services.documents import documents_make
from outbox.services import enqueue

EXPORT: Final = "invoice.export"
PART_BYTES: Final = 1024 * 1024
AT_ONCE: Final = 50
PACKED: Final = zipfile.ZIP_DEFLATED
GIVEN_UP_AFTER: Final = timedelta(hours=3)
"""The attempts of a job are over long before."""


@dataclass(frozen=True, slots=True)
class Archive:
    """An archive that is made and not kept yet."""

    export_id: int
    file: IO[bytes]
    done: int


@transaction.atomic
def export_request(*, wanted: Wanted, by: User, at: datetime) -> InvoiceExport:
    """Ask for an archive of one's own invoices; a job makes it.

    One at a time: ExportUnderWay. NothingToExport, ExportTooLarge.
    """
    is_year = wanted.year is not None
    export = InvoiceExport(
        owner=by,
        kind=ExportKind.YEAR if is_year else ExportKind.FILES,
        side=wanted.side,
        year=wanted.year,
        issued_from=None if is_year else wanted.issued_from,
        issued_until=None if is_year else wanted.issued_until,
        invoice_status="" if is_year else wanted.status,
        status=ExportStatus.PENDING,
        expected=_expected(wanted, by=by),
        requested_at=at,
    )
    try:
        with transaction.atomic():
            export.save()
    except IntegrityError as error:
        raise ExportUnderWay from error
    _note(export, "export.requested", before="", by=by, at=at)
    enqueue(EXPORT, key=export.public_id, payload={"export": export.pk})
    return export


def export_build(*, export_id: int, at: datetime) -> Archive | None:
    """Make the archive in a file of its own, outside any transaction; None when it is not wanted."""
    export = InvoiceExport.objects.select_related("owner").get(pk=export_id)
    if export.status != ExportStatus.PENDING:
        return None
    file = tempfile.TemporaryFile()  # noqa: SIM115 - closed once it is kept
    with zipfile.ZipFile(file, "w", PACKED) as archive:
        if export.kind == ExportKind.YEAR:
            done = _write_year(archive, export)
        else:
            done = _write_files(archive, export, at=at)
    return Archive(export.pk, file, done)


@transaction.atomic
def export_keep(*, archive: Archive, at: datetime) -> None:
    """Write the archive's bytes and tell its owner; nothing when it is not wanted any more."""
    export = InvoiceExport.objects.locked().get(pk=archive.export_id)
    if export.status != ExportStatus.PENDING:
        return
    digest, size = hashlib.sha256(), 0
    for position, content in enumerate(_pieces(archive.file), start=1):
        digest.update(content)
        size += len(content)
        InvoiceExportPart.objects.create(export=export, position=position, content=content)
    export.move_to(ExportStatus.READY)
    export.done = min(archive.done, export.expected)
    export.size, export.digest = size, digest.hexdigest()
    export.ended_at, export.expires_at = at, at + timedelta(days=settings.EXPORT_DAYS)
    export.save(update_fields=["status", "done", "size", "digest", "ended_at", "expires_at"])
    _note(export, "export.ready", before=ExportStatus.PENDING, by=None, at=at)
    mail_enqueue(
        Mail.EXPORT_READY,
        to=export.owner,
        key=export.public_id,
        context={
            "file": export.file_name,
            "expires_on": export.expires_at.date(),
            "path": Page("invoicing:exports"),
        },
    )


@transaction.atomic
def exports_tidy(*, at: datetime) -> int:
    """Delete the bytes of archives past their time, and end those that were never made; how many."""
    late = InvoiceExport.objects.filter(status=ExportStatus.READY, expires_at__lte=at)
    stuck = InvoiceExport.objects.filter(
        status=ExportStatus.PENDING, requested_at__lte=at - GIVEN_UP_AFTER
    )
    expired, given_up = list(late.locked()), list(stuck.locked())
    InvoiceExportPart.objects.filter(export__in=expired).delete()
    for export in expired:
        export.move_to(ExportStatus.EXPIRED)
        export.save(update_fields=["status"])
        _note(export, "export.expired", before=ExportStatus.READY, by=None, at=at)
    for export in given_up:
        export.move_to(ExportStatus.FAILED)
        export.ended_at, export.reason = at, "It could not be made; staff know. Ask for it again."
        export.save(update_fields=["status", "ended_at", "reason"])
        _note(export, "export.failed", before=ExportStatus.PENDING, by=None, at=at)
    return len(expired) + len(given_up)


def _expected(wanted: Wanted, *, by: User) -> int:
    """How many documents the archive will be of. NothingToExport, ExportTooLarge."""
    if wanted.year is not None:
        count = selectors.count_of_year(by, wanted.side, wanted.year)
        if not count:
            raise NothingToExport(f"Nothing was issued or paid in {wanted.year}.")
        return count
    invoices = selectors.filtered(by, wanted.filters)
    count = invoices.count()
    if not count:
        raise NothingToExport
    if count > settings.EXPORT_MAX_DOCUMENTS:
        raise ExportTooLarge(
            f"These are {count} invoices, and an export holds at most"
            f" {settings.EXPORT_MAX_DOCUMENTS}; choose a shorter time."
        )
    size = Sum(Func("content", function="octet_length", output_field=IntegerField()))
    found = InvoiceDocument.objects.filter(invoice__in=invoices).aggregate(size=size)["size"] or 0
    if found > settings.EXPORT_MAX_BYTES:
        megabytes = settings.EXPORT_MAX_BYTES // 2**20
        raise ExportTooLarge(
            f"These files have {found // 2**20} MiB, and an export holds at most"
            f" {megabytes} MiB; choose a shorter time."
        )
    return count


def _write_files(archive: zipfile.ZipFile, export: InvoiceExport, *, at: datetime) -> int:
    """The files of all invoices that fit by month of issue, their list, and the digests of all."""
    wanted = Wanted(
        Side(export.side), None, export.invoice_status, export.issued_from, export.issued_until
    )
    digests: list[str] = []
    fitting = selectors.filtered(export.owner, wanted.filters).order_by("issued_at", "pk")
    ids = list(fitting.values_list("pk", flat=True))
    done = 0
    for batch in (ids[first : first + AT_ONCE] for first in range(0, len(ids), AT_ONCE)):
        documents_make(invoice_ids=batch, at=at)
        for document in _documents(batch):
            name = f"{document.invoice.issued_on:%Y-%m}/{document.file_name}"
            moment = document.invoice.issued_at.timetuple()[:6]
            archive.writestr(zipfile.ZipInfo(name, moment), bytes(document.content), PACKED)
            digests.append(f"{document.digest}  {name}\n")
        done += len(batch)
        InvoiceExport.objects.filter(pk=export.pk, expected__gte=done).update(done=done)
    invoices = selectors.invoices_in_order(export.owner, wanted.filters)
    _write_table(archive, "invoices.csv", tables.invoice_table(invoices, wanted.side))
    archive.writestr("SHA256SUMS", "".join(digests))
    return done


def _documents(invoice_ids: Sequence[int]) -> Iterator[InvoiceDocument]:
    documents = InvoiceDocument.objects.filter(invoice__in=invoice_ids).select_related("invoice")
    files = documents.exclude(kind=DocumentKind.DATA)
    return iter(files.order_by("invoice__issued_at", "invoice", "pk"))


def _write_year(archive: zipfile.ZipFile, export: InvoiceExport) -> int:
    """The tables of a year, each a file."""
    year = export.year or 0
    for name, table in tables.year_tables(export.owner, Side(export.side), year):
        _write_table(archive, f"{year}-{name}.csv", table)
    return export.expected


def _write_table(archive: zipfile.ZipFile, name: str, table: tables.Table) -> None:
    with archive.open(name, "w") as file:
        for line in csv_lines(table.columns, table.rows):
            file.write(line.encode("utf-8"))


def _pieces(file: IO[bytes]) -> Iterator[bytes]:
    file.seek(0)
    return iter(lambda: file.read(PART_BYTES), b"")


def _note(export: InvoiceExport, event: str, *, before: str, by: User | None, at: datetime) -> None:
    after: audit.Values = {
        "status": export.status,
        "file": export.file_name,
        "documents": export.expected,
    }
    record = audit.Record(
        event=event, target=export, before={"status": before} if before else {}, after=after
    )
    audit.record(record, by=by, at=at)
