"""A key stands for one effect: its first answer comes back, whatever else happens."""

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts import jobs
from accounts.enums import KeyState
from accounts.idempotency import KEEP, expire_keys
from accounts.models import IdempotencyKey
from gigs.models import Gig, Milestone
from tests.builders import milestone_of, pay, sent_invoice, submitted_milestone
from wallets.api import paying as payments_api
from wallets.enums import PaymentStatus
from wallets.models import Payment, PaymentMethod
from wallets.services import payment_ask, payment_conclude

pytestmark = pytest.mark.django_db
POST = "/api/gigs/post"
EXECUTE = "/api/payments/execute"
KEY = {"Idempotency-Key": "9f0c"}


@pytest.fixture
def invoice(db):
    return sent_invoice()


@pytest.fixture
def order(invoice):
    return {"invoice_id": invoice.public_id, "payment_method": "test_ok"}


def test_the_first_answer_comes_again_and_the_effect_does_not(api, commissioner, gig_body):
    client = api(commissioner)
    gig_body["draft"] = True

    first = client.post(POST, gig_body, format="json", headers=KEY)
    Gig.objects.update(created_at=timezone.now() - timedelta(hours=1))
    again = client.post(POST, dict(reversed(gig_body.items())), format="json", headers=KEY)

    assert (first.status_code, again.status_code) == (201, 201)
    assert again.content == first.content
    assert again["Idempotency-Replayed"] == "true"
    assert "Idempotency-Replayed" not in first
    assert Gig.objects.count() == 1


def test_two_spellings_of_the_address_are_one_route(api, commissioner, gig_body):
    client = api(commissioner)

    first = client.post(POST, gig_body, format="json", headers=KEY)
    again = client.post(f"{POST}/", gig_body, format="json", headers=KEY)

    assert again["Idempotency-Replayed"] == "true"
    assert again.content == first.content


@pytest.mark.parametrize(
    ("path", "change"),
    [
        (POST, {"title": "Another"}),
        (POST, {"auto_pay": True}),
        (POST, {"title": 5}),
        (POST, {"nonsense": 1}),
        ("/api/v1/gigs/", {}),
        ("/api/gigs/match-freelancer", {}),
    ],
)
def test_another_request_under_the_key_is_422(api, commissioner, gig_body, refused, path, change):
    client = api(commissioner)
    client.post(POST, gig_body, format="json", headers=KEY)

    answer = client.post(path, {**gig_body, **change}, format="json", headers=KEY)

    refused(answer, 422, "idempotency_key_reused")
    assert Gig.objects.count() == 1


def test_an_unreadable_body_under_a_used_key_is_422_and_else_400(
    api, commissioner, gig_body, refused
):
    client = api(commissioner)
    broken = {"data": b"{", "content_type": "application/json"}

    refused(client.post(POST, **broken, headers=KEY), 400, "invalid_json")
    client.post(POST, gig_body, format="json", headers=KEY)
    refused(client.post(POST, **broken, headers=KEY), 422, "idempotency_key_reused")


def test_keys_belong_to_their_users(api, commissioner, stranger, gig_body):
    for user in (commissioner, stranger):
        answer = api(user).post(POST, gig_body, format="json", headers=KEY)
        assert answer.status_code == 201
        assert "Idempotency-Replayed" not in answer

    assert Gig.objects.count() == 2


def test_a_refusal_leaves_the_key_free(api, commissioner, freelancer, gig_body, refused):
    client = api(commissioner)

    refused(client.post(POST, {}, format="json", headers=KEY), 400, "invalid")
    assert IdempotencyKey.objects.count() == 0
    assert client.post(POST, gig_body, format="json", headers=KEY).status_code == 201
    refused(
        api(freelancer).post(POST, gig_body, format="json", headers=KEY), 403, "permission_denied"
    )
    assert IdempotencyKey.objects.filter(user=freelancer).count() == 0


def test_a_conflict_leaves_the_key_free(api, refused):
    milestone = submitted_milestone()
    client = api(milestone.project.commissioner)
    path = f"/api/v1/milestones/{milestone.public_id}/approve/"

    assert client.post(path, headers={"Idempotency-Key": "one"}).status_code == 200
    refused(client.post(path, headers={"Idempotency-Key": "two"}), 409, "transition_refused")

    assert list(IdempotencyKey.objects.values_list("key", flat=True)) == ["one"]
    assert client.post(path, headers={"Idempotency-Key": "one"}).status_code == 200
    assert Milestone.objects.get(pk=milestone.pk).status == "approved"


@pytest.mark.parametrize("key", ["", " ", "a b", "x" * 256, "é", "a\tb", "\x7f"])
def test_a_malformed_key_is_400(api, commissioner, gig_body, refused, key):
    answer = api(commissioner).post(POST, gig_body, format="json", headers={"Idempotency-Key": key})

    refused(answer, 400, "idempotency_key_malformed")
    assert Gig.objects.count() == 0


@pytest.mark.parametrize("key", ["a", "x" * 255, "K:1/2-3_4.5~6!"])
def test_any_visible_ascii_is_a_key(api, commissioner, gig_body, key):
    answer = api(commissioner).post(POST, gig_body, format="json", headers={"Idempotency-Key": key})

    assert answer.status_code == 201
    assert IdempotencyKey.objects.get().key == key


