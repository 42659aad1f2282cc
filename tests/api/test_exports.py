"""Archives of invoices through the REST door."""

import io
import zipfile
from datetime import timedelta

import pytest

from invoicing.models import InvoiceExport
from invoicing.services.exports import exports_tidy
from tests.builders import run_jobs, sent_invoice

pytestmark = pytest.mark.django_db
EXPORTS = "/api/v1/invoice-exports/"


@pytest.fixture
def invoice():
    return sent_invoice()


def test_an_archive_is_asked_for_watched_and_downloaded(api, invoice, refused):
    client = api(invoice.seller)
    asked = client.post(EXPORTS, {"side": "sent", "issued_until": "2026-12-31"}, format="json")
    path = f"{EXPORTS}{asked.json()['id']}/"

    assert asked.status_code == 201
    assert (asked.json()["status"], asked.json()["download"]) == ("pending", None)
    waiting = client.get(f"{path}download/")
    refused(waiting, 409, "export_not_ready")
    assert waiting["Retry-After"] == "5"
    run_jobs("invoice.export")
    read = client.get(path).json()
    assert (read["status"], read["done"], read["expected"]) == ("ready", 1, 1)
    content = client.get(read["download"]).getvalue()
    assert f"2026-11/{invoice.number}.pdf" in zipfile.ZipFile(io.BytesIO(content)).namelist()
    assert [row["id"] for row in client.get(EXPORTS).json()["results"]] == [read["id"]]
    exports_tidy(at=InvoiceExport.objects.get().expires_at + timedelta(days=1))
    refused(client.get(read["download"] or ""), 410, "export_gone")


@pytest.mark.parametrize("who", ["buyer", "stranger"])
def test_an_archive_is_its_owners_alone(api, invoice, stranger, refused, who):
    client = api(invoice.seller)
    asked = client.post(EXPORTS, {"side": "sent"}, format="json").json()
    other = api(stranger if who == "stranger" else invoice.buyer)

    for path in (f"{EXPORTS}{asked['id']}/", f"{EXPORTS}{asked['id']}/download/"):
        refused(other.get(path), 404, "not_found")
    assert other.get(EXPORTS).json()["results"] == []


def test_without_a_token_there_is_nothing(client, invoice):
    assert client.get(EXPORTS).status_code == 401
    assert client.post(EXPORTS, {"side": "sent"}).status_code == 401


@pytest.mark.parametrize(
    ("body", "status", "code", "field"),
    [
        ({}, 400, "required", "side"),
        ({"side": "both"}, 400, "invalid_choice", "side"),
        ({"side": "sent", "year": 1999}, 400, "min_value", "year"),
        ({"side": "sent", "year": 2026, "status": "paid"}, 400, "invalid", "year"),
        (
            {"side": "sent", "issued_from": "2026-11-02", "issued_until": "2026-11-01"},
            400,
            "invalid",
            "issued_until",
        ),
        ({"side": "received"}, 409, "nothing_to_export", ""),
        ({"side": "sent", "year": 2025}, 409, "nothing_to_export", ""),
    ],
)
def test_what_cannot_be_made_is_refused(api, invoice, refused, body, status, code, field):
    answer = api(invoice.seller).post(EXPORTS, body, format="json")

    errors = refused(answer, status, answer.json()["code"])
    assert (field, code) in errors if field else answer.json()["code"] == code
    assert not InvoiceExport.objects.exists()


def test_a_second_one_waits_for_the_first(api, invoice, refused):
    client = api(invoice.seller)
    client.post(EXPORTS, {"side": "sent"}, format="json")

    refused(client.post(EXPORTS, {"side": "sent"}, format="json"), 409, "export_under_way")
    assert InvoiceExport.objects.count() == 1
