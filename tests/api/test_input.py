"""Bad input over HTTP: the code that it gets, and that nothing changes."""

import json

import pytest

from gigs.models import Gig

pytestmark = pytest.mark.django_db
POST = "/api/gigs/post"


def with_budget(gig_body, amount, currency="USD"):
    return {**gig_body, "budget": {"amount": amount, "currency": currency}}


@pytest.mark.parametrize(
    ("amount", "code"),
    [
        ("0", "out_of_range"),
        ("0.00", "out_of_range"),
        ("-0", "invalid_amount"),
        ("-100", "invalid_amount"),
        ("0.005", "too_many_decimals"),
        ("10.123", "too_many_decimals"),
        ("9.99999999999999999999", "invalid_amount"),
        ("NaN", "invalid_amount"),
        ("sNaN", "invalid_amount"),
        ("Infinity", "invalid_amount"),
        ("1e400", "invalid_amount"),
        ("1E+2", "invalid_amount"),
        ("1e2", "invalid_amount"),
        ("1_000", "invalid_amount"),
        ("\u0661\u0662\u0663.\u0664\u0665", "invalid_amount"),
        ("\uff11\uff12\uff13", "invalid_amount"),
        (" 12.50 ", "invalid_amount"),
        ("12.50\n", "invalid_amount"),
        ("+5", "invalid_amount"),
        (".5", "invalid_amount"),
        ("5.", "invalid_amount"),
        ("007", "invalid_amount"),
        ("12,50", "invalid_amount"),
        ("1,000.00", "invalid_amount"),
        ("$5", "invalid_amount"),
        ("0x10", "invalid_amount"),
        ("", "invalid_amount"),
        ("9" * 5000, "invalid_amount"),
        ("1000000000000000000", "invalid_amount"),
        ("9999999999999", "out_of_range"),
        (10, "must_be_string"),
        (10.5, "must_be_string"),
        (True, "must_be_string"),
        ([], "must_be_string"),
        ({}, "must_be_string"),
        (None, "required"),
    ],
)
def test_an_amount_in_any_other_spelling_is_refused(
    api, commissioner, gig_body, refused, amount, code
):
    answer = api(commissioner).post(POST, with_budget(gig_body, amount), format="json")

    assert refused(answer, 400, code) == [("budget.amount", code)]
    assert Gig.objects.count() == 0


@pytest.mark.parametrize("literal", ["1e400", "10.00000000000000000001", "5" * 5000])
def test_an_amount_written_as_a_number_is_refused(api, commissioner, gig_body, refused, literal):
    body = json.dumps(with_budget(gig_body, "AMOUNT")).replace('"AMOUNT"', literal)

    answer = api(commissioner).post(POST, body, content_type="application/json")

    assert refused(answer, 400, "must_be_string") == [("budget.amount", "must_be_string")]


@pytest.mark.parametrize(
    ("currency", "code"),
    [
        ("XXX", "currency_not_supported"),
        ("usd", "currency_not_supported"),
        ("US", "currency_not_supported"),
        ("", "currency_required"),
        (None, "currency_required"),
        (5, "currency_required"),
    ],
)
def test_only_listed_currencies_are_accepted(api, commissioner, gig_body, refused, currency, code):
    answer = api(commissioner).post(POST, with_budget(gig_body, "10.00", currency), format="json")

    assert refused(answer, 400, code) == [("budget.currency", code)]


@pytest.mark.parametrize(
    ("amount", "currency", "status"),
    [
        ("10.50", "JPY", 400),
        ("1050", "JPY", 201),
        ("10.505", "KWD", 201),
        ("10.5055", "KWD", 400),
        ("10.505", "EUR", 400),
    ],
)
def test_an_amount_has_its_currencys_decimals(
    api, commissioner, gig_body, amount, currency, status
):
    answer = api(commissioner).post(POST, with_budget(gig_body, amount, currency), format="json")

    assert answer.status_code == status


@pytest.mark.parametrize("budget", ["10.00", 10, [], None, True])
def test_a_budget_that_is_no_money_object_is_refused(api, commissioner, gig_body, refused, budget):
    code = "required" if budget is None else "wrong_type"

    answer = api(commissioner).post(POST, {**gig_body, "budget": budget}, format="json")

    assert refused(answer, 400, code) == [("budget", code)]


@pytest.mark.parametrize("name", ["title", "description", "category", "budget", "milestones"])
def test_a_missing_field_is_named(api, commissioner, gig_body, refused, name):
    del gig_body[name]

    answer = api(commissioner).post(POST, gig_body, format="json")

    assert refused(answer, 400, "required") == [(name, "required")]
    assert Gig.objects.count() == 0


