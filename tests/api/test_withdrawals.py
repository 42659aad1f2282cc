"""Withdrawals as programs ask for them, and events as the provider sends them."""

import base64
import hashlib
import hmac
import json
import time

import pytest
from rest_framework.test import APIClient

from outbox.models import Job
from tests.builders import run_jobs
from tests.factories import AT
from tests.rules import checksums
from tests.wallets.withdrawing import ANSWER_LOST, LABEL, bank_account, funded, request, send
from wallets.enums import WithdrawalStatus
from wallets.models import ProviderEvent, Withdrawal

pytestmark = pytest.mark.django_db

API = "/api/v1/withdrawals/"
EVENTS = "/api/v1/provider-events/sandbox/"
KEY = {"Idempotency-Key": "k-1"}


@pytest.fixture
def owner(freelancer):
    return funded(freelancer)


@pytest.fixture
def body(owner):
    return {
        "payout_method": bank_account(owner).public_id,
        "amount": {"amount": "1000.00", "currency": "USD"},
    }


def usd(amount):
    return {"amount": amount, "currency": "USD"}


def test_a_withdrawal_is_asked_for_listed_read_and_cancelled(withdrawing_api, owner, body):
    client = withdrawing_api(owner)

    made = client.post(API, body, format="json", headers=KEY)

    assert made.status_code == 201
    shown = made.json()
    withdrawal = Withdrawal.objects.get()
    assert shown == {
        "id": withdrawal.public_id,
        "status": "approved",
        "amount": usd("1000.00"),
        "fee": usd("1.00"),
        "net": usd("999.00"),
        "payout_method": body["payout_method"],
        "label": LABEL,
        "payment_id": None,
        "reason": "",
        "requested_at": shown["requested_at"],
        "ended_at": None,
    }
    assert client.get(f"{API}{withdrawal.public_id}/").json() == shown
    assert client.get(API).json()["results"] == [shown]
    assert client.get(API, {"status": "paid"}).json()["results"] == []
    cancelled = client.post(f"{API}{withdrawal.public_id}/cancel/", {}, format="json")
    assert (cancelled.status_code, cancelled.json()["status"]) == (200, "cancelled")
    again = client.post(f"{API}{withdrawal.public_id}/cancel/", {}, format="json")
    assert (again.status_code, again.json()["code"]) == (409, "transition_refused")


def test_the_same_key_is_the_same_withdrawal(withdrawing_api, owner, body):
    client = withdrawing_api(owner)

    first, second = (client.post(API, body, format="json", headers=KEY) for _ in range(2))
    other = client.post(API, {**body, "amount": usd("20.00")}, format="json", headers=KEY)
    without = client.post(API, body, format="json")

    assert first.json() == second.json()
    assert second.headers["Idempotency-Replayed"] == "true"
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")
    assert (without.status_code, without.json()["code"]) == (400, "idempotency_key_required")
    assert Withdrawal.objects.count() == 1


REFUSED = [
    ({"amount": usd("9.99")}, 400, "withdrawal_too_small"),
    ({"amount": usd("3166.68")}, 409, "insufficient_funds"),
    ({"amount": {"amount": "100.00", "currency": "EUR"}}, 409, "insufficient_funds"),
    ({"amount": usd("0")}, 400, "out_of_range"),
    ({"amount": usd("-1.00")}, 400, "invalid_amount"),
    ({"amount": usd("10.001")}, 400, "too_many_decimals"),
    ({"amount": usd("NaN")}, 400, "invalid_amount"),
    ({"payout_method": "pom_" + "0" * 32}, 400, "payout_method_unknown"),
    ({"payout_method": "bank"}, 400, "invalid_id"),
    ({"speed": "instant"}, 400, "unknown_field"),
]


