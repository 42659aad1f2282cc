"""Files through the API: logos, and invoices that others made."""

import io

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from accounts.models import AuditEvent, Logo
from accounts.services import organisation_logo_save
from common.images import MOST_BYTES
from invoicing.documents.foreign import LARGEST
from invoicing.models import ForeignInvoice
from tests.accounts.test_logos import picture
from tests.factories import AT
from tests.invoicing.test_foreign import UBL, WRONG
from tests.parties import organisation

pytestmark = pytest.mark.django_db
LOGO = "/api/v1/me/logo/"
OF_ORGANISATION = "/api/v1/me/organisation/logo/"
FOREIGN = "/api/v1/foreign-invoices/"


def file(content, name="file.png"):
    return SimpleUploadedFile(name, content)


def problem(answer):
    assert answer["Content-Type"] == "application/problem+json"
    found = answer.json()
    return answer.status_code, found["code"]


def test_a_freelancer_puts_reads_and_removes_a_logo(api, freelancer):
    client = api(freelancer)
    assert problem(client.get(LOGO)) == (404, "not_found")

    put = client.put(LOGO, {"file": file(picture(size=(60, 20)))}, format="multipart")

    logo = Logo.objects.get()
    assert (put.status_code, put.json()) == (
        200,
        {"sha256": logo.digest, "width": 60, "height": 20},
    )
    shown = client.get(LOGO)
    assert (shown["Content-Type"], shown.content) == ("image/png", bytes(logo.content))
    assert client.delete(LOGO).status_code == 204
    assert client.delete(LOGO).status_code == 204
    assert client.get(LOGO).status_code == 404
    freelancer.refresh_from_db()
    assert freelancer.logo_digest == ""
    assert AuditEvent.objects.filter(event="user.logo_changed").count() == 2


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"file": b"no picture"}, (400, "invalid_image")),
        ({"file": b"<svg/>"}, (400, "invalid_image")),
        ({"file": picture(kind="GIF")}, (400, "invalid_image")),
        ({"file": b""}, (400, "empty")),
        ({"file": b"x" * (MOST_BYTES + 1)}, (400, "invalid_image")),
        ({"file": b"x" * (MOST_BYTES + 128 * 1024)}, (413, "too_large")),
        ({}, (400, "required")),
        ({"file": picture(), "size": "9"}, (400, "unknown_field")),
    ],
    ids=["text", "svg", "gif", "empty", "large", "larger", "none", "field"],
)
def test_what_is_no_logo_is_refused(api, freelancer, body, expected):
    client = api(freelancer)
    sent = {
        name: file(value) if isinstance(value, bytes) else value for name, value in body.items()
    }

    assert problem(client.put(LOGO, sent, format="multipart")) == expected
    assert not Logo.objects.exists()
    assert not AuditEvent.objects.filter(event="user.logo_changed").exists()


def test_a_logo_needs_a_form_and_a_freelancer(api, freelancer, commissioner):
    sent = {"file": file(picture())}

    assert problem(api(freelancer).put(LOGO, {"file": "x"}, format="json")) == (
        415,
        "unsupported_media_type",
    )
    broken = api(freelancer).put(LOGO, b"x", content_type="multipart/form-data")
    assert problem(broken) == (400, "parse_error")
    assert problem(api(commissioner).put(LOGO, sent, format="multipart")) == (
        403,
        "permission_denied",
    )
    assert not Logo.objects.exists()


def test_whoever_acts_for_an_organisation_puts_reads_and_removes_its_logo(api, commissioner):
    museum = organisation(owner=commissioner)
    client = api(commissioner)
    assert problem(client.get(OF_ORGANISATION)) == (404, "not_found")

    put = client.put(OF_ORGANISATION, {"file": file(picture(size=(60, 20)))}, format="multipart")

    logo = Logo.objects.get()
    assert (put.status_code, put.json()) == (
        200,
        {"sha256": logo.digest, "width": 60, "height": 20},
    )
    shown = client.get(OF_ORGANISATION)
    assert (shown["Content-Type"], shown.content) == ("image/png", bytes(logo.content))
    assert client.get(LOGO).status_code == 404
    assert client.delete(OF_ORGANISATION).status_code == 204
    assert client.delete(OF_ORGANISATION).status_code == 204
    assert client.get(OF_ORGANISATION).status_code == 404
    museum.refresh_from_db()
    assert museum.logo_digest == ""
    events = AuditEvent.objects.filter(event="organisation.logo_changed")
    assert [event.after for event in events.order_by("pk")] == [
        {"logo_digest": logo.digest},
        {"logo_digest": ""},
    ]
    assert {event.target for event in events} == {museum.public_id}


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"file": b"no picture"}, (400, "invalid_image")),
        ({"file": b"<svg/>"}, (400, "invalid_image")),
        ({"file": b""}, (400, "empty")),
        ({"file": b"x" * (MOST_BYTES + 1)}, (400, "invalid_image")),
        ({"file": b"x" * (MOST_BYTES + 128 * 1024)}, (413, "too_large")),
        ({}, (400, "required")),
    ],
    ids=["text", "svg", "empty", "large", "larger", "none"],
)
def test_what_is_no_logo_of_an_organisation_is_refused(api, commissioner, body, expected):
    museum = organisation(owner=commissioner)
    sent = {name: file(value) for name, value in body.items()}

    answer = api(commissioner).put(OF_ORGANISATION, sent, format="multipart")

    assert problem(answer) == expected
    museum.refresh_from_db()
    assert (museum.logo_digest, Logo.objects.count()) == ("", 0)
    assert not AuditEvent.objects.filter(event="organisation.logo_changed").exists()


