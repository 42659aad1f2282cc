"""Archives of many documents, and of the tables of a year."""

import csv
import hashlib
import io
import zipfile
from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.core import mail
from django.db import transaction
from django.urls import reverse

from accounts.models import AuditEvent
from invoicing.documents.fees import FeeCharge
from invoicing.enums import ExportStatus, FeeKind, Side
from invoicing.exceptions import ExportTooLarge, ExportUnderWay, NothingToExport
from invoicing.models import InvoiceExport, InvoiceExportPart
from invoicing.selectors import Wanted, export_file
from invoicing.services import documents_make
from invoicing.services.exports import (
    export_build,
    export_keep,
    export_request,
    exports_tidy,
)
from invoicing.services.fees import fee_invoices_issue
from outbox.models import Job
from tests.builders import active_project, credit, paid_invoice, pay, run_jobs, sent_invoice
from tests.factories import AT
from tests.parties import buyer, seller
from tests.rules import assert_refused, copy, refused_by

pytestmark = pytest.mark.django_db

SENT = Wanted(side=Side.SENT)
EURO = {"currency": "EUR", "budget": "10000.00"}


def request(invoice, wanted=SENT, *, at=AT):
    return export_request(wanted=wanted, by=invoice.seller, at=at)


def made(export):
    archive = export_build(export_id=export.pk, at=AT)
    export_keep(archive=archive, at=AT)
    export.refresh_from_db()
    return zipfile.ZipFile(io.BytesIO(b"".join(export_file(export))))


def rows(archive, name):
    text = archive.read(name).decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text)))


@pytest.fixture
def taxed():
    project = active_project(commissioner=buyer(), freelancer=seller(), **EURO)
    return paid_invoice(project), sent_invoice(project, position=2)


def test_an_archive_holds_the_files_their_list_and_their_digests(taxed):
    first, second = taxed

    archive = made(request(first))

    names = [
        f"2026-11/{invoice.number}{ending}"
        for invoice in taxed
        for ending in (".pdf", "-ubl.xml", "-cii.xml")
    ]
    assert sorted(archive.namelist()) == sorted([*names, "invoices.csv", "SHA256SUMS"])
    kept = second.documents.get(kind="ubl")
    assert archive.read(f"2026-11/{second.number}-ubl.xml") == bytes(kept.content)
    sums = dict(
        reversed(line.split("  ")) for line in archive.read("SHA256SUMS").decode().splitlines()
    )
    assert sums == {name: hashlib.sha256(archive.read(name)).hexdigest() for name in names}
    assert [row["Number"] for row in rows(archive, "invoices.csv")] == [first.number, second.number]


def test_the_job_makes_it_and_mails_its_owner(taxed):
    export = request(taxed[0])
    assert (export.status, export.expected, export.done) == ("pending", 2, 0)

    run_jobs("invoice.export")
    run_jobs("mail.send")

    export.refresh_from_db()
    assert (export.status, export.done) == (ExportStatus.READY, 2)
    content = b"".join(export_file(export))
    assert (export.size, export.digest) == (len(content), hashlib.sha256(content).hexdigest())
    [message] = [one for one in mail.outbox if one.subject.endswith("is ready")]
    assert message.to == [f"{taxed[0].seller.name} <{taxed[0].seller.email}>"]
    assert "/invoices/exports/" in message.body
    events = AuditEvent.objects.filter(target=export.public_id).order_by("pk")
    assert list(events.values_list("event", flat=True)) == ["export.requested", "export.ready"]


def test_a_large_archive_is_kept_in_pieces(taxed, monkeypatch):
    monkeypatch.setattr("invoicing.services.exports.PART_BYTES", 10_000)

    archive = made(request(taxed[0]))

    assert InvoiceExportPart.objects.count() > 4
    assert archive.testzip() is None


def test_only_what_fits_is_in_it(taxed):
    first, second = taxed

    paid = made(request(first, Wanted(side=Side.SENT, status="paid")))
    assert [row["Number"] for row in rows(paid, "invoices.csv")] == [first.number]
    tomorrow = Wanted(side=Side.SENT, issued_from=(AT + timedelta(days=1)).date())
    with pytest.raises(NothingToExport):
        request(first, tomorrow)
    with pytest.raises(NothingToExport):
        request(second, Wanted(side=Side.RECEIVED))
    assert InvoiceExport.objects.count() == 1