def test_paying_with_a_token_needs_a_key_before_anything_else(api, invoice, order, refused):
    client = api(invoice.buyer)

    for path, body in (
        (EXECUTE, order),
        (EXECUTE, {}),
        (f"/api/v1/invoices/{invoice.public_id}/pay/", {"payment_method": "test_ok"}),
    ):
        refused(client.post(path, body, format="json"), 400, "idempotency_key_required")
    assert Payment.objects.count() == 0


def test_paying_in_the_browsers_session_needs_none(client_for, invoice, order):
    answer = client_for(invoice.buyer).post(EXECUTE, order, content_type="application/json")

    assert answer.status_code == 200


@pytest.mark.parametrize(
    ("method", "status", "code"),
    [("test_declined", 402, "payment_declined"), ("test_timeout", 202, None)],
)
def test_a_decline_and_an_uncertain_outcome_are_kept(api, invoice, order, method, status, code):
    client = api(invoice.buyer)
    order["payment_method"] = method

    first = client.post(EXECUTE, order, format="json", headers=KEY)
    again = client.post(EXECUTE, order, format="json", headers=KEY)

    assert (first.status_code, again.status_code) == (status, status)
    assert first.json().get("code") == code
    assert again.content == first.content
    assert again["Content-Type"] == first["Content-Type"]
    assert again["Idempotency-Replayed"] == "true"
    assert Payment.objects.count() == 1


def test_a_payment_whose_request_died_is_found_again_by_its_key(
    api, invoice, order, refused, monkeypatch
):
    client = api(invoice.buyer)
    client.raise_request_exception = False
    client.handler.raise_request_exception = False

    def die(payment):
        raise ConnectionResetError

    monkeypatch.setattr(payments_api, "payment_ask", die)
    refused(client.post(EXECUTE, order, format="json", headers=KEY), 500, "internal_error")
    monkeypatch.undo()

    row = IdempotencyKey.objects.get()
    payment = Payment.objects.get()
    assert (row.state, row.reference) == (KeyState.STARTED, payment.public_id)
    refused(client.post(EXECUTE, order, format="json", headers=KEY), 409, "payment_in_progress")
    other = {"Idempotency-Key": "another"}
    refused(client.post(EXECUTE, order, format="json", headers=other), 409, "payment_in_progress")

    payment_conclude(payment_id=payment.pk, answer=payment_ask(payment), at=timezone.now())
    found = client.post(EXECUTE, order, format="json", headers=KEY)
    again = client.post(EXECUTE, order, format="json", headers=KEY)

    assert found.status_code == 200
    assert found.json()["payment"]["id"] == payment.public_id
    assert found["Idempotency-Replayed"] == again["Idempotency-Replayed"] == "true"
    assert again.content == found.content
    assert Payment.objects.get().status == PaymentStatus.SUCCEEDED


def test_a_payment_that_a_job_saw_declined_is_402_for_its_key(
    api, invoice, order, refused, monkeypatch
):
    client = api(invoice.buyer)
    client.handler.raise_request_exception = False
    order["payment_method"] = "test_declined"

    def die(**kwargs):
        raise ConnectionResetError

    monkeypatch.setattr(payments_api, "payment_conclude", die)
    client.post(EXECUTE, order, format="json", headers=KEY)
    monkeypatch.undo()
    payment = Payment.objects.get()
    payment_conclude(payment_id=payment.pk, answer=payment_ask(payment), at=timezone.now())

    refused(client.post(EXECUTE, order, format="json", headers=KEY), 402, "payment_declined")


def test_a_replay_of_a_stored_method_names_it_once(api, commissioner):
    client = api(commissioner)
    body = {"provider": "sandbox", "token": "test_ok"}

    first, again = (
        client.post("/api/v1/payment-methods/", body, format="json", headers=KEY) for _ in range(2)
    )

    assert (first.status_code, again.content) == (201, first.content)
    assert PaymentMethod.objects.count() == 1


def test_secrets_are_never_kept_under_a_key(api, commissioner):
    client = api(commissioner)

    first, second = (
        client.post("/api/v1/tokens/", {"name": "a"}, format="json", headers=KEY) for _ in range(2)
    )

    assert first.json()["token"] != second.json()["token"]
    assert IdempotencyKey.objects.count() == 0


def test_keys_are_kept_for_seven_days(api, commissioner, gig_body):
    client = api(commissioner)
    client.post(POST, gig_body, format="json", headers=KEY)
    made_at = IdempotencyKey.objects.get().created_at

    assert expire_keys(at=made_at + KEEP) == 0
    assert expire_keys(at=made_at + KEEP + timedelta(seconds=1)) == 1


def test_the_hourly_job_clears_what_is_past_its_time(api, commissioner, gig_body):
    client = api(commissioner)
    client.post(POST, gig_body, format="json", headers=KEY)
    jobs.purge_access([])
    assert IdempotencyKey.objects.count() == 1

    IdempotencyKey.objects.update(created_at=timezone.now() - timedelta(days=8))
    jobs.purge_access([])
    assert IdempotencyKey.objects.count() == 0


def test_another_key_for_a_paid_invoice_is_409(api, refused):
    invoice = sent_invoice()
    pay(invoice)
    order = {"invoice_id": invoice.public_id, "payment_method": "test_ok"}

    answer = api(invoice.buyer).post(EXECUTE, order, format="json", headers=KEY)

    refused(answer, 409, "already_paid")
    assert IdempotencyKey.objects.count() == 0
    assert milestone_of(invoice.project).status == "settled"
