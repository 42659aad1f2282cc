import pytest
from django.utils import timezone

from tests.builders import sent_invoice

pytestmark = pytest.mark.django_db
MANDATE = "/api/v1/me/mandate/"


def test_the_api_reads_accepts_and_revokes(api, freelancer, refused):
    client = api(freelancer)
    nothing = client.get(MANDATE).json()

    refused(client.post(MANDATE, {"version": "1"}, format="json"), 409, "mandate_outdated")
    accepted = client.post(MANDATE, {"version": nothing["current_version"]}, format="json")
    read = client.get(MANDATE).json()
    revoked = client.delete(MANDATE)

    assert (nothing["is_in_force"], nothing["version"], nothing["accepted_at"]) == (
        False,
        None,
        None,
    )
    assert accepted.json() == read
    assert read["is_in_force"]
    assert revoked.status_code == 204
    refused(client.delete(MANDATE), 409, "no_mandate")


def test_the_api_takes_an_objection(api, refused):
    invoice = sent_invoice(at=timezone.now())
    path = f"/api/v1/invoices/{invoice.public_id}/object/"

    refused(
        api(invoice.buyer).post(path, {"reason": "No."}, format="json"), 403, "permission_denied"
    )
    refused(api(invoice.seller).post(path, {"reason": ""}, format="json"), 400, "blank")
    answer = api(invoice.seller).post(path, {"reason": "The address is old."}, format="json")
    assert (answer.status_code, answer.json()["invoice_id"]) == (201, invoice.public_id)