def test_only_whoever_acts_for_an_organisation_changes_its_logo(api, freelancer, commissioner):
    museum = organisation()
    organisation_logo_save(content=picture(), by=museum.owner, at=AT)
    sent = {"file": picture(size=(90, 30))}

    def answers(client):
        body = {name: file(content) for name, content in sent.items()}
        return [
            problem(client.get(OF_ORGANISATION)),
            problem(client.put(OF_ORGANISATION, body, format="multipart")),
            problem(client.delete(OF_ORGANISATION)),
        ]

    assert answers(api(freelancer)) == [
        (404, "not_found"),
        (403, "permission_denied"),
        (403, "permission_denied"),
    ]
    assert answers(api(commissioner)) == [(404, "not_found")] * 3
    assert answers(api(None)) == [(401, "not_authenticated")] * 3
    logo = Logo.objects.get()
    museum.refresh_from_db()
    assert (museum.logo_digest, logo.user) == (logo.digest, museum.owner)


@pytest.mark.parametrize(
    ("path", "method", "fields"),
    [
        (LOGO, "put", {"file": [file(picture()), file(picture(size=(90, 30)))]}),
        (FOREIGN, "post", {"file": [file(UBL), file(UBL)]}),
        (FOREIGN, "post", {"file": file(UBL), "side": ["sent", "received"]}),
    ],
    ids=["logos", "files", "sides"],
)
def test_a_field_of_a_form_is_there_once(api, freelancer, path, method, fields):
    answer = getattr(api(freelancer), method)(path, fields, format="multipart")

    assert problem(answer) == (400, "duplicate_key")
    assert (Logo.objects.count(), ForeignInvoice.objects.count()) == (0, 0)


def test_an_invoice_of_somebody_else_is_kept(api, freelancer, stranger):
    client = api(freelancer)

    made = client.post(FOREIGN, {"file": file(UBL, "their.xml")}, format="multipart")

    kept = ForeignInvoice.objects.get()
    assert made.status_code == 201
    assert made.json() | {"imported_at": ""} == {
        "id": kept.public_id,
        "side": "received",
        "format": "ubl",
        "number": "K7QM-2026-00012",
        "type_code": "380",
        "issued_on": "2026-11-23",
        "seller_name": "Lovelace Engines GmbH",
        "buyer_name": "Musée des Tranches SARL",
        "total": {"amount": "3400.01", "currency": "EUR"},
        "findings": [],
        "file": f"{FOREIGN}{kept.public_id}/file/",
        "sha256": kept.digest,
        "imported_at": "",
    }
    assert (kept.user, kept.imported_by) == (freelancer, freelancer)
    assert client.get(f"{FOREIGN}{kept.public_id}/").json() == made.json()
    assert client.get(FOREIGN).json()["results"] == [made.json()]
    assert client.get(f"{FOREIGN}{kept.public_id}/file/").content == UBL
    for path in ("", "file/"):
        answer = api(stranger).get(f"{FOREIGN}{kept.public_id}/{path}")
        assert problem(answer) == (404, "not_found")
    assert api(stranger).get(FOREIGN).json()["results"] == []
    again = client.post(FOREIGN, {"file": file(UBL)}, format="multipart")
    assert problem(again) == (409, "foreign_imported")


def test_rules_that_it_breaks_are_listed_until_they_are_accepted(api, freelancer):
    client = api(freelancer)

    refused = client.post(FOREIGN, {"file": file(WRONG)}, format="multipart")

    assert problem(refused) == (422, "foreign_incomplete")
    errors = {error["code"]: error for error in refused.json()["errors"]}
    assert errors["BR-CO-15"]["field"] == "file"
    assert "the document says" in errors["BR-CO-15"]["detail"]
    assert not ForeignInvoice.objects.exists()
    accepted = {"file": file(WRONG), "accepts_findings": "true", "side": "sent"}
    made = client.post(FOREIGN, accepted, format="multipart")
    assert (made.status_code, made.json()["side"]) == (201, "sent")
    assert "BR-CO-15" in {found["rule"] for found in made.json()["findings"]}


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"file": b"nothing"}, (422, "foreign_unreadable")),
        ({"file": b"%PDF-1.7 x"}, (422, "foreign_unreadable")),
        ({"file": b"x" * (LARGEST + 128 * 1024)}, (413, "too_large")),
        ({"file": UBL, "side": "both"}, (400, "invalid_choice")),
        ({"side": "sent"}, (400, "required")),
    ],
    ids=["text", "pdf", "large", "side", "none"],
)
def test_what_is_no_invoice_is_refused(api, freelancer, body, expected):
    client = api(freelancer)
    sent = {
        name: file(value) if isinstance(value, bytes) else value for name, value in body.items()
    }

    assert problem(client.post(FOREIGN, sent, format="multipart")) == expected
    assert not ForeignInvoice.objects.exists()


def test_an_import_is_kept_under_its_key(api, freelancer):
    client = api(freelancer)

    def post(content, key="import-1"):
        headers = {"Idempotency-Key": key}
        return client.post(FOREIGN, {"file": file(content)}, format="multipart", headers=headers)

    first, second = post(UBL), post(UBL)

    assert (first.status_code, second.status_code) == (201, 201)
    assert (second.json(), second["Idempotency-Replayed"]) == (first.json(), "true")
    assert problem(post(WRONG)) == (422, "idempotency_key_reused")
    assert ForeignInvoice.objects.count() == 1


def test_the_browser_s_session_uploads_too(client_for, freelancer):
    browser = client_for(freelancer)

    made = browser.post(FOREIGN, {"file": io.BytesIO(UBL)})

    assert made.status_code == 201
