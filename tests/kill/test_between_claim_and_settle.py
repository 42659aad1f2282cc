"""kill -9 of the worker while it asks the payout provider: the money leaves once."""

import pytest

from tests.acceptance.steps import answer, pay, started_project, usd
from tests.installation import Installation, Person, eventually

pytestmark = pytest.mark.kill

PROMISED_SECONDS = 90.0
SLOW = "000111111104"
TOLD_THRICE = "000111111108"
GOOD = "000123456789"


def sure_headers(person: Person) -> dict[str, str]:
    """A token of the person that may withdraw."""
    signed_in = person.client.post(
        "/api/v1/auth/token/",
        json={
            "email": person.email,
            "password": person.password,
            "scopes": ["withdrawals:write", "money:read"],
        },
    )
    return {"Authorization": f"Bearer {signed_in.json()['token']}"}


def withdraw(person: Person, number: str) -> str:
    headers = sure_headers(person)
    account = {
        "holder": person.name,
        "account_number": number,
        "routing_number": "021000021",
    }
    method = person.client.post("/api/v1/payout-methods/", json=account, headers=headers)
    assert method.status_code == 201, method.text
    made = person.client.post(
        "/api/v1/withdrawals/",
        json={"payout_method": method.json()["id"], "amount": usd("100.00")},
        headers={**headers, "Idempotency-Key": number},
    )
    assert made.status_code == 201, made.text
    return made.json()["id"]


def status_of(person: Person, withdrawal: str) -> str:
    return person.read(f"/api/v1/withdrawals/{withdrawal}/")["status"]


def assert_left_once(installation: Installation, person: Person, withdrawals: list[str]) -> None:
    lines = person.read("/api/v1/wallet/transactions/")["results"]
    left = [line["withdrawal_id"] for line in lines if line["kind"] == "withdrawal"]
    assert sorted(left) == sorted(withdrawals)
    [balance] = person.read("/api/v1/wallet/")["balances"]
    assert balance["held"] == usd("0.00")
    assert balance["withdrawn"] == usd(f"{100 * len(withdrawals)}.00")
    installation.assert_books_in_order()


def test_a_killed_worker_pays_once(installation: Installation):
    """The provider has paid, and the worker that asked is dead before it could write that down."""
    parties = started_project(installation, budget="1000.00", tasks=1)
    answer(pay(parties, parties.sent_invoice()))
    freelancer = parties.freelancer

    slow = withdraw(freelancer, SLOW)
    eventually(lambda: status_of(freelancer, slow) == "sending")
    installation.kill("worker")
    assert status_of(freelancer, slow) == "sending"
    installation.start("worker")
    told = withdraw(freelancer, TOLD_THRICE)

    for withdrawal in (told, slow):
        eventually(
            lambda withdrawal=withdrawal: status_of(freelancer, withdrawal) == "paid",
            seconds=PROMISED_SECONDS,
        )
    assert_left_once(installation, freelancer, [slow, told])


def test_a_killed_provider_keeps_its_book(installation: Installation):
    parties = started_project(installation, budget="1000.00", tasks=1)
    answer(pay(parties, parties.sent_invoice()))
    freelancer = parties.freelancer

    installation.kill("simulator")
    withdrawal = withdraw(freelancer, GOOD)
    eventually(lambda: status_of(freelancer, withdrawal) == "sending")
    installation.start("simulator")

    eventually(lambda: status_of(freelancer, withdrawal) == "paid", seconds=PROMISED_SECONDS)
    assert_left_once(installation, freelancer, [withdrawal])
