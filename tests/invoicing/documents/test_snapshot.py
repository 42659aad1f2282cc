"""From an issued invoice to its files, as the product makes them."""

import io
from datetime import date
from decimal import Decimal

import pikepdf
import pytest
from django.urls import reverse
from facturx.parse_xml import parse_ubl_cii_xml

from accounts.services import legal_data_update
from invoicing.documents.files import files_of
from invoicing.documents.model import Language, TypeCode
from invoicing.documents.snapshot import document_of, language_of, party_of, seller_of
from invoicing.documents.stored import from_json
from invoicing.services import documents_make
from tests import parties
from tests.builders import active_project, sent_invoice
from tests.factories import AT
from tests.invoicing.documents.cases import AU, CH, DE, DE_SMALL, IN, copy

pytestmark = pytest.mark.django_db
EURO = {"budget": "10000.00", "currency": "EUR"}


@pytest.fixture
def invoice():
    return sent_invoice(
        active_project(
            commissioner=parties.buyer(parties.FRENCH), freelancer=parties.seller(), **EURO
        )
    )


def refused(answer, status, code):
    assert (answer.status_code, answer.json()["code"]) == (status, code)


def made(invoice):
    documents_make(invoice_ids=[invoice.pk], at=AT)
    return {file.kind: bytes(file.content) for file in invoice.documents.all()}


def test_a_german_works_for_a_french_company(invoice):
    document = document_of(invoice)

    assert document.type_code is TypeCode.INVOICE
    assert document.language is Language.FRENCH
    assert (document.issued_on, document.due_on) == (date(2026, 11, 23), date(2026, 11, 30))
    assert document.delivered_on == invoice.milestone.approved_at.date()
    assert document.seller.vat_id == "DE136695976"
    assert document.buyer.vat_id == "FR40303265045"
    assert document.references.buyer == invoice.project.public_id
    assert document.references.order == invoice.milestone.public_id
    [row] = document.taxes
    assert (row.category, row.rate, row.base) == ("AE", 0, Decimal("3333.34"))
    assert row.reason.startswith("Autoliquidation. Reverse charge (Steuerschuldnerschaft")
    assert document.totals.due == Decimal("3333.34")
    assert document.issued_by == "Tranche"


def test_all_files_are_kept_and_belong_together(invoice):
    files = made(invoice)

    assert set(files) == {"data", "pdf", "ubl", "cii"}
    with pikepdf.open(io.BytesIO(files["pdf"])) as opened:
        assert opened.Root.AF[0].EF.F.read_bytes() == files["cii"]
    again = files_of(from_json(files["data"]))
    assert (again.pdf, again.ubl, again.cii) == (files["pdf"], files["ubl"], files["cii"])
    read = parse_ubl_cii_xml(files["ubl"], check_xsd=False)
    assert (read["BT-1"], read["BT-112"]) == (invoice.number, "3333.34")


def test_both_parties_download_all_files(invoice, api, client_for, stranger):
    address = f"/api/v1/invoices/{invoice.public_id}/"
    early = api(invoice.buyer).get(address).json()["documents"]
    refused(api(invoice.buyer).get(f"{address}ubl/"), 409, "document_not_ready")

    files = made(invoice)

    assert early == {"pdf": f"{address}pdf/", "ubl": None, "cii": None}
    for party in (invoice.buyer, invoice.seller):
        listed = api(party).get(address).json()["documents"]
        assert listed == {kind: f"{address}{kind}/" for kind in ("pdf", "ubl", "cii")}
        for kind, link in listed.items():
            answer = api(party).get(link)
            assert answer.content == files[kind]
        assert answer["Content-Type"] == "application/xml"
        name = f'attachment; filename="{invoice.number}-cii.xml"'
        assert answer["Content-Disposition"] == name
        text = client_for(party).get(reverse("invoicing:detail", args=[invoice.public_id]))
        for kind in ("pdf", "ubl", "cii"):
            own = reverse(f"invoicing:{kind}", args=[invoice.public_id])
            assert own in text.content.decode()
            assert client_for(party).get(own).content == files[kind]
    refused(api(stranger).get(f"{address}ubl/"), 404, "not_found")


