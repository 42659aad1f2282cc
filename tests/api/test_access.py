"""Registration, sign-in by password, and tokens."""

import hashlib
from datetime import timedelta

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import (
    TOTP,
    format_hotp_value,
    generate_totp_secret,
    hotp_value,
    yield_hotp_counters_from_time,
)
from django.test import override_settings
from django.utils import timezone
from rest_framework.test import APIClient

from accounts.enums import Scope
from accounts.models import ApiToken, AuditEvent, User
from accounts.services.access import TokenGrant, token_issue
from tests.factories import PASSWORD

pytestmark = pytest.mark.django_db
REGISTER = "/api/v1/auth/register/"
TOKEN = "/api/v1/auth/token/"


@pytest.fixture
def anybody():
    return APIClient()


@pytest.fixture
def form():
    return {
        "email": "ada@example.com",
        "password": "a long and private sentence",
        "name": "Ada Nwosu",
        "role": "freelancer",
    }


@pytest.fixture
def client_with(db):
    def make(user, *scopes, life=timedelta(days=30)) -> APIClient:
        grant = TokenGrant(name="narrow", scopes=scopes, life=life)
        _, secret = token_issue(grant=grant, by=user, at=timezone.now())
        client = APIClient()
        client.credentials(HTTP_AUTHORIZATION=f"Bearer {secret}")
        return client

    return make


@pytest.mark.parametrize("role", ["freelancer", "commissioner"])
def test_four_fields_register_a_person(anybody, form, role):
    answer = anybody.post(REGISTER, {**form, "role": role}, format="json")

    user = User.objects.get()
    assert answer.status_code == 201
    assert answer.json() == {
        "id": user.public_id,
        "email": "ada@example.com",
        "name": "Ada Nwosu",
        "roles": [role],
        "currency": "USD",
        "organisation": None,
    }


@pytest.mark.parametrize("email", ["ada@example.com", "ADA@Example.com"])
def test_a_taken_address_is_409(anybody, form, refused, email):
    anybody.post(REGISTER, form, format="json")

    answer = anybody.post(REGISTER, {**form, "email": email}, format="json")

    refused(answer, 409, "email_taken")
    assert User.objects.count() == 1


@pytest.mark.parametrize(
    ("change", "field", "code"),
    [
        ({"email": "nobody"}, "email", "invalid"),
        ({"email": "a@b"}, "email", "invalid"),
        ({"email": 5}, "email", "wrong_type"),
        ({"email": "a" * 250 + "@example.com"}, "email", "too_long"),
        ({"password": "short"}, "password", "password_too_short"),
        ({"password": "password12345"}, "password", "password_too_common"),
        ({"password": 123456789012}, "password", "wrong_type"),
        ({"password": "x" * 129}, "password", "too_long"),
        ({"name": "  "}, "name", "blank"),
        ({"name": "Ada\u202eawN"}, "name", "invalid_characters"),
        ({"role": "staff"}, "role", "invalid_choice"),
        ({"role": ["freelancer"]}, "role", "wrong_type"),
        ({"is_staff": True}, "is_staff", "unknown_field"),
    ],
)
def test_registration_refuses_what_it_cannot_accept(anybody, form, refused, change, field, code):
    answer = anybody.post(REGISTER, {**form, **change}, format="json")

    errors = refused(answer, 400, answer.json()["code"])
    assert (field, code) in errors
    assert User.objects.count() == 0


def test_a_password_gives_a_token_for_thirty_days_with_all_ordinary_scopes(anybody, freelancer):
    answer = anybody.post(
        TOKEN, {"email": "FREELANCER@example.com", "password": PASSWORD}, format="json"
    )

    token = ApiToken.objects.get()
    assert answer.status_code == 201
    assert set(answer.json()) == {"token", "expires_at", "user"}
    assert answer.json()["user"]["id"] == freelancer.public_id
    assert token.expires_at - token.created_at == timedelta(days=30)
    assert token.scopes == ["gigs:read", "gigs:write", "money:read", "money:write"]


def test_only_the_hash_of_a_token_is_kept(anybody, freelancer):
    secret = anybody.post(
        TOKEN, {"email": freelancer.email, "password": PASSWORD}, format="json"
    ).json()["token"]

    token = ApiToken.objects.get()
    assert token.digest == hashlib.sha256(secret.encode()).hexdigest()
    rows = [*ApiToken.objects.values(), *AuditEvent.objects.values()]
    assert secret not in str(rows)


@pytest.mark.parametrize(
    ("email", "password"),
    [
        ("freelancer@example.com", "not the password"),
        ("freelancer@example.com", PASSWORD + " "),
        ("nobody@example.com", PASSWORD),
        ("not an address", PASSWORD),
    ],
)
def test_wrong_credentials_are_401_alike(anybody, freelancer, refused, email, password):
    answer = anybody.post(TOKEN, {"email": email, "password": password}, format="json")

    refused(answer, 401, "invalid_credentials")
    assert answer["WWW-Authenticate"] == 'Bearer realm="tranche"'
    assert ApiToken.objects.count() == 0


