import hashlib
from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import connection, transaction
from djmoney.money import Money

from accounts.models import AuditEvent
from accounts.selectors import legal_values
from common.exceptions import PermissionRefused
from gigs.models import Project
from invoicing.documents.files import files_of
from invoicing.documents.stored import from_json
from invoicing.enums import InvoiceStatus
from invoicing.exceptions import InvoiceTransitionRefused, MilestoneNotApproved
from invoicing.models import Invoice, InvoiceDocument, InvoiceLine, InvoiceSeries, Issuer
from invoicing.services import (
    documents_make,
    invoice_issue_for,
    invoice_put_on_hold,
    invoices_issue,
)
from outbox.models import Job
from tests.builders import (
    active_project,
    approved_milestone,
    milestone_of,
    sent_invoice,
    submitted_milestone,
)
from tests.factories import FreelancerFactory, OrganisationFactory

pytestmark = pytest.mark.django_db


def test_an_invoice_of_the_worked_example(commissioner, freelancer, at):
    project = active_project(commissioner=commissioner, freelancer=freelancer)
    milestone = approved_milestone(project)

    [invoice_id] = invoices_issue(milestone_ids=[milestone.pk], at=at)

    invoice = Invoice.objects.get(pk=invoice_id)
    code = Issuer.objects.get(user=freelancer).code
    assert invoice.number == f"{code}-2026-00001"
    assert invoice.status == InvoiceStatus.SENT
    assert (invoice.subtotal, invoice.tax, invoice.total, invoice.fee, invoice.net) == (
        Money("3333.34", "USD"),
        Money("0.00", "USD"),
        Money("3333.34", "USD"),
        Money("166.67", "USD"),
        Money("3166.67", "USD"),
    )
    assert (invoice.issued_on, invoice.due_on) == (date(2026, 11, 23), date(2026, 11, 30))
    assert (invoice.seller, invoice.buyer) == (freelancer, commissioner)
    assert invoice.seller_copy == {
        "id": freelancer.public_id,
        "name": "Fred Freelancer",
        **legal_values(freelancer),
        "kind": "business",
        "tax_status": "",
        "iban": "",
        "contact_phone": "",
        "contact_email": "",
        "logo": "",
    }
    line = InvoiceLine.objects.get(invoice=invoice)
    assert (line.description, line.amount) == (
        "Museum web site: Part 1",
        Money("3333.34", "USD"),
    )


def test_the_fees_of_a_project_add_up_to_the_exact_total(at):
    project = active_project()
    fees = [sent_invoice(project, position=n).fee for n in (1, 2, 3)]

    assert fees == [Money("166.67", "USD"), Money("166.66", "USD"), Money("166.67", "USD")]
    project = Project.objects.get(pk=project.pk)
    assert (project.invoiced_minor, project.fees_minor) == (1_000_000, 50_000)


def test_a_batch_gives_what_single_calls_give(at):
    project = active_project()
    ids = [
        approved_milestone(project, position=n, at=at + timedelta(minutes=n)).pk for n in (1, 2, 3)
    ]

    issued = invoices_issue(milestone_ids=list(reversed(ids)), at=at)

    invoices = [Invoice.objects.get(pk=invoice_id) for invoice_id in issued]
    assert [invoice.milestone_id for invoice in invoices] == ids
    assert [invoice.fee for invoice in invoices] == [
        Money("166.67", "USD"),
        Money("166.66", "USD"),
        Money("166.67", "USD"),
    ]
    assert [invoice.position for invoice in invoices] == [1, 2, 3]


def test_a_batch_of_many_issuers_takes_a_fixed_number_of_queries(at):
    few = [approved_milestone(active_project()).pk for _ in range(2)]
    many = [approved_milestone(active_project()).pk for _ in range(9)]

    with _counting() as first:
        invoices_issue(milestone_ids=few, at=at)
    with _counting() as second:
        invoices_issue(milestone_ids=many, at=at)

    assert len(first) == len(second)


def _counting():
    from django.test.utils import CaptureQueriesContext  # noqa: PLC0415

    return CaptureQueriesContext(connection)


def test_a_milestone_has_one_invoice(at):
    milestone = approved_milestone()
    first = invoices_issue(milestone_ids=[milestone.pk], at=at)

    assert invoices_issue(milestone_ids=[milestone.pk], at=at) == []
    assert list(Invoice.objects.values_list("pk", flat=True)) == first
    assert InvoiceSeries.objects.get().last_number == 1


def test_the_database_refuses_a_second_invoice_of_a_milestone(at):
    invoice = sent_invoice()
    twin = Invoice.objects.get(pk=invoice.pk)
    twin.pk, twin.uuid, twin.number, twin.position = None, Issuer.objects.get().uuid, "X", 2

    with (
        pytest.raises(Exception, match="invoicing_invoice_one_per_milestone"),
        transaction.atomic(),
    ):
        twin.save(force_insert=True)


def test_a_milestone_that_is_not_approved_is_left_out(at):
    assert invoices_issue(milestone_ids=[submitted_milestone().pk], at=at) == []
    assert not Invoice.objects.exists()
    assert not InvoiceSeries.objects.exists()


def test_numbers_start_anew_each_year(freelancer):
    project = active_project(freelancer=freelancer)
    for position, year in ((1, 2026), (2, 2026), (3, 2027)):
        sent_invoice(project, position=position, at=datetime(year, 12, 1, tzinfo=UTC))

    code = Issuer.objects.get(user=freelancer).code
    assert list(Invoice.objects.order_by("pk").values_list("number", flat=True)) == [
        f"{code}-2026-00001",
        f"{code}-2026-00002",
        f"{code}-2027-00001",
    ]