def test_without_legal_data_there_is_a_page_alone(api, client_for):
    invoice = sent_invoice()
    files = made(invoice)
    address = f"/api/v1/invoices/{invoice.public_id}/"

    assert set(files) == {"data", "pdf"}
    assert api(invoice.buyer).get(address).json()["documents"] == {
        "pdf": f"{address}pdf/",
        "ubl": None,
        "cii": None,
    }
    for kind in ("ubl", "cii"):
        refused(api(invoice.buyer).get(f"{address}{kind}/"), 404, "no_electronic_invoice")
        page = reverse(f"invoicing:{kind}", args=[invoice.public_id])
        assert client_for(invoice.buyer).get(page).status_code == 404


def test_staff_see_the_data_too(invoice, client_for, staff):
    files = made(invoice)
    client = client_for(staff)

    shown = client.get(reverse("admin:invoicing_invoice_change", args=[invoice.pk]))

    for kind, content in files.items():
        link = reverse(f"admin:invoicing_invoice_{kind}", args=[invoice.pk])
        assert link in shown.content.decode()
        assert client.get(link).content == content


def test_documents_ignore_what_changes_after_the_issue(invoice):
    before = files_of(document_of(invoice))

    legal_data_update(changes={"legal_name": "Another GmbH"}, by=invoice.seller, at=AT)
    invoice.refresh_from_db()

    assert files_of(document_of(invoice)) == before


def test_a_document_says_nothing_of_the_fee(invoice):
    files = files_of(document_of(invoice))

    assert b"166.67" not in files.data + (files.ubl or b"") + (files.cii or b"")


def test_french_businesses_read_what_their_law_wants():
    invoice = sent_invoice(
        active_project(
            commissioner=parties.buyer({**parties.FRENCH, "vat_id": "FR83404833048"}),
            freelancer=parties.seller(parties.FRENCH),
            **EURO,
        )
    )

    notes = document_of(invoice).notes

    assert [note.subject for note in notes] == ["PMT", "PMD", "AAB"]


@pytest.mark.parametrize(
    ("currency", "budget", "gross"),
    [("USD", "1234567.80", "1234567.80"), ("JPY", "1234567", "1234567"), ("KWD", "1.125", "1.125")],
)
def test_amounts_have_the_decimals_of_their_currency(currency, budget, gross):
    invoice = sent_invoice(active_project(budget=budget, currency=currency, tasks=1))

    assert f"{document_of(invoice).totals.gross:f}" == gross


@pytest.mark.parametrize(
    ("country", "language"),
    [
        ("DE", "de"),
        ("AT", "de"),
        ("FR", "fr"),
        ("MX", "es"),
        ("IT", "en"),
        ("US", "en"),
        ("", "en"),
    ],
)
def test_a_document_is_written_for_its_buyer(country, language):
    assert language_of(copy(country)) == language


def test_numbers_of_other_continents_are_local_ones():
    australian, indian = seller_of(AU), seller_of(IN)

    assert (australian.vat_id, australian.tax_number) == ("", "51824753556")
    assert (australian.registration.value, australian.registration.scheme) == (
        "51824753556",
        "0151",
    )
    assert (indian.vat_id, indian.tax_number, indian.registration.scheme) == (
        "",
        "27AAPFU0939F1ZV",
        "",
    )
    assert party_of(CH).vat_id == "CHE107787577MWST"
    assert party_of(DE).registration.value == "HRB 123456 B"


def test_the_name_that_a_person_shows_is_no_trading_name():
    shown = {"name": "Slices", "legal_name": "Museum of Slices Ltd"}

    assert party_of(copy("GB", **shown)).trading_name == ""
    assert party_of(copy("GB", **shown, id="org_" + "0" * 32)).trading_name == "Slices"


def test_a_seller_without_numbers_is_known_by_ours():
    assert [one.value for one in seller_of(DE_SMALL).identifiers] == [DE_SMALL["id"]]
    assert seller_of(DE).identifiers == ()
