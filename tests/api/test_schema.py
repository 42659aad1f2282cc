"""The OpenAPI document: current, complete, and true to what is enforced."""

import json
import re
from pathlib import Path

import pytest
import yaml
from django.conf import settings
from django.test import Client
from django.urls import URLPattern, URLResolver
from drf_spectacular.drainage import GENERATOR_STATS
from drf_spectacular.generators import SchemaGenerator

from accounts.api.base import ApiView
from common.api.schema import Operation
from config import api_urls

PREFIXES = {
    "application_id": "app",
    "gig_id": "gig",
    "invoice_id": "inv",
    "milestone_id": "mst",
    "project_id": "prj",
    "withdrawal_id": "wd",
}
WORKFLOW = {
    "/api/gigs/post",
    "/api/gigs/match-freelancer",
    "/api/project-tasks/submit",
    "/api/invoices/auto-generate",
    "/api/payments/execute",
}


def api_views(patterns=api_urls.urlpatterns):
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            yield from api_views(pattern.url_patterns)
        elif isinstance(pattern, URLPattern) and hasattr(pattern.callback, "cls"):
            yield pattern.callback.cls


VIEWS = sorted(set(api_views()), key=lambda view: view.__name__)
METHODS = [
    (view, name)
    for view in VIEWS
    for name in ("get", "post", "put", "patch", "delete")
    if hasattr(view, name)
]


@pytest.fixture(scope="module")
def document():
    with GENERATOR_STATS.silence():
        return SchemaGenerator().get_schema(request=None, public=True)


@pytest.fixture(scope="module")
def operations(document):
    return [
        (path, method, described)
        for path, methods in document["paths"].items()
        for method, described in methods.items()
    ]


def declared_examples():
    for view, name in METHODS:
        declared = getattr(view, name).operation
        serializer = declared.request
        if serializer is not None and not declared.is_upload:
            yield pytest.param(serializer, id=f"{view.__name__}.{name}")


def test_the_committed_document_is_current(document):
    committed = Path(settings.BASE_DIR, "docs", "openapi.yaml").read_text()

    assert yaml.safe_load(committed) == json.loads(json.dumps(document)), "run `make schema`"


@pytest.mark.parametrize(
    ("view", "name"), METHODS, ids=lambda part: getattr(part, "__name__", part)
)
def test_every_method_is_declared(view, name):
    declared = getattr(view, name).operation

    assert issubclass(view, ApiView)
    assert isinstance(declared, Operation)
    assert (getattr(view, name).__doc__ or "").strip()


@pytest.mark.parametrize(
    ("view", "name"), METHODS, ids=lambda part: getattr(part, "__name__", part)
)
def test_every_write_of_a_known_user_takes_a_key_unless_it_changes_nothing_or_shows_a_secret(
    view, name
):
    declared = getattr(view, name).operation
    is_exempt = declared.name == "token_create" or declared.name.endswith("_preview")

    if name == "post" and not declared.is_public:
        assert declared.takes_key == (not is_exempt)


def test_only_register_sign_in_and_a_provider_s_signed_events_are_public():
    public = {
        getattr(view, name).operation.name
        for view, name in METHODS
        if getattr(view, name).operation.is_public
    }

    assert public == {"register", "token_get", "provider_event_sandbox"}


def test_exactly_the_calls_that_pay_need_a_key():
    needing = {
        getattr(view, name).operation.name
        for view, name in METHODS
        if getattr(view, name).operation.needs_key
    }

    assert needing == {
        "payment_execute",
        "invoice_pay",
        "credit_take_back",
        "credit_top_up",
        "credit_transfer_back",
        "milestone_give_back",
        "milestone_refund",
        "milestone_refund_agree",
        "milestone_fund",
        "project_fund",
        "withdrawal_request",
        "invoice_credit",
    }


@pytest.mark.parametrize("serializer", list(declared_examples()))
def test_request_examples_are_acceptable(serializer):
    checked = serializer(data=serializer.example)

    assert checked.is_valid(), checked.errors


def test_answer_examples_have_the_fields_of_the_answer(document, operations):
    for path, method, described in operations:
        for status, answer in described["responses"].items():
            for media_type, content in answer.get("content", {}).items():
                if media_type in (
                    "application/pdf",
                    "application/xml",
                    "application/zip",
                    "image/png",
                ):
                    continue
                name = content["schema"]["$ref"].rsplit("/", 1)[-1]
                fields = document["components"]["schemas"][name]["properties"]
                (example,) = content["examples"].values()
                assert set(example["value"]) == set(fields), (path, method, status)


def test_a_transfer_back_is_not_shown_as_a_withdrawal_from_the_wallet(document):
    answers = document["paths"]["/api/v1/credit/transfer-back/"]["post"]["responses"]
    [example] = answers["201"]["content"]["application/json"]["examples"].values()

    shown = example["value"]
    assert (shown["fee"]["amount"], shown["net"]) == ("0.00", shown["amount"])
    assert shown["payment_id"].startswith("pay_")


def test_every_operation_is_described_and_named_once(operations):
    names = [described["operationId"] for _, _, described in operations]

    assert len(names) == len(set(names))
    assert all(described["summary"] for _, _, described in operations)
    assert all(described["description"] for _, _, described in operations)