def test_a_deactivated_person_gets_no_token(anybody, freelancer, refused):
    User.objects.filter(pk=freelancer.pk).update(is_active=False)

    answer = anybody.post(TOKEN, {"email": freelancer.email, "password": PASSWORD}, format="json")

    refused(answer, 401, "invalid_credentials")


def test_an_unconfirmed_address_waits_where_confirmation_is_mandatory(anybody, freelancer, refused):
    body = {"email": freelancer.email, "password": PASSWORD}

    with override_settings(EMAIL_CONFIRMATION="mandatory"):
        refused(anybody.post(TOKEN, body, format="json"), 403, "email_unconfirmed")
        EmailAddress.objects.create(user=freelancer, email=freelancer.email, verified=True)
        assert anybody.post(TOKEN, body, format="json").status_code == 201


def test_two_factor_asks_for_a_code_that_works_once(anybody, freelancer, refused):
    secret = generate_totp_secret()
    TOTP.activate(freelancer, secret)
    counter = next(yield_hotp_counters_from_time())
    code = format_hotp_value(hotp_value(secret, counter))
    body = {"email": freelancer.email, "password": PASSWORD}

    refused(anybody.post(TOKEN, body, format="json"), 401, "otp_required")
    refused(anybody.post(TOKEN, {**body, "otp": "abcdef"}, format="json"), 401, "otp_invalid")
    assert anybody.post(TOKEN, {**body, "otp": code}, format="json").status_code == 201
    refused(anybody.post(TOKEN, {**body, "otp": code}, format="json"), 401, "otp_invalid")


def test_a_recovery_code_does_for_a_code(anybody, freelancer):
    TOTP.activate(freelancer, generate_totp_secret())
    code = RecoveryCodes.activate(freelancer).get_unused_codes()[0]
    body = {"email": freelancer.email, "password": PASSWORD, "otp": code}

    assert anybody.post(TOKEN, body, format="json").status_code == 201


def test_guessing_codes_is_limited_for_each_person(anybody, freelancer, refused, settings):
    settings.RATE_LIMITS = {**settings.RATE_LIMITS, "otp": 3}
    TOTP.activate(freelancer, generate_totp_secret())
    body = {"email": freelancer.email, "password": PASSWORD, "otp": "abcdef"}

    for _ in range(3):
        refused(anybody.post(TOKEN, body, format="json"), 401, "otp_invalid")
    refused(anybody.post(TOKEN, body, format="json"), 429, "rate_limited")


def test_dropping_the_presented_token_ends_it_at_once(api, freelancer, refused):
    client = api(freelancer)

    assert client.delete(TOKEN).status_code == 204
    refused(client.get("/api/v1/me/"), 401, "invalid_token")


def test_a_session_presents_no_token_to_drop(client_for, freelancer, refused):
    refused(client_for(freelancer).delete(TOKEN), 400, "token_absent")


def test_an_expired_token_is_401(client_with, freelancer, refused):
    client = client_with(freelancer, *Scope, life=timedelta(days=1))
    ApiToken.objects.update(
        created_at=timezone.now() - timedelta(days=2), expires_at=timezone.now()
    )

    refused(client.get("/api/v1/me/"), 401, "invalid_token")


@pytest.mark.parametrize(
    "header",
    ["Bearer", "Bearer ", "Bearer x", "Bearer trn_", "Basic YTpi", "trn_abc", "Bearer é"],
)
def test_a_header_that_names_no_live_token_is_401(anybody, freelancer, header):
    answer = anybody.get("/api/v1/me/", headers={"Authorization": header})

    assert answer.status_code == 401
    assert answer.json()["code"] in ("invalid_token", "not_authenticated")


def test_a_token_notes_when_it_was_last_seen_at_most_once_a_minute(api, freelancer):
    client = api(freelancer)
    client.get("/api/v1/me/")
    first = ApiToken.objects.get().last_used_at
    client.get("/api/v1/me/")

    assert first is not None
    assert ApiToken.objects.get().last_used_at == first
    ApiToken.objects.update(last_used_at=first - timedelta(minutes=2))
    client.get("/api/v1/me/")
    assert ApiToken.objects.get().last_used_at > first