def test_one_archive_at_a_time(taxed):
    request(taxed[0])

    with pytest.raises(ExportUnderWay), transaction.atomic():
        request(taxed[0])
    assert (InvoiceExport.objects.count(), Job.objects.filter(topic="invoice.export").count()) == (
        1,
        1,
    )


def test_what_is_too_large_is_refused_in_words(taxed, settings):
    documents_make(invoice_ids=[taxed[0].pk], at=AT)

    settings.EXPORT_MAX_DOCUMENTS = 1
    with pytest.raises(ExportTooLarge, match="These are 2 invoices, and an export holds at most 1"):
        request(taxed[0])
    settings.EXPORT_MAX_DOCUMENTS, settings.EXPORT_MAX_BYTES = 2, 1024
    with pytest.raises(ExportTooLarge, match="holds at most 0 MiB"):
        request(taxed[0])
    assert not InvoiceExport.objects.exists()


def test_made_twice_it_is_kept_once(taxed):
    export = request(taxed[0])
    first = export_build(export_id=export.pk, at=AT)
    second = export_build(export_id=export.pk, at=AT)

    export_keep(archive=first, at=AT)
    export_keep(archive=second, at=AT)

    assert InvoiceExportPart.objects.filter(position=1).count() == 1
    assert export_build(export_id=export.pk, at=AT) is None


def test_it_expires_and_takes_its_bytes_along(taxed):
    export = request(taxed[0])
    made(export)

    assert exports_tidy(at=AT + timedelta(days=6)) == 0
    assert exports_tidy(at=AT + timedelta(days=7)) == 1

    export.refresh_from_db()
    assert export.status == ExportStatus.EXPIRED
    assert not InvoiceExportPart.objects.exists()


def test_one_that_was_never_made_makes_room_for_another(taxed):
    export = request(taxed[0])

    assert exports_tidy(at=AT + timedelta(hours=2)) == 0
    assert exports_tidy(at=AT + timedelta(hours=3)) == 1

    export.refresh_from_db()
    assert (export.status, export.reason) == (
        "failed",
        "It could not be made; staff know. Ask for it again.",
    )
    assert request(taxed[0]).status == "pending"


def test_the_tables_of_a_year_add_up(taxed):
    first, second = taxed
    charge = FeeCharge(FeeKind.FEE, first.seller_id, "EUR", date(2026, 10, 1), 16667, 0)
    fee_invoices_issue(charges=[charge], at=AT)

    archive = made(request(first, Wanted(side=Side.SENT, year=2026)))

    [fee] = rows(archive, "2026-fees.csv")
    assert (fee["Number"], fee["Month"], fee["Total"]) == (
        "TRANCHE-2026-00001",
        "2026-10",
        "166.67",
    )
    issued, tax = rows(archive, "2026-issued.csv"), rows(archive, "2026-tax.csv")
    assert [row["Number"] for row in issued] == [first.number, second.number]
    assert [(row["Category"], row["Rate in percent"], row["Tax"]) for row in tax] == [
        ("S", "19", "633.33"),
        ("S", "19", "633.33"),
    ]
    assert [row["Number"] for row in rows(archive, "2026-paid.csv")] == [first.number]
    totals = {row["What"]: row for row in rows(archive, "2026-totals.csv")}
    assert set(totals) == {"issued", "paid", "tax"}
    for column in ("Subtotal", "Tax", "Total", "Fee", "Net"):
        added = sum(Decimal(row[column]) for row in issued)
        assert Decimal(totals["issued"][column]) == added, column
    assert totals["tax"] | {"What": ""} == {
        "What": "",
        "Currency": "EUR",
        "Category": "S",
        "Rate in percent": "19",
        "Documents": "2",
        "Subtotal": "6666.67",
        "Tax": "1266.66",
        "Total": "",
        "Fee": "",
        "Net": "",
    }
    assert totals["paid"]["Total"] == "3966.67"


