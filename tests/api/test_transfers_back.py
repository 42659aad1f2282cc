"""Credit that goes back by bank transfer, as programs ask for it."""

import pytest

from accounts.services.access import TokenGrant, token_issue
from tests.factories import AT
from tests.rules import checksums
from tests.wallets.banking import by_transfer, export, named, table, take, transferred
from tests.wallets.paying import topped_up
from tests.wallets.withdrawing import LABEL
from wallets.models import Withdrawal

pytestmark = pytest.mark.django_db

API = "/api/v1/credit/transfer-back/"
KEY = {"Idempotency-Key": "k-1"}


@pytest.fixture(autouse=True)
def _by_transfer(settings):
    by_transfer(settings)


def usd(amount):
    return {"amount": amount, "currency": "USD"}


def test_it_is_asked_for_listed_paid_and_on_the_statement(withdrawing_api, staff):
    payment = transferred()
    client = withdrawing_api(payment.payer)
    body = {"payment_id": payment.public_id, "amount": usd("40.00")}
    assert client.get("/api/v1/credit/").json() == {
        "balances": [
            {
                "currency": "USD",
                "available": usd("100.00"),
                "reserved": usd("0.00"),
                "bound": usd("0.00"),
            }
        ],
        "sources": [
            {
                "payment_id": payment.public_id,
                "method": "Bank transfer",
                "amount": usd("100.00"),
                "is_by_transfer": True,
            }
        ],
    }

    made, again = (client.post(API, body, format="json", headers=KEY) for _ in range(2))

    withdrawal = Withdrawal.objects.get()
    assert made.status_code == 201
    assert again.headers["Idempotency-Replayed"] == "true"
    shown = made.json()
    assert shown == again.json()
    assert shown == {
        "id": withdrawal.public_id,
        "status": "approved",
        "amount": usd("40.00"),
        "fee": usd("0.00"),
        "net": usd("40.00"),
        "payout_method": withdrawal.method.public_id,
        "label": LABEL,
        "payment_id": payment.public_id,
        "reason": "",
        "requested_at": shown["requested_at"],
        "ended_at": None,
    }
    assert client.get("/api/v1/withdrawals/").json()["results"] == [shown]
    assert client.get("/api/v1/credit/").json()["balances"][0]["reserved"] == usd("40.00")
    assert client.get("/api/v1/payout-methods/").json()["results"] == []

    export(withdrawal, by=staff)
    take(table({"amount": "-40.00", "end_to_end_id": named(withdrawal)}, start=2))

    read = client.get(f"/api/v1/withdrawals/{withdrawal.public_id}/").json()
    line = client.get("/api/v1/credit/transactions/").json()["results"][0]
    assert read["status"] == "paid"
    assert (line["kind"], line["amount"], line["balance_after"]) == (
        "withdrawal",
        usd("-40.00"),
        usd("60.00"),
    )
    assert (line["withdrawal_id"], line["payment_id"]) == (
        withdrawal.public_id,
        payment.public_id,
    )


def test_it_is_cancelled_as_a_withdrawal(withdrawing_api):
    payment = transferred()
    client = withdrawing_api(payment.payer)
    made = client.post(API, {"payment_id": payment.public_id}, format="json", headers=KEY).json()

    ended = client.post(f"/api/v1/withdrawals/{made['id']}/cancel/", {}, format="json")

    assert (ended.status_code, ended.json()["status"]) == (200, "cancelled")
    assert client.get("/api/v1/credit/").json()["balances"][0]["available"] == usd("100.00")


def test_a_preview_changes_nothing(api):
    payment = transferred()
    client = api(payment.payer)
    client.get("/api/v1/me/")
    before = checksums()

    seen = client.post(f"{API}preview/", {"payment_id": payment.public_id}, format="json")

    assert (seen.status_code, seen.json()) == (
        200,
        {
            "amount": usd("100.00"),
            "method": LABEL,
            "credit_after": usd("0.00"),
            "needs_approval": False,
        },
    )
    assert checksums() == before


def test_what_is_refused_says_why(withdrawing_api, stranger):
    payment = transferred()
    card = topped_up(payment.payer)
    unnamed = transferred(
        sender={"name": "Somebody"}, commissioner=payment.payer, title="Another", start=2
    )
    client = withdrawing_api(payment.payer)

    def said(body, who=client, key="k"):
        answer = who.post(API, body, format="json", headers={"Idempotency-Key": key})
        return answer.status_code, answer.json()["code"]

    own = {"payment_id": payment.public_id}
    assert said({"payment_id": card.public_id}, key="a") == (409, "came_by_provider")
    assert said({"payment_id": unnamed.public_id}, key="b") == (409, "transfer_account_unknown")
    assert said({**own, "amount": usd("100.01")}, key="c") == (409, "insufficient_funds")
    assert said(own, withdrawing_api(stranger), key="d") == (404, "not_found")
    answer = client.post("/api/v1/credit/take-back/", own, format="json", headers=KEY)
    assert (answer.status_code, answer.json()["code"]) == (409, "came_by_transfer")
    assert client.post(API, own, format="json").status_code == 400


def test_a_token_that_may_not_withdraw_may_not_send_back(client):
    payment = transferred()
    grant = TokenGrant(name="money", scopes=("money:read", "money:write"))
    _, secret = token_issue(grant=grant, by=payment.payer, at=AT)

    answer = client.post(
        API,
        {"payment_id": payment.public_id},
        content_type="application/json",
        headers={"Authorization": f"Bearer {secret}", "Idempotency-Key": "k"},
    )

    assert (answer.status_code, answer.json()["code"]) == (403, "scope_missing")
