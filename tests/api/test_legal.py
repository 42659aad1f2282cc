import pytest

from accounts.models import AuditEvent, Organisation

pytestmark = pytest.mark.django_db

LEGAL, ORGANISATION = "/api/v1/me/legal/", "/api/v1/me/organisation/"
FRENCH = {"legal_name": "Ada SARL", "country": "FR", "vat_id": "40303265045"}


def test_legal_data_is_read_and_changed_field_by_field(api, freelancer):
    client = api(freelancer)

    first = client.patch(LEGAL, FRENCH, format="json")
    second = client.patch(LEGAL, {"city": "Lyon", "tax_status": "registered"}, format="json")

    assert (first.status_code, second.status_code) == (200, 200)
    assert second.json() == client.get(LEGAL).json()
    assert second.json() == {
        "legal_name": "Ada SARL",
        "street": "",
        "postcode": "",
        "city": "Lyon",
        "region": "",
        "country": "FR",
        "vat_id": "FR40303265045",
        "tax_number": "",
        "register_number": "",
        "register_scheme": "",
        "electronic_address": "",
        "electronic_address_scheme": "",
        "tax_status": "registered",
        "buyer_kind": "",
        "invoice_iban": "",
        "contact_phone": "",
        "contact_email": "",
    }


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"country": "FR", "vat_id": "DE136695976"}, "invalid_vat_number"),
        ({"legal_name": ""}, "blank"),
        ({"tax_status": "rich"}, "invalid_choice"),
        ({"country": "Germany"}, "too_long"),
        ({"iban": "x"}, "unknown_field"),
        ({"street": 12}, "wrong_type"),
    ],
)
def test_what_cannot_be_right_is_400_and_changes_nothing(api, freelancer, refused, body, code):
    refused(api(freelancer).patch(LEGAL, body, format="json"), 400, code)
    assert not AuditEvent.objects.filter(event="user.legal_data_updated").exists()


def test_an_organisation_is_made_and_changed(api, commissioner):
    client = api(commissioner)

    made = client.patch(ORGANISATION, {"name": "Museum"}, format="json")
    changed = client.patch(ORGANISATION, {"country": "GB", "vat_id": "980780684"}, format="json")

    assert (made.status_code, changed.status_code) == (200, 200)
    assert changed.json() == client.get("/api/v1/me/").json()["organisation"]
    assert (changed.json()["name"], changed.json()["vat_id"]) == ("Museum", "GB980780684")
    assert Organisation.objects.count() == 1


def test_an_organisation_is_for_commissioners_and_has_a_name(
    api, freelancer, commissioner, refused
):
    refused(
        api(freelancer).patch(ORGANISATION, {"name": "Museum"}, format="json"),
        403,
        "permission_denied",
    )
    refused(api(commissioner).patch(ORGANISATION, {}, format="json"), 400, "blank")
    assert Organisation.objects.count() == 0