def test_every_missing_field_is_named_at_once(api, commissioner, refused):
    answer = api(commissioner).post(POST, {}, format="json")

    assert refused(answer, 400, "invalid") == [
        ("title", "required"),
        ("description", "required"),
        ("category", "required"),
        ("budget", "required"),
        ("milestones", "required"),
    ]


@pytest.mark.parametrize(
    ("change", "field", "code"),
    [
        ({"title": 5}, "title", "wrong_type"),
        ({"title": True}, "title", "wrong_type"),
        ({"title": ["a"]}, "title", "wrong_type"),
        ({"title": None}, "title", "required"),
        ({"title": ""}, "title", "blank"),
        ({"title": " \t\n "}, "title", "blank"),
        ({"title": "x" * 141}, "title", "too_long"),
        ({"title": "a\nb"}, "title", "invalid_characters"),
        ({"title": "a\u202eb"}, "title", "invalid_characters"),
        ({"title": "a\u200bb"}, "title", "invalid_characters"),
        ({"description": "x" * 20_001}, "description", "too_long"),
        ({"category": "sorcery"}, "category", "invalid_choice"),
        ({"category": "Development"}, "category", "invalid_choice"),
        ({"category": 1}, "category", "wrong_type"),
        ({"skills": "django"}, "skills", "wrong_type"),
        ({"skills": {"0": "django"}}, "skills", "wrong_type"),
        ({"skills": ["django", 5]}, "skills.1", "wrong_type"),
        ({"skills": ["x" * 41]}, "skills.0", "too_long"),
        ({"skills": ["a"] * 31}, "skills", "too_many_items"),
        ({"auto_pay": "yes"}, "auto_pay", "wrong_type"),
        ({"auto_pay": 1}, "auto_pay", "wrong_type"),
        ({"auto_pay": None}, "auto_pay", "required"),
        ({"draft": "on"}, "draft", "wrong_type"),
        ({"payment_mode": "barter"}, "payment_mode", "invalid_choice"),
        ({"invoicing_method": "on_time"}, "invoicing_method", "invalid_choice"),
        ({"milestones": []}, "milestones", "empty"),
        ({"milestones": "three"}, "milestones", "wrong_type"),
        ({"milestones": [{"title": "a"}] * 51}, "milestones", "too_many_items"),
        ({"milestones": ["a"]}, "milestones.0", "wrong_type"),
        ({"milestones": [None]}, "milestones.0", "required"),
        ({"milestones": [{"title": "a"}, {}]}, "milestones.1.title", "required"),
        ({"milestones": [{"title": "a", "price": 1}]}, "milestones.0.price", "unknown_field"),
        (
            {"milestones": [{"title": "a", "id": "gms_" + "0" * 32}]},
            "milestones.0.id",
            "unknown_field",
        ),
        ({"is_admin": True}, "is_admin", "unknown_field"),
        ({"id": "gig_" + "0" * 32}, "id", "unknown_field"),
        ({"status": "matched"}, "status", "unknown_field"),
        ({"budget": {"amount": "1.00", "currency": "USD", "a": 1}}, "budget.a", "unknown_field"),
    ],
)
def test_a_wrong_value_is_refused_with_its_field(
    api, commissioner, gig_body, refused, change, field, code
):
    answer = api(commissioner).post(POST, {**gig_body, **change}, format="json")

    assert refused(answer, 400, code) == [(field, code)]
    assert Gig.objects.count() == 0


@pytest.mark.parametrize(
    ("day", "code"),
    [
        ("2026-02-30", "invalid_date"),
        ("20260101", "invalid_date"),
        ("2026-W01-1", "invalid_date"),
        ("2026-1-1", "invalid_date"),
        ("2026-01-01T00:00:00Z", "invalid_date"),
        ("\u0662\u0660\u0662\u0666-\u0660\u0661-\u0660\u0661", "invalid_date"),
        ("", "invalid_date"),
        (20260101, "invalid_date"),
        (1767225600.5, "invalid_date"),
        ("0001-01-01", "out_of_range"),
        ("9999-12-31", "out_of_range"),
    ],
)
def test_a_date_has_one_spelling(api, commissioner, gig_body, refused, day, code):
    gig_body["milestones"] = [{"title": "a", "due_on": day}]

    answer = api(commissioner).post(POST, gig_body, format="json")

    assert refused(answer, 400, code) == [("milestones.0.due_on", code)]


@pytest.mark.parametrize(
    "link",
    [
        "javascript:alert(1)",
        "ftp://example.com/a",
        "//example.com",
        "example.com",
        "https://",
        "data:text/html,x",
        "https://example.com/" + "a" * 500,
    ],
)
def test_only_web_addresses_are_links(api, freelancer, refused, link):
    gig_id = "gig_" + "0" * 32
    code = "too_long" if len(link) > 500 else "invalid_url"

    answer = api(freelancer).post(
        f"/api/v1/gigs/{gig_id}/applications/", {"pitch": "Me.", "links": [link]}, format="json"
    )

    assert refused(answer, 400, code) == [("links.0", code)]


