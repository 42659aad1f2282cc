"""Copies of parties that the database makes for batches are those that Python makes."""

import json

import pytest

from accounts.models import Organisation, User
from accounts.selectors import buyer_copy, invoice_copies, seller_copy
from accounts.services import organisation_save
from tests.factories import AT, CommissionerFactory
from tests.parties import FRENCH, buyer, seller

pytestmark = pytest.mark.django_db

ODD = 'Ünïcode "quoted" \\ back\nslash {brace}'


@pytest.mark.parametrize("legal_name", ["", ODD, "Fred's Studio"])
def test_a_person_is_copied_alike(legal_name):
    person = seller()
    User.objects.filter(pk=person.pk).update(
        legal_name=legal_name,
        name=ODD,
        region="Berlin",
        tax_number="12/345",
        register_number="HRB 1",
        invoice_iban="DE75512108001245126199",
        contact_phone="+49 30 1",
        contact_email="fred@studio.example",
        logo_digest="ab",
    )
    person.refresh_from_db()
    other = buyer(FRENCH)
    made = invoice_copies(sellers=[person.pk], buyers=[person.pk, other.pk], organisations=[])

    assert {key: json.loads(copy) for key, copy in made.items()} == {
        f"seller:{person.pk}": seller_copy(person),
        f"user:{person.pk}": buyer_copy(person),
        f"user:{other.pk}": buyer_copy(other),
    }


def test_an_organisation_is_copied_alike():
    owner = CommissionerFactory()
    organisation_save(changes={**FRENCH, "name": ODD}, by=owner, at=AT)
    Organisation.objects.update(logo_digest="ab")
    organisation = Organisation.objects.get(owner=owner)

    made = invoice_copies(sellers=[], buyers=[], organisations=[organisation.pk])

    assert {key: json.loads(copy) for key, copy in made.items()} == {
        f"organisation:{organisation.pk}": buyer_copy(organisation)
    }
    assert buyer_copy(organisation)["logo"] == "ab"