@pytest.mark.parametrize(("changes", "status", "code"), REFUSED)
def test_what_cannot_be_withdrawn_is_refused_and_leaves_no_trace(
    withdrawing_api, owner, body, changes, status, code
):
    client = withdrawing_api(owner)
    client.get(API)
    before = checksums()

    for address in (API, f"{API}preview/"):
        answer = client.post(address, {**body, **changes}, format="json", headers=KEY)
        assert (answer.status_code, answer.json()["code"]) == (status, code)

    assert checksums() == before


def test_the_method_of_somebody_else_is_unknown(withdrawing_api, owner, body, stranger):
    theirs = {**body, "payout_method": bank_account(stranger).public_id}

    answer = withdrawing_api(owner).post(API, theirs, format="json", headers=KEY)

    assert (answer.status_code, answer.json()["code"]) == (400, "payout_method_unknown")


def test_a_preview_needs_no_key_and_changes_nothing(api, owner, body):
    client = api(owner)
    client.get(API)
    before = checksums()

    seen = client.post(f"{API}preview/", body, format="json")

    assert (seen.status_code, seen.json()) == (
        200,
        {
            "amount": usd("1000.00"),
            "fee": usd("1.00"),
            "net": usd("999.00"),
            "available_after": usd("2166.67"),
            "needs_approval": False,
        },
    )
    assert checksums() == before


def test_asking_needs_the_scope_or_a_session_that_is_sure(
    api, client_for, sure_client_for, owner, body
):
    without = api(owner).post(API, body, format="json", headers=KEY)
    old = client_for(owner).post(API, body, "application/json")
    sure = sure_client_for(owner).post(API, body, "application/json")

    assert (without.status_code, without.json()["code"]) == (403, "scope_missing")
    assert (old.status_code, old.json()["code"]) == (403, "step_up_required")
    assert sure.status_code == 201


def test_a_withdrawal_is_its_owners(withdrawing_api, owner, stranger):
    withdrawal = request(owner)
    client = withdrawing_api(stranger)

    assert client.get(f"{API}{withdrawal.public_id}/").status_code == 404
    assert client.post(f"{API}{withdrawal.public_id}/cancel/").status_code == 404
    assert client.get(API).json()["results"] == []


def test_wallet_and_statement_show_it(api, owner, provider):
    withdrawal = send(request(owner))
    request(owner, amount="100.00")
    client = api(owner)

    [balance] = client.get("/api/v1/wallet/").json()["balances"]
    line = client.get("/api/v1/wallet/transactions/").json()["results"][0]

    assert (balance["available"], balance["held"], balance["withdrawn"]) == (
        usd("2066.67"),
        usd("100.00"),
        usd("1000.00"),
    )
    assert (line["kind"], line["amount"], line["balance_after"], line["withdrawal_id"]) == (
        "withdrawal",
        usd("-1000.00"),
        usd("2166.67"),
        withdrawal.public_id,
    )


def signed(body: bytes, *, event: str = "evt_1", secret: str = "tests-only", age: int = 0):
    stamp = str(int(time.time()) - age)
    message = f"{event}.{stamp}.".encode() + body
    digest = hmac.new(secret.encode(), message, hashlib.sha256).digest()
    return {
        "webhook-id": event,
        "webhook-timestamp": stamp,
        "webhook-signature": f"v0,x v1,{base64.b64encode(digest).decode()}",
    }


def deliver(body: bytes, headers: dict[str, str]):
    return APIClient().generic(
        "POST", EVENTS, body, content_type="application/json", headers=headers
    )


def event_about(withdrawal, kind="payout.paid") -> bytes:
    return json.dumps({"type": kind, "data": {"key": withdrawal.public_id}}).encode()


def test_an_event_resolves_what_was_uncertain_and_twice_changes_nothing(owner, provider):
    withdrawal = send(request(owner, number=ANSWER_LOST))
    assert withdrawal.status == WithdrawalStatus.UNCERTAIN
    body = event_about(withdrawal)
    headers = signed(body)

    answers = [deliver(body, headers) for _ in range(3)]

    assert [answer.json()["is_new"] for answer in answers] == [True, False, False]
    assert {answer.status_code for answer in answers} == {200}
    event = ProviderEvent.objects.get()
    assert (event.event_id, event.kind, event.body) == ("evt_1", "payout.paid", body.decode())
    jobs = Job.objects.filter(topic="withdrawal.resolve", key__contains="evt_1")
    assert jobs.count() == 1
    run_jobs("withdrawal.resolve")
    withdrawal.refresh_from_db()
    assert withdrawal.status == WithdrawalStatus.PAID