@pytest.mark.parametrize(
    ("method", "path", "scope"),
    [
        ("get", "/api/v1/gigs/", "gigs:read"),
        ("post", "/api/gigs/post", "gigs:write"),
        ("post", "/api/gigs/match-freelancer", "gigs:write"),
        ("post", "/api/project-tasks/submit", "gigs:write"),
        ("post", "/api/invoices/auto-generate", "gigs:write"),
        ("get", "/api/v1/invoices/", "money:read"),
        ("get", "/api/v1/wallet/", "money:read"),
        ("post", "/api/payments/execute", "money:write"),
        ("post", "/api/v1/tokens/", "money:write"),
        ("get", "/api/v1/me/legal/", "money:read"),
        ("patch", "/api/v1/me/legal/", "money:write"),
        ("patch", "/api/v1/me/organisation/", "money:write"),
        ("post", "/api/v1/payout-methods/", "withdrawals:write"),
    ],
)
def test_a_token_does_only_what_its_scopes_say(
    client_with, commissioner, refused, method, path, scope
):
    others = [other for other in Scope if other != scope]
    without = client_with(commissioner, *others)
    with_it = client_with(commissioner, Scope(scope))

    refused(getattr(without, method)(path), 403, "scope_missing")
    assert getattr(with_it, method)(path).status_code in (200, 400)


def test_me_needs_no_scope(client_with, commissioner):
    assert client_with(commissioner, Scope.GIGS_READ).get("/api/v1/me/").status_code == 200


def test_a_new_token_is_shown_once_and_listed_without_its_secret(api, freelancer):
    client = api(freelancer)

    made = client.post(
        "/api/v1/tokens/",
        {"name": "Bookkeeping", "scopes": ["money:read"], "days": 7},
        format="json",
    )

    assert made.status_code == 201
    assert made.json()["token"].startswith("trn_")
    token = ApiToken.objects.get(name="Bookkeeping")
    assert token.expires_at - token.created_at == timedelta(days=7)
    listed = client.get("/api/v1/tokens/").json()["results"]
    assert [row["name"] for row in listed] == ["Bookkeeping", "tests"]
    assert "token" not in listed[0]
    assert client.delete(f"/api/v1/tokens/{token.public_id}/").status_code == 204
    assert len(client.get("/api/v1/tokens/").json()["results"]) == 1


def test_a_token_hands_on_neither_scopes_nor_time_beyond_its_own(client_with, freelancer, refused):
    client = client_with(freelancer, Scope.MONEY_WRITE, Scope.MONEY_READ, life=timedelta(days=2))

    more = client.post("/api/v1/tokens/", {"name": "a", "scopes": ["gigs:write"]}, format="json")
    same = client.post("/api/v1/tokens/", {"name": "b", "days": 365}, format="json")

    assert refused(more, 400, "scope_missing") == [("scopes", "scope_missing")]
    assert same.json()["scopes"] == ["money:read", "money:write"]
    parent, child = ApiToken.objects.order_by("pk")
    assert child.expires_at == parent.expires_at


@pytest.mark.parametrize(
    ("change", "field", "code"),
    [
        ({"name": ""}, "name", "blank"),
        ({"days": 0}, "days", "min_value"),
        ({"days": 366}, "days", "max_value"),
        ({"days": "7"}, "days", "wrong_type"),
        ({"days": 7.0}, "days", "wrong_type"),
        ({"days": True}, "days", "wrong_type"),
        ({"scopes": []}, "scopes", "empty"),
        ({"scopes": ["all"]}, "scopes.0", "invalid_choice"),
    ],
)
def test_a_token_is_asked_for_in_one_way(api, freelancer, refused, change, field, code):
    answer = api(freelancer).post("/api/v1/tokens/", {"name": "a", **change}, format="json")

    assert refused(answer, 400, code) == [(field, code)]


def test_a_strangers_token_is_404(api, freelancer, stranger, refused):
    client = api(stranger)
    api(freelancer)
    theirs = ApiToken.objects.get(user=freelancer)

    refused(client.delete(f"/api/v1/tokens/{theirs.public_id}/"), 404, "not_found")
    theirs.refresh_from_db()
    assert theirs.revoked_at is None


def test_issuing_and_revoking_are_audited(api, freelancer):
    api(freelancer).delete(TOKEN)

    assert list(AuditEvent.objects.order_by("pk").values_list("event", flat=True)) == [
        "token.issued",
        "token.revoked",
    ]


def test_a_password_gives_a_token_that_may_withdraw_to_those_who_ask(anybody, freelancer):
    answer = anybody.post(
        TOKEN,
        {"email": freelancer.email, "password": PASSWORD, "scopes": ["withdrawals:write"]},
        format="json",
    )

    assert answer.status_code == 201
    assert ApiToken.objects.get().scopes == ["withdrawals:write"]


def test_a_session_makes_a_token_that_may_withdraw_once_it_is_sure(
    client_for, sure_client_for, freelancer, refused
):
    body = {"name": "Payroll", "scopes": ["withdrawals:write"]}

    refused(
        client_for(freelancer).post("/api/v1/tokens/", body, "application/json"),
        403,
        "step_up_required",
    )
    made = sure_client_for(freelancer).post("/api/v1/tokens/", body, "application/json")

    assert made.status_code == 201
    assert ApiToken.objects.get().scopes == ["withdrawals:write"]
