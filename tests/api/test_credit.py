"""Prepaid credit over the API."""

from uuid import uuid4

import pytest

from tests.builders import fund, held_project, milestone_of
from tests.factories import AT
from tests.wallets.paying import sandbox, topped_up
from wallets.models import Payment, TakeBack
from wallets.services import funds_give_back

pytestmark = pytest.mark.django_db
HUNDRED = {"amount": "100.00", "currency": "USD"}
TOP_UP = {"amount": HUNDRED, "payment_method": "test_ok"}


def post(client, path, body, *, key=""):
    headers = {"Idempotency-Key": key or uuid4().hex}
    return client.post(f"/api/v1/credit/{path}", body, format="json", headers=headers)


def test_top_up_and_take_back(api, commissioner):
    client = api(commissioner)

    up = post(client, "top-up/", TOP_UP, key="once")
    again = post(client, "top-up/", TOP_UP, key="once")

    payment = up.json()["payment"]
    assert (up.status_code, up.json()["credit"]) == (200, HUNDRED)
    assert (payment["purpose"], payment["status"]) == ("credit", "succeeded")
    assert again.headers["Idempotency-Replayed"] == "true"
    assert client.get("/api/v1/credit/").json() == {
        "balances": [
            {
                "currency": "USD",
                "available": HUNDRED,
                "reserved": {"amount": "0.00", "currency": "USD"},
                "bound": {"amount": "0.00", "currency": "USD"},
            }
        ],
        "sources": [
            {
                "payment_id": payment["id"],
                "method": "Sandbox card that works",
                "amount": HUNDRED,
                "is_by_transfer": False,
            }
        ],
    }

    wish = {"payment_id": payment["id"], "amount": {"amount": "40.00", "currency": "USD"}}
    back = post(client, "take-back/", wish, key="back")
    twice = post(client, "take-back/", wish, key="back")

    assert (back.status_code, back.json()["status"]) == (200, "succeeded")
    assert back.json()["amount"]["amount"] == "40.00"
    assert twice.headers["Idempotency-Replayed"] == "true"
    assert [row["id"] for row in client.get("/api/v1/credit/take-backs/").json()["results"]] == [
        back.json()["id"]
    ]
    lines = client.get("/api/v1/credit/transactions/").json()["results"]
    assert [
        (line["kind"], line["amount"]["amount"], line["balance_after"]["amount"]) for line in lines
    ] == [("take_back", "-40.00", "60.00"), ("top_up", "100.00", "100.00")]
    assert {line["payment_id"] for line in lines} == {payment["id"]}
    assert client.get("/api/v1/wallet/transactions/").json()["results"] == []


def test_a_release_names_its_milestone(api, commissioner, freelancer):
    project = held_project(commissioner=commissioner, freelancer=freelancer)
    fund(project)
    milestone = milestone_of(project)
    funds_give_back(milestone_id=milestone.pk, by=freelancer, at=AT)

    [line] = api(commissioner).get("/api/v1/credit/transactions/").json()["results"]

    assert (line["kind"], line["milestone_id"]) == ("release", milestone.public_id)


def test_nobody_has_credit_before_it_comes(api, stranger):
    shown = api(stranger).get("/api/v1/credit/").json()

    assert shown["sources"] == []
    assert [row["available"]["amount"] for row in shown["balances"]] == ["0.00"]


@pytest.mark.parametrize(
    ("method", "status", "code"),
    [
        ("test_declined", 402, "payment_declined"),
        ("credit", 400, "payment_method_unknown"),
        ("test_unheard_of", 400, "payment_method_unknown"),
    ],
)
def test_a_top_up_is_refused(api, commissioner, refused, method, status, code):
    body = {**TOP_UP, "payment_method": method}

    refused(post(api(commissioner), "top-up/", body), status, code)
    assert api(commissioner).get("/api/v1/credit/").json()["sources"] == []


def test_no_answer_is_202(api, commissioner):
    body = {**TOP_UP, "payment_method": "test_timeout"}

    answer = post(api(commissioner), "top-up/", body)

    assert (answer.status_code, answer.json()["payment"]["status"]) == (202, "uncertain")
    assert answer.json()["credit"]["amount"] == "0.00"


def test_taking_back_is_refused(api, commissioner, refused):
    client, payment = api(commissioner), topped_up(commissioner)
    much = {"payment_id": payment.public_id, "amount": {"amount": "100.01", "currency": "USD"}}
    no = topped_up(commissioner, method=sandbox("test_no_refund"))

    refused(post(client, "take-back/", much), 409, "insufficient_funds")
    refused(post(client, "take-back/preview/", much), 409, "insufficient_funds")
    refused(post(client, "take-back/", {"payment_id": no.public_id}), 402, "take_back_refused")
    post(client, "take-back/", {"payment_id": payment.public_id})
    again = {"payment_id": payment.public_id}
    refused(post(client, "take-back/", again), 409, "nothing_to_take_back")
    assert TakeBack.objects.filter(status="succeeded").count() == 1


def test_previews_say_what_would_be(api, commissioner):
    client, payment = api(commissioner), topped_up(commissioner)

    up = post(client, "top-up/preview/", TOP_UP).json()
    back = post(client, "take-back/preview/", {"payment_id": payment.public_id}).json()

    assert up == {
        "amount": HUNDRED,
        "method": "Sandbox card that works",
        "credit_after": {"amount": "200.00", "currency": "USD"},
    }
    assert back["credit_after"]["amount"] == "0.00"
    assert (Payment.objects.count(), TakeBack.objects.count()) == (1, 0)


@pytest.mark.parametrize(("who", "status"), [("freelancer", 404), ("stranger", 404), (None, 401)])
def test_others_take_nothing_back(api, commissioner, request, who, status):
    body = {"payment_id": topped_up(commissioner).public_id}
    client = api(request.getfixturevalue(who) if who else None)

    assert post(client, "take-back/", body).status_code == status
    assert post(client, "take-back/preview/", body).status_code == status
    assert not TakeBack.objects.exists()


def test_only_commissioners_top_up_and_with_a_key(api, freelancer, commissioner, refused):
    refused(post(api(freelancer), "top-up/", TOP_UP), 403, "permission_denied")
    without = api(commissioner).post("/api/v1/credit/top-up/", TOP_UP, format="json")
    refused(without, 400, "idempotency_key_required")
    assert not Payment.objects.exists()