def test_an_event_is_only_a_hint_the_book_has_the_truth(owner, provider):
    """A signed `returned` about a payout that the book says is paid changes nothing."""
    withdrawal = send(request(owner))
    body = event_about(withdrawal, "payout.returned")

    assert deliver(body, signed(body)).status_code == 200
    run_jobs("withdrawal.resolve")

    withdrawal.refresh_from_db()
    assert (withdrawal.status, withdrawal.frozen_at) == (WithdrawalStatus.PAID, None)


def test_the_simulators_own_events_are_taken(owner, provider, live_hook):
    withdrawal = send(request(owner))
    provider.hook = live_hook

    payout = provider.book.find(withdrawal.public_id)
    status = provider.hook.deliver("evt_own", json.dumps({"type": "x", "data": {"key": payout.key}}).encode())  # fmt: skip

    assert status == 200
    assert ProviderEvent.objects.get().event_id == "evt_own"


@pytest.fixture
def live_hook(monkeypatch):
    """The simulator's way to sign, and our endpoint without a network between."""
    from config.devservices.simulator.server import Hook  # noqa: PLC0415

    monkeypatch.setattr(
        Hook,
        "deliver",
        lambda hook, event_id, body: deliver(body, hook._headers(event_id, body)).status_code,
    )
    return Hook(address="http://tests", secret="tests-only")


@pytest.mark.parametrize(
    "body",
    [
        b"{}",
        b"[]",
        b"nonsense",
        b'{"type": "payout.moved", "data": {"key": "wd_x"}}',
        b"",
        b"[" * 100_000,
        b"\0",
        b'{"type": "a\\u0000"}',
        b'{"type": "a\\ud800", "data": {"key": "\\ud800"}}',
        b'{"data": {"key": "wd_\\u0000"}}',
    ],
    ids=range(10),
)
def test_an_event_that_means_nothing_here_is_kept_and_no_error(body):
    assert deliver(body, signed(body)).status_code == 200
    assert ProviderEvent.objects.count() == 1
    assert not Job.objects.exists()


FORGED = [
    lambda body: {**signed(body), "webhook-signature": "v1,AAAA"},
    lambda body: signed(body, secret="another"),
    lambda body: signed(body, age=301),
    lambda body: signed(body, age=-360),
    lambda body: {**signed(body), "webhook-id": "evt_2"},
    lambda body: {**signed(body), "webhook-timestamp": "soon"},
    lambda body: {**signed(body), "webhook-timestamp": "9" * 30},
    lambda body: {**signed(body), "webhook-id": "e" * 81},
    lambda body: signed(body + b" "),
    lambda body: {},
]


@pytest.mark.parametrize("forge", FORGED)
def test_a_forged_or_stale_event_is_401_and_leaves_no_trace(owner, forge):
    body = event_about(request(owner))
    before = ProviderEvent.objects.count(), Job.objects.count()

    answer = deliver(body, forge(body))

    assert (answer.status_code, answer.json()["code"]) == (401, "signature_invalid")
    assert (ProviderEvent.objects.count(), Job.objects.count()) == before


def test_an_old_secret_still_signs_while_it_is_replaced(settings):
    settings.SANDBOX_PAYOUT_SECRETS = ["new", "tests-only"]

    assert deliver(b"{}", signed(b"{}")).status_code == 200
    assert deliver(b"{}", signed(b"{}", event="evt_2", secret="new")).status_code == 200
    assert ProviderEvent.objects.filter(received_at__gt=AT).count() == 2
