import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from invoicing.models import Invoice, InvoiceSeries, Issuer
from invoicing.services import documents_make
from tests.builders import active_project, sent_invoice
from tests.factories import AT, UserFactory
from tests.rules import checksums

pytestmark = pytest.mark.django_db

MODELS = [Invoice, Issuer, InvoiceSeries]


@pytest.fixture
def rows(freelancer, commissioner):
    invoice = sent_invoice(active_project(commissioner=commissioner, freelancer=freelancer))
    return {
        Invoice: invoice,
        Issuer: Issuer.objects.get(),
        InvoiceSeries: InvoiceSeries.objects.get(),
    }


def url(model, page, *args):
    return reverse(f"admin:invoicing_{model._meta.model_name}_{page}", args=args)


@pytest.mark.parametrize("model", MODELS)
def test_staff_see_list_and_row(client_for, staff, rows, model):
    client = client_for(staff)

    listed = client.get(url(model, "changelist"))
    shown = client.get(url(model, "change", rows[model].pk))

    assert list(listed.context["cl"].result_list) == [rows[model]]
    assert shown.status_code == 200


@pytest.mark.parametrize("model", MODELS)
def test_forged_posts_change_nothing(client_for, staff, rows, model):
    client, pk = client_for(staff), rows[model].pk
    before = checksums()
    forged = {"status": "paid", "last_number": "9", "code": "AAAA", "post": "yes", "_save": "Save"}

    answers = [
        client.post(url(model, "add"), forged).status_code,
        client.post(url(model, "change", pk), forged).status_code,
        client.post(url(model, "delete", pk), forged).status_code,
    ]
    client.post(
        url(model, "changelist"),
        {"action": "delete_selected", "_selected_action": [pk], "post": "yes"},
    )

    assert answers == [403, 403, 403]
    assert checksums() == before


def test_an_invoice_is_found_by_number_party_and_identifier(client_for, staff, rows):
    invoice = rows[Invoice]
    sent_invoice()
    client = client_for(staff)

    for words in (invoice.number, invoice.seller.email, invoice.public_id):
        listed = client.get(url(Invoice, "changelist"), {"q": words})
        assert list(listed.context["cl"].result_list) == [invoice]


def test_an_invoice_shows_its_figures_and_lines(client_for, staff, rows):
    text = client_for(staff).get(url(Invoice, "change", rows[Invoice].pk)).content.decode()

    for part in ("3,333.34 USD", "166.67 USD", "3,166.67 USD", "5%", "Museum web site: Part 1"):
        assert part in text
    assert "being made" in text


def test_staff_download_the_document(client_for, staff, rows):
    invoice = rows[Invoice]
    address = reverse("admin:invoicing_invoice_pdf", args=[invoice.pk])
    client = client_for(staff)

    assert client.get(address).status_code == 404
    documents_make(invoice_ids=[invoice.pk], at=AT)
    response = client.get(address)

    assert response.content == bytes(invoice.documents.get(kind="pdf").content)
    assert response["Content-Disposition"] == f'attachment; filename="{invoice.number}.pdf"'
    assert address in client.get(url(Invoice, "change", invoice.pk)).content.decode()


def test_the_document_is_for_staff_who_may_see_invoices(client_for, freelancer, rows):
    invoice = rows[Invoice]
    documents_make(invoice_ids=[invoice.pk], at=AT)
    address = reverse("admin:invoicing_invoice_pdf", args=[invoice.pk])

    assert client_for(UserFactory(is_staff=True)).get(address).status_code == 403
    for user in (None, freelancer):
        assert client_for(user).get(address).url.startswith("/admin/login/")


def test_the_list_asks_as_much_for_twelve_rows_as_for_three(client_for, staff):
    project, counts = active_project(tasks=12), []
    for positions in (range(1, 4), range(4, 13)):
        for position in positions:
            sent_invoice(project, position=position)
        client = client_for(staff)
        with CaptureQueriesContext(connection) as queries:
            client.get(url(Invoice, "changelist"))
        counts.append(len(queries))

    assert Invoice.objects.count() == 12
    assert counts[0] == counts[1]