def test_what_was_credited_before_the_payment_was_not_paid(taxed):
    first, second = taxed
    credit(second, "1000.00")
    pay(second)
    credit(second, "333.33")

    archive = made(request(first, Wanted(side=Side.SENT, year=2026)))

    paid = {row["Number"]: row for row in rows(archive, "2026-paid.csv")}
    assert len(paid) == 3
    assert (paid[first.number]["Total"], paid[first.number]["Fee"]) == ("3966.67", "166.67")
    own = paid[second.number]
    assert (own["Total"], own["Fee"], own["Net"]) == ("2776.66", "116.66", "2660.00")
    [back] = [row for number, row in paid.items() if number not in (first.number, second.number)]
    assert back["Total"] == "-396.66"
    totals = {row["What"]: row for row in rows(archive, "2026-totals.csv")}
    assert totals["paid"]["Documents"] == "3"
    for column in ("Total", "Fee", "Net"):
        added = sum(Decimal(row[column]) for row in paid.values())
        assert Decimal(totals["paid"][column]) == added, column
    assert Decimal(totals["paid"]["Subtotal"]) == Decimal("5333.34")


def test_the_tables_run_no_formula():
    home = buyer({"legal_name": '=HYPERLINK("x")', "country": "DE"})
    invoice = paid_invoice(active_project(commissioner=home, freelancer=seller(), **EURO))

    archive = made(request(invoice, Wanted(side=Side.SENT, year=2026)))

    assert rows(archive, "2026-paid.csv")[0]["Buyer"] == '\'=HYPERLINK("x")'


def test_the_pages_ask_watch_and_download(client_for, taxed):
    browser = client_for(taxed[0].seller)
    page = reverse("invoicing:exports")
    assert browser.get(page).status_code == 200

    asked = browser.post(page, {"side": "sent", "issued_from": "2026-11-01"})

    export = InvoiceExport.objects.get()
    progress = reverse("invoicing:export", args=[export.public_id])
    file = reverse("invoicing:export-file", args=[export.public_id])
    assert asked["Location"] == page
    assert "hx-get" in browser.get(progress, headers={"HX-Request": "true"}).content.decode()
    assert browser.get(file).status_code == 409
    run_jobs("invoice.export")
    assert "hx-get" not in browser.get(progress, headers={"HX-Request": "true"}).content.decode()
    answer = browser.get(file)
    content = answer.getvalue()
    export.refresh_from_db()
    assert int(answer["Content-Length"]) == len(content) == export.size
    exports_tidy(at=export.expires_at)
    assert browser.get(file).status_code == 404


def test_the_page_says_what_is_wrong(client_for, taxed):
    page = reverse("invoicing:exports")
    days = {"side": "sent", "issued_from": "2026-11-02", "issued_until": "2026-11-01"}

    wrong = client_for(taxed[0].seller).post(page, days)
    nothing = client_for(taxed[0].seller).post(page, {"side": "received"})

    assert (wrong.status_code, nothing.status_code) == (422, 422)
    assert "This is before the first day." in wrong.content.decode()
    assert "There is no invoice of that kind in that time." in nothing.content.decode()
    assert not InvoiceExport.objects.exists()


@pytest.mark.parametrize(
    ("rule", "changes"),
    [
        ("invoicing_export_kind_valid", "kind = 'all', year = NULL"),
        ("invoicing_export_side_valid", "side = 'both'"),
        ("invoicing_export_status_valid", "status = 'lost'"),
        ("invoicing_export_year_iff_of_a_year", "year = 2026"),
        ("invoicing_export_ended_at_iff_ended", "ended_at = now()"),
        ("invoicing_export_ended_at_iff_ended", "status = 'failed'"),
        ("invoicing_export_expires_iff_it_was_made", "status = 'ready', ended_at = now()"),
        ("invoicing_export_expires_iff_it_was_made", "expires_at = now()"),
        ("invoicing_export_done_within_expected", "done = 3"),
    ],
)
def test_the_database_refuses_the_change(taxed, rule, changes):
    assert_refused(rule, request(taxed[0]), changes)


def test_the_database_refuses_a_second_one(taxed):
    export = request(taxed[0])
    with refused_by("invoicing_export_one_under_way_per_owner"):
        copy(export)
    made(export)

    with refused_by("invoicing_export_part_one_per_position"):
        copy(InvoiceExportPart.objects.first())
