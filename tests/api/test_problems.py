"""Every answer under /api/ is JSON: addresses, methods and failures of all kinds."""

import pytest
from django.db import OperationalError
from django.test import Client
from psycopg.errors import DeadlockDetected, LockNotAvailable

from accounts.api import views
from accounts.models import User
from gigs.models import Gig
from tests.builders import open_gig

pytestmark = pytest.mark.django_db
ZERO = "0" * 32


@pytest.fixture
def web():
    return Client(raise_request_exception=False)


@pytest.mark.parametrize("method", ["get", "post", "put", "patch", "delete", "options", "trace"])
@pytest.mark.parametrize(
    "path",
    [
        "/api/",
        "/api/v1/",
        "/api/v1/nothing/",
        "/api/v1/gigs",
        "/api/v1/auth/register",
        "/api/nothing",
        "/api/gigs/post/more",
        "/api/v1/gigs/5/",
        "/api/v1/gigs/gig_xyz/",
        f"/api/v1/gigs/gig_{'A' * 32}/",
        f"/api/v1/gigs/mst_{ZERO}/",
        "/api/v1/gigs/gig_%D9%A1/",
        f"/api/v1/gigs/gig_{ZERO}%20/",
        f"/api/v1/gigs/%7Bgig_{ZERO}%7D/",
        "/api/v1/gigs/9999999999999999999999/",
        "/api/v1/gigs/-1/",
        "/api/v1/gigs/1.0/",
        "/api/%FF/",
    ],
)
def test_an_unknown_address_is_404_in_json(web, refused, method, path):
    answer = getattr(web, method)(path)

    refused(answer, 404, "not_found")
    assert "Location" not in answer


@pytest.mark.parametrize("accept", ["text/html", "application/xml", "image/*", ""])
def test_accept_is_ignored(web, refused, accept):
    refused(web.get("/api/v1/nothing/", headers={"Accept": accept}), 404, "not_found")
    refused(web.get("/api/v1/me/", headers={"Accept": accept}), 401, "not_authenticated")


@pytest.mark.parametrize(
    "path",
    [
        "/api/gigs/post",
        "/api/gigs/match-freelancer",
        "/api/project-tasks/submit",
        "/api/invoices/auto-generate",
        "/api/payments/execute",
    ],
)
@pytest.mark.parametrize("slash", ["", "/"])
def test_a_workflow_call_without_a_token_is_401_whatever_its_body(web, refused, path, slash):
    for body in (b"", b"{", b"{}", b'{"a": 1, "a": 2}', b"x" * 100_000):
        answer = web.post(path + slash, body, content_type="application/json")

        refused(answer, 401, "not_authenticated")
        assert answer["WWW-Authenticate"] == 'Bearer realm="tranche"'


@pytest.mark.parametrize("method", ["get", "put", "patch", "delete", "options", "trace"])
def test_a_method_that_is_not_offered_is_405(api, freelancer, refused, method):
    answer = getattr(api(freelancer), method)("/api/gigs/post")

    refused(answer, 405, "method_not_allowed")
    assert answer["Allow"] == "POST, OPTIONS"


def test_a_method_override_is_ignored(api, freelancer, refused):
    answer = api(freelancer).post(
        "/api/v1/wallet/", {}, format="json", headers={"X-HTTP-Method-Override": "GET"}
    )

    refused(answer, 405, "method_not_allowed")


def test_a_strangers_object_and_a_missing_one_answer_alike(api, stranger, refused):
    hidden = open_gig(is_draft=True)
    client = api(stranger)

    theirs = client.get(f"/api/v1/gigs/{hidden.public_id}/")
    nobodys = client.get(f"/api/v1/gigs/gig_{ZERO}/")

    refused(theirs, 404, "not_found")
    refused(nobodys, 404, "not_found")
    assert {**theirs.json(), "request_id": ""} == {**nobodys.json(), "request_id": ""}


@pytest.mark.parametrize(
    "path",
    ["/api/v1/gigs/?t=%00", "/api/v1/%00/", "/api/v1/gigs/?t=%FF", "/api/v1/gigs/?t=%ED%A0%80"],
)
def test_text_that_cannot_be_stored_is_400(web, refused, path):
    refused(web.get(path), 400, "invalid_characters")


def test_nul_in_a_header_is_400(web, refused):
    answer = web.get("/api/v1/me/", headers={"X-Anything": "a\x00b"})

    refused(answer, 400, "invalid_characters")


def test_a_body_in_chunks_is_411(web, refused):
    answer = web.post(
        "/api/v1/auth/token/",
        b"{}",
        content_type="application/json",
        headers={"Transfer-Encoding": "chunked"},
    )

    refused(answer, 411, "length_required")


