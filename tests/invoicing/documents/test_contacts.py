"""Whom to ask about an invoice: what German rules want of a seller, from the settings to the file."""

from pathlib import Path

import pytest

from invoicing.documents.model import Contact
from invoicing.documents.page import page_of
from invoicing.documents.profiles import PEPPOL, PLAIN, XRECHNUNG, profile_of
from invoicing.documents.snapshot import document_of
from invoicing.models import Invoice
from tests.builders import active_project, credit, sent_invoice
from tests.invoicing.documents.test_official_rules import ELSEWHERE, NIGHTLY, broken, written
from tests.parties import AUTHORITY, GERMAN, REACHABLE, buyer, seller

pytestmark = pytest.mark.django_db
CONTACT = Contact(name="Fred Freelancer", phone="+49 (30) 1234-567", email="fred@studio.example")


def issued(sold, bought):
    """An invoice between two Germans, and a note over a part of it."""
    project = active_project(
        freelancer=seller(sold), commissioner=buyer(bought), currency="EUR", budget="3333.34"
    )
    invoice = sent_invoice(project)
    note = credit(invoice, "33.33")
    return {
        name: document_of(Invoice.objects.get(pk=one.pk))
        for name, one in (("invoice", invoice), ("note", note))
    }


@pytest.mark.parametrize(
    ("bought", "profile"),
    [(REACHABLE, PEPPOL), ({**GERMAN, **AUTHORITY}, XRECHNUNG)],
    ids=["business", "authority"],
)
def test_a_contact_makes_a_german_file_one_that_is_accepted(tmp_path, bought, profile):
    made = issued(REACHABLE, bought)

    assert [profile_of(one) for one in made.values()] == [profile, profile]
    assert {one.seller.contact for one in made.values()} == {CONTACT}
    assert made["invoice"].buyer.contact is None
    assert page_of(made["invoice"])["seller"]["numbers"][-1] == {
        "label": "Kontakt",
        "value": "Fred Freelancer, +49 (30) 1234-567, fred@studio.example",
    }
    assert broken(written(tmp_path, made)) == {}
    for claimed, syntax, sheet in NIGHTLY if ELSEWHERE else ():
        if claimed in (None, profile):
            assert broken(tmp_path, f"{syntax}={Path(ELSEWHERE) / sheet}") == {}


@pytest.mark.parametrize("field", ["contact_phone", "contact_email"])
def test_half_a_contact_is_printed_and_claims_nothing(field):
    made = issued({**REACHABLE, field: ""}, REACHABLE)

    assert [profile_of(one) for one in made.values()] == [PLAIN, PLAIN]
    assert page_of(made["invoice"])["seller"]["numbers"][-1]["label"] == "Kontakt"
