import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.enums import Role
from accounts.services import role_add
from invoicing.models import Invoice, InvoiceDocument
from invoicing.services import documents_make
from tests.builders import active_project, paid_invoice, sent_invoice
from tests.factories import AT, OrganisationFactory
from tests.rules import checksums
from wallets.enums import PaymentStatus
from wallets.services import MethodChoice, payment_begin

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("stopped_clock")]

PAGES = ["detail", "pdf", "document"]


@pytest.fixture
def project(commissioner, freelancer):
    return active_project(commissioner=commissioner, freelancer=freelancer)


@pytest.fixture
def invoice(project):
    return sent_invoice(project)


def url(name, invoice):
    return reverse(f"invoicing:{name}", args=[invoice.public_id])


def text_of(response):
    return " ".join(response.content.decode().split())


@pytest.mark.parametrize("name", PAGES)
def test_an_invoice_is_for_its_parties(
    client_for, invoice, commissioner, freelancer, stranger, name
):
    documents_make(invoice_ids=[invoice.pk], at=AT)
    address = url(name, invoice)

    asked = client_for(None).get(address)
    assert (asked.status_code, asked.url) == (302, f"/accounts/login/?next={address}")
    assert client_for(stranger).get(address).status_code == 404
    for party in (commissioner, freelancer):
        assert client_for(party).get(address).status_code == 200


@pytest.mark.parametrize("name", [*PAGES, "list"])
def test_invoices_are_read_by_get_alone(client_for, invoice, freelancer, name):
    address = reverse("invoicing:list") if name == "list" else url(name, invoice)

    assert client_for(freelancer).post(address).status_code == 405


def test_reading_changes_nothing(client_for, invoice, commissioner, freelancer):
    clients = [client_for(commissioner), client_for(freelancer)]
    before = checksums()

    for client in clients:
        for address in (reverse("invoicing:list"), *(url(name, invoice) for name in PAGES)):
            client.get(address)

    assert checksums() == before


def test_the_list_asks_strangers_to_sign_in(client_for):
    response = client_for(None).get(reverse("invoicing:list"))

    assert (response.status_code, response.url) == (302, "/accounts/login/?next=/invoices/")


def test_each_side_starts_with_its_own_list(client_for, invoice, commissioner, freelancer):
    for user, side in ((freelancer, "sent"), (commissioner, "received")):
        response = client_for(user).get(reverse("invoicing:list"))
        assert response.context["side"] == side
        assert response.context["page"].rows == [invoice]
        assert invoice.number in text_of(response)


def test_a_person_with_both_roles_chooses_the_side(client_for, project, freelancer):
    sent = sent_invoice(project)
    role_add(role=Role.COMMISSIONER, by=freelancer, at=AT)
    freelancer.refresh_from_db()
    received = sent_invoice(active_project(commissioner=freelancer))
    client = client_for(freelancer)

    def listed(query):
        return client.get(reverse("invoicing:list") + query).context["page"].rows

    assert listed("") == [sent]
    assert listed("?side=received") == [received]
    assert listed("?side=nonsense") == [sent]


def test_filters_narrow_the_list_and_nonsense_does_not(client_for, project, freelancer):
    paid, sent = paid_invoice(project, position=1), sent_invoice(project, position=2)
    client = client_for(freelancer)

    def listed(**query):
        return client.get(reverse("invoicing:list"), query).context["page"].rows

    assert listed(status="paid") == [paid]
    assert listed(number=sent.number.lower()) == [sent]
    assert listed(status="lost") == [sent, paid]
    assert listed(before="inv_nothing") == [sent, paid]
    assert "No invoice fits" in text_of(client.get(reverse("invoicing:list"), {"number": "ZZZZ"}))


def test_the_list_goes_on_after_twenty(client_for, freelancer):
    project = active_project(freelancer=freelancer, tasks=21, budget="2100.00")
    for position in range(1, 22):
        sent_invoice(project, position=position)
    client = client_for(freelancer)

    first = client.get(reverse("invoicing:list"))
    older = client.get(reverse("invoicing:list"), {"before": first.context["page"].older})

    assert len(first.context["page"].rows) == 20
    assert [row.position for row in older.context["page"].rows] == [1]
    assert f"?before={first.context['page'].older}" in first.content.decode()