@pytest.mark.parametrize(
    "task_id",
    [
        "",
        "xyz",
        "5",
        "mst_" + "0" * 31,
        "mst_" + "A" * 32,
        "mst_" + "0" * 33,
        "gig_" + "0" * 32,
        "0" * 32,
        "00000000-0000-0000-0000-000000000000",
        "urn:uuid:00000000-0000-0000-0000-000000000000",
        " mst_" + "0" * 32,
        "mst_" + "\u0660" * 32,
    ],
)
def test_an_id_in_a_body_has_one_spelling(api, freelancer, refused, task_id):
    answer = api(freelancer).post(
        "/api/invoices/auto-generate", {"task_id": task_id}, format="json"
    )

    assert refused(answer, 400, "invalid_id") == [("task_id", "invalid_id")]


@pytest.mark.parametrize("task_id", [5, 2**200, -1, True, ["mst_" + "0" * 32], {}])
def test_an_id_in_a_body_is_a_string(api, freelancer, refused, task_id):
    answer = api(freelancer).post(
        "/api/invoices/auto-generate", {"task_id": task_id}, format="json"
    )

    assert refused(answer, 400, "invalid_id") == [("task_id", "invalid_id")]


def test_a_well_formed_id_of_nothing_is_404(api, freelancer, refused):
    answer = api(freelancer).post(
        "/api/invoices/auto-generate", {"task_id": "mst_" + "0" * 32}, format="json"
    )

    assert refused(answer, 404, "not_found") == []


@pytest.mark.parametrize(
    ("content_type", "status", "code"),
    [
        ("application/x-www-form-urlencoded", 415, "unsupported_media_type"),
        ("multipart/form-data; boundary=x", 415, "unsupported_media_type"),
        ("text/plain", 415, "unsupported_media_type"),
        ("application/json; charset=utf-7", 415, "unsupported_media_type"),
        ("application/json; charset=latin-1", 415, "unsupported_media_type"),
        ("application/json; charset=nonsense", 415, "unsupported_media_type"),
        ("application/vnd.api+json", 415, "unsupported_media_type"),
        ("", 415, "unsupported_media_type"),
    ],
)
def test_only_json_is_read(api, commissioner, gig_body, refused, content_type, status, code):
    answer = api(commissioner).generic(
        "POST", POST, json.dumps(gig_body), content_type=content_type
    )

    refused(answer, status, code)
    assert Gig.objects.count() == 0


@pytest.mark.parametrize(
    "content_type", ["application/json", "application/json; charset=UTF-8", "Application/JSON"]
)
def test_json_in_utf8_is_read_whatever_accept_says(api, commissioner, gig_body, content_type):
    answer = api(commissioner).generic(
        "POST",
        POST,
        json.dumps(gig_body),
        content_type=content_type,
        headers={"Accept": "text/html"},
    )

    assert answer.status_code == 201
    assert answer["Content-Type"] == "application/json"


def test_a_compressed_body_is_415(api, commissioner, gig_body, refused):
    answer = api(commissioner).post(
        POST, gig_body, format="json", headers={"Content-Encoding": "gzip"}
    )

    refused(answer, 415, "unsupported_media_type")


@pytest.mark.parametrize("size", [64 * 1024 + 1, 1024 * 1024, 6 * 1024 * 1024])
def test_a_body_above_64_kib_is_413(api, commissioner, refused, size):
    body = b'{"a": "' + b"x" * (size - 9) + b'"}'

    answer = api(commissioner).post(POST, body, content_type="application/json")

    refused(answer, 413, "too_large")


def test_an_empty_body_is_400_where_one_is_needed(api, commissioner, refused):
    answer = api(commissioner).post(POST)

    assert ("title", "required") in refused(answer, 400, "invalid")


def test_a_body_where_none_is_asked_for_is_refused(api, commissioner, refused):
    answer = api(commissioner).post(
        f"/api/v1/gigs/gig_{'0' * 32}/close/", {"force": True}, format="json"
    )

    assert refused(answer, 400, "unknown_field") == [("force", "unknown_field")]


def test_duplicate_keys_and_nesting_are_refused_over_http(api, commissioner, refused):
    client = api(commissioner)

    twice = client.post(POST, b'{"title": "a", "title": "b"}', content_type="application/json")
    deep = client.post(POST, b'{"a":' * 5000, content_type="application/json")

    refused(twice, 400, "duplicate_key")
    refused(deep, 400, "too_deep")