def test_the_workflow_paths_stand_in_the_document_once(document):
    paths = set(document["paths"])

    assert paths >= WORKFLOW
    assert not paths & {f"{path}/" for path in WORKFLOW}
    assert all(path in WORKFLOW or path.startswith("/api/v1/") for path in paths)


@pytest.mark.parametrize(
    ("path", "method", "status", "codes"),
    [
        ("/api/payments/execute", "post", "402", ["payment_declined"]),
        (
            "/api/payments/execute",
            "post",
            "409",
            ["already_paid", "payment_in_progress", "idempotency_key_in_flight"],
        ),
        (
            "/api/payments/execute",
            "post",
            "400",
            ["amount_mismatch", "idempotency_key_required", "duplicate_key"],
        ),
        ("/api/payments/execute", "post", "422", ["idempotency_key_reused"]),
        ("/api/v1/auth/token/", "post", "401", ["otp_required", "invalid_credentials"]),
        ("/api/v1/auth/register/", "post", "409", ["email_taken"]),
        ("/api/v1/me/", "get", "401", ["not_authenticated"]),
        ("/api/v1/wallet/", "get", "403", ["scope_missing"]),
        ("/api/v1/gigs/{gig_id}/", "get", "404", ["not_found"]),
        ("/api/v1/gigs/", "get", "429", ["rate_limited"]),
        ("/api/v1/gigs/", "get", "400", ["invalid_characters", "token_in_address"]),
        ("/api/v1/withdrawals/preview/", "post", "400", ["idempotency_key_malformed"]),
        ("/api/v1/milestones/{milestone_id}/start/", "post", "403", ["csrf_failed"]),
        ("/api/v1/milestones/{milestone_id}/start/", "post", "411", ["length_required"]),
        ("/api/v1/payment-methods/{method_id}/", "delete", "403", ["csrf_failed"]),
        ("/api/v1/payment-methods/{method_id}/", "delete", "409", ["busy"]),
        ("/api/v1/me/logo/", "put", "409", ["busy"]),
        ("/api/v1/provider-events/sandbox/", "post", "413", ["too_large"]),
    ],
)
def test_refusals_are_listed_with_their_codes(document, path, method, status, codes):
    answer = document["paths"][path][method]["responses"][status]

    assert list(answer["content"]) == ["application/problem+json"]
    for code in codes:
        assert f"`{code}`" in answer["description"]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("content", "content_type"),
    [
        (b"[]", "application/json"),
        (b'{"a": 1, "a": 2}', "application/json"),
        (b'{"x": 1}', "application/json"),
        (b"[" * 60_000, "application/json"),
        (b'{"a": "\\u0000"}', "application/json"),
        (b'{"a": [' + b"1," * 100 + b"1]}", "application/json"),
        (b"{" + b",".join(b'"%d": 1' % n for n in range(201)) + b"}", "application/json"),
        (b'{"a": "' + b"x" * 70_000 + b'"}', "application/json"),
        (b"x" * 1_100_000, "application/json"),
        (b"{}", "text/plain"),
    ],
    ids=["list", "twice", "unknown", "deep", "nul", "items", "keys", "large", "huge", "type"],
)
def test_what_is_wrong_with_a_body_is_listed_where_one_is_read(
    withdrawing_api, stranger, operations, content, content_type
):
    client, missing = withdrawing_api(stranger), []

    for path, method, described in operations:
        if method not in ("post", "put", "patch"):
            continue
        address = re.sub(r"{(\w+)}", lambda found: f"{PREFIXES[found[1]]}_{'0' * 32}", path)
        answer = client.generic(method.upper(), address, content, content_type=content_type)
        status, code = answer.status_code, answer.json()["code"]
        listed = described["responses"].get(str(status), {}).get("description", "")
        if f"`{code}`" not in listed:
            missing.append(f"{method} {path}: {status} {code}")

    assert not missing, "\n".join(missing)


def test_the_guide_lists_every_code_that_an_operation_can_give():
    guide = Path(settings.BASE_DIR, "docs", "api.md").read_text()
    codes = {
        code
        for view, name in METHODS
        for found in getattr(view, name).operation.problems(name.upper(), has_path_id=True).values()
        for code in found
    }

    assert sorted(code for code in codes if f"`{code}`" not in guide) == []


@pytest.mark.django_db
def test_the_document_is_served():
    answer = Client().get("/api/v1/schema/")

    assert answer.status_code == 200
    assert answer["Content-Type"] == "application/vnd.oai.openapi+json"
    assert answer.json()["openapi"].startswith("3.1")


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("path", "script"),
    [("/api/v1/docs/", "swagger-ui-bundle.js"), ("/api/v1/redoc/", "redoc.standalone.js")],
)
def test_the_pages_load_vendored_scripts_only(path, script):
    answer = Client().get(path)

    page = answer.content.decode()
    assert answer.status_code == 200
    assert script in page
    assert 'src="http' not in page
    assert "<style" not in page
    policy = {rule.strip() for rule in answer["Content-Security-Policy"].split(";")}
    assert policy >= {"script-src 'self'", "style-src 'self' 'unsafe-inline'"}