@pytest.mark.parametrize(
    "path",
    [
        "/api/v1/me/?token=abc",
        "/api/v1/me/?access_token=abc",
        "/api/v1/me/?API_KEY=abc",
        "/api/v1/me/?whatever=trn_abc",
        "/?next=trn_abc",
    ],
)
def test_a_token_in_an_address_is_400(web, path):
    answer = web.get(path)

    assert answer.status_code == 400
    if path.startswith("/api/"):
        assert answer.json()["code"] == "token_in_address"


def test_a_wrong_host_is_400_in_json(web, refused):
    refused(web.get("/api/v1/me/", headers={"Host": "evil.example"}), 400, "bad_request")


def test_forwarded_host_is_not_believed(api, freelancer):
    open_gig()
    open_gig(title="Another")

    page = api(freelancer).get(
        "/api/v1/gigs/?limit=1", headers={"X-Forwarded-Host": "evil.example"}
    )

    assert page.json()["next"].startswith("http://testserver/api/v1/gigs/?")


def test_an_unforeseen_failure_is_500_in_json(web, refused, monkeypatch):
    def fail(*args, **kwargs):
        raise ZeroDivisionError

    monkeypatch.setattr(views, "user_register", fail)
    body = {"email": "a@example.com", "password": "p", "name": "n", "role": "freelancer"}

    answer = web.post("/api/v1/auth/register/", body, content_type="application/json")

    refused(answer, 500, "internal_error")
    assert "Zero" not in answer.content.decode()


@pytest.mark.parametrize("cause", [LockNotAvailable, DeadlockDetected])
def test_a_lock_that_takes_too_long_is_409_and_may_be_tried_again(web, refused, monkeypatch, cause):
    def fail(*args, **kwargs):
        raise OperationalError from cause()

    monkeypatch.setattr(views, "user_register", fail)
    body = {"email": "a@example.com", "password": "p", "name": "n", "role": "freelancer"}

    answer = web.post("/api/v1/auth/register/", body, content_type="application/json")

    refused(answer, 409, "busy")
    assert answer["Retry-After"] == "1"


@pytest.mark.parametrize("sane", ["0123abcd", "a.b:c_d-E", "x" * 64])
def test_a_sane_request_id_comes_back(web, sane):
    assert web.get("/api/v1/me/", headers={"X-Request-ID": sane})["X-Request-ID"] == sane


@pytest.mark.parametrize("odd", ["", "short", "x" * 65, "with space in it", "a\nb-cdefgh", "é" * 9])
def test_any_other_request_id_is_replaced(web, odd):
    given = web.get("/api/v1/me/", headers={"X-Request-ID": odd})["X-Request-ID"]

    assert given != odd
    assert len(given) == 32


def test_pages_carry_a_request_id_too(web):
    assert len(web.get("/")["X-Request-ID"]) == 32


def test_a_session_writes_only_with_its_csrf_token(commissioner, gig_body, refused):
    client = Client(enforce_csrf_checks=True)
    client.force_login(commissioner, backend="allauth.account.auth_backends.AuthenticationBackend")

    without = client.post("/api/gigs/post", gig_body, content_type="application/json")
    client.cookies["csrftoken"] = "a" * 32
    wrong = client.post(
        "/api/gigs/post",
        gig_body,
        content_type="application/json",
        headers={"X-CSRFToken": "b" * 32},
    )
    assert Gig.objects.count() == 0
    right = client.post(
        "/api/gigs/post",
        gig_body,
        content_type="application/json",
        headers={"X-CSRFToken": "a" * 32},
    )

    refused(without, 403, "csrf_failed")
    refused(wrong, 403, "csrf_failed")
    assert right.status_code == 201


def test_a_token_needs_no_csrf_token_and_wins_over_a_session(api, commissioner, freelancer):
    client = api(commissioner)
    client.force_login(freelancer, backend="allauth.account.auth_backends.AuthenticationBackend")
    client.handler.enforce_csrf_checks = True

    assert client.get("/api/v1/me/").json()["email"] == commissioner.email


def test_a_bad_token_is_refused_even_beside_a_session(client_for, commissioner, refused):
    answer = client_for(commissioner).get(
        "/api/v1/me/", headers={"Authorization": "Bearer trn_nothing"}
    )

    refused(answer, 401, "invalid_token")


def test_answers_are_not_stored_by_caches(api, freelancer):
    assert api(freelancer).get("/api/v1/me/")["Cache-Control"] == "no-store"


def test_a_deactivated_user_is_out(api, freelancer, refused):
    client = api(freelancer)
    User.objects.filter(pk=freelancer.pk).update(is_active=False)

    refused(client.get("/api/v1/me/"), 401, "invalid_token")