def test_the_list_asks_as_much_for_twelve_rows_as_for_three(client_for, freelancer):
    project, counts = active_project(freelancer=freelancer, tasks=12), []
    for positions in (range(1, 4), range(4, 13)):
        for position in positions:
            sent_invoice(project, position=position)
        client = client_for(freelancer)
        with CaptureQueriesContext(connection) as queries:
            client.get(reverse("invoicing:list"))
        counts.append(len(queries))

    assert Invoice.objects.count() == 12
    assert counts[0] == counts[1]


def test_the_page_shows_the_frozen_document(client_for, commissioner, freelancer):
    organisation = OrganisationFactory(owner=commissioner, street="Main Road 1", country="DE")
    invoice = sent_invoice(active_project(commissioner=commissioner, freelancer=freelancer))
    organisation.legal_name = "Somebody else"
    organisation.save(update_fields=["legal_name"])

    text = text_of(client_for(commissioner).get(url("detail", invoice)))

    for part in (
        invoice.number,
        "Museum of Slices Ltd",
        "Main Road 1",
        "Germany",
        "Fred Freelancer",
        "Museum web site: Part 1",
        "3,333.34",
        "23 November 2026",
        "30 November 2026",
    ):
        assert part in text
    assert "Somebody else" not in text


def test_only_the_seller_sees_fee_and_net(client_for, invoice, commissioner, freelancer):
    seller = text_of(client_for(freelancer).get(url("detail", invoice)))
    buyer = text_of(client_for(commissioner).get(url("detail", invoice)))

    formula = "round(5% \N{MULTIPLICATION SIGN} invoiced so far) \N{MINUS SIGN} fees so far"
    for secret in ("166.67", "3,166.67", formula):
        assert secret in seller
        assert secret not in buyer


def test_only_the_buyer_of_an_open_invoice_can_pay(client_for, invoice, commissioner, freelancer):
    pay = reverse("wallets:pay", args=[invoice.public_id])

    assert pay in text_of(client_for(commissioner).get(url("detail", invoice)))
    assert pay not in text_of(client_for(freelancer).get(url("detail", invoice)))

    payment = payment_begin(
        invoice_id=invoice.pk,
        method=MethodChoice(provider="sandbox", token="test_timeout"),
        by=commissioner,
        at=AT,
    )
    waiting = text_of(client_for(commissioner).get(url("detail", invoice)))
    assert payment.status == PaymentStatus.PROCESSING
    assert "A payment is on its way" in waiting
    assert pay not in waiting


def test_a_paid_invoice_offers_no_payment(client_for, project, commissioner):
    invoice = paid_invoice(project)

    text = text_of(client_for(commissioner).get(url("detail", invoice)))

    assert reverse("wallets:pay", args=[invoice.public_id]) not in text
    assert '<span class="pill" data-status="paid">Paid</span>' in text


def test_the_pdf_is_a_private_download(client_for, invoice, freelancer):
    documents_make(invoice_ids=[invoice.pk], at=AT)
    document = InvoiceDocument.objects.get(invoice=invoice, kind="pdf")

    response = client_for(freelancer).get(url("pdf", invoice))

    assert response.content == bytes(document.content)
    assert response.content.startswith(b"%PDF-")
    assert response["Content-Type"] == "application/pdf"
    assert response["Content-Disposition"] == f'attachment; filename="{invoice.number}.pdf"'
    assert set(response["Cache-Control"].split(", ")) == {"private", "no-store"}


def test_a_pdf_that_is_not_made_yet_asks_for_patience(client_for, invoice, freelancer):
    client = client_for(freelancer)

    early = client.get(url("pdf", invoice))
    waiting = client.get(url("document", invoice), headers={"HX-Request": "true"})
    documents_make(invoice_ids=[invoice.pk], at=AT)
    ready = client.get(url("document", invoice), headers={"HX-Request": "true"})

    assert (early.status_code, early["Retry-After"]) == (409, "1")
    assert "is being made" in text_of(early)
    assert 'hx-trigger="every 2s"' in text_of(waiting)
    assert url("pdf", invoice) in text_of(ready)
    assert "hx-trigger" not in text_of(ready)
    assert "<html" not in ready.content.decode()


def test_other_spellings_of_an_invoice_are_nothing(client_for, invoice, freelancer):
    client = client_for(freelancer)

    for name in (str(invoice.pk), invoice.number, invoice.public_id.upper(), f"inv_{'0' * 32}"):
        assert client.get(f"/invoices/{name}/").status_code == 404