def test_a_rolled_back_issue_leaves_no_gap(freelancer, at):
    project = active_project(freelancer=freelancer)
    milestone = approved_milestone(project)

    with pytest.raises(RuntimeError), transaction.atomic():  # noqa: PT012
        invoices_issue(milestone_ids=[milestone.pk], at=at)
        raise RuntimeError

    [invoice_id] = invoices_issue(milestone_ids=[milestone.pk], at=at)
    assert Invoice.objects.get(pk=invoice_id).position == 1


def test_the_buyer_is_the_organisation(commissioner, at):
    OrganisationFactory(
        owner=commissioner, street="1 Slice Street", postcode="10115", city="Berlin", country="DE"
    )
    invoice = sent_invoice(active_project(commissioner=commissioner))

    assert (invoice.buyer_copy["legal_name"], invoice.buyer_copy["city"]) == (
        "Museum of Slices Ltd",
        "Berlin",
    )


def test_parties_are_frozen(freelancer, at):
    invoice = sent_invoice(active_project(freelancer=freelancer))
    freelancer.legal_name = "Somebody Else"
    freelancer.save(update_fields=["legal_name"])

    assert Invoice.objects.get(pk=invoice.pk).seller_copy["legal_name"] == "Fred Freelancer"


def test_what_follows_from_an_invoice_is_asked_for(at):
    invoice = sent_invoice()

    assert set(Job.objects.filter(key=invoice.public_id).values_list("topic", flat=True)) == {
        "invoice.issued",
        "invoice.document",
    }
    assert not Job.objects.filter(payload__template="invoice_issued").exists()
    assert AuditEvent.objects.filter(event="invoice.issued", target=invoice.public_id).count() == 1


def test_either_party_may_ask_for_the_invoice(at):
    milestone = approved_milestone()
    project = milestone.project

    first, created = invoice_issue_for(milestone_id=milestone.pk, by=project.freelancer, at=at)
    second, again = invoice_issue_for(milestone_id=milestone.pk, by=project.commissioner, at=at)

    assert (first, created, again) == (second, True, False)


def test_a_stranger_may_not_ask_for_the_invoice(stranger, at):
    milestone = approved_milestone()

    with pytest.raises(PermissionRefused):
        invoice_issue_for(milestone_id=milestone.pk, by=stranger, at=at)
    assert not Invoice.objects.exists()


def test_no_invoice_before_the_approval(at):
    milestone = submitted_milestone()

    with pytest.raises(MilestoneNotApproved) as refusal:
        invoice_issue_for(milestone_id=milestone.pk, by=milestone.project.freelancer, at=at)
    assert (refusal.value.code, refusal.value.status) == ("milestone_not_approved", 409)


@pytest.mark.parametrize(
    "change",
    [
        {"total": "1.00", "net": "0.00"},
        {"number": "X-1"},
        {"seller_copy": {}},
        {"due_on": date(2027, 1, 1)},
    ],
)
def test_an_issued_invoice_cannot_be_changed(change):
    invoice = sent_invoice()

    with (
        pytest.raises(Exception, match="is issued and cannot be changed"),
        transaction.atomic(),
    ):
        Invoice.objects.filter(pk=invoice.pk).update(**change)


@pytest.mark.parametrize("model", [Invoice, InvoiceLine, InvoiceDocument])
def test_issued_rows_cannot_be_deleted(model, at):
    invoice = sent_invoice()
    documents_make(invoice_ids=[invoice.pk], at=at)

    with pytest.raises(Exception, match="refuses delete"), transaction.atomic():
        model.objects.all()._raw_delete(using="default")


def test_a_series_never_goes_back(at):
    sent_invoice()

    with pytest.raises(Exception, match="cannot go back"), transaction.atomic():
        InvoiceSeries.objects.update(last_number=0)


def test_on_hold_is_noted_once(at):
    invoice = sent_invoice()

    invoice_put_on_hold(invoice=invoice, at=at)
    invoice_put_on_hold(invoice=invoice, at=at)

    assert Invoice.objects.get(pk=invoice.pk).status == InvoiceStatus.ON_HOLD
    assert AuditEvent.objects.filter(event="invoice.on_hold").count() == 1
    with pytest.raises(InvoiceTransitionRefused):
        invoice.move_to(InvoiceStatus.SENT)


def test_the_document_is_made_once(at):
    invoice = sent_invoice()

    documents_make(invoice_ids=[invoice.pk], at=at)
    documents_make(invoice_ids=[invoice.pk], at=at + timedelta(days=1))

    page, data = InvoiceDocument.objects.order_by("-kind")
    assert [page.kind, data.kind] == ["pdf", "data"]
    assert bytes(page.content).startswith(b"%PDF")
    assert {page.created_at, data.created_at} == {at}
    assert page.digest == hashlib.sha256(page.content).hexdigest()
    assert [page.file_name, data.file_name] == [f"{invoice.number}.pdf", f"{invoice.number}.json"]


def test_files_can_be_made_again_from_the_data_that_is_kept(at):
    invoice = sent_invoice()
    documents_make(invoice_ids=[invoice.pk], at=at)
    kept = {file.kind: bytes(file.content) for file in invoice.documents.all()}

    again = files_of(from_json(kept["data"]))

    assert (again.pdf, again.data) == (kept["pdf"], kept["data"])


def test_issuer_codes_are_unique_and_plain():
    for _ in range(3):
        sent_invoice(active_project(freelancer=FreelancerFactory()))

    codes = list(Issuer.objects.values_list("code", flat=True))
    assert len(set(codes)) == 3
    assert all(
        (len(code) == 4 and code.isalnum() and code.isupper()) or code.isdigit() for code in codes
    )
    assert milestone_of(Project.objects.first()).status == "approved"
