"""kill -9 at each failpoint: the caller asks again under the same key, and it happens once."""

from typing import Any
from uuid import uuid4

import pytest

from tests.acceptance.steps import GOOD_METHOD, Parties, answer, started_project, usd
from tests.installation import Installation, Person, eventually
from tests.kill.failing import (
    APPROVED,
    CREDITING,
    FUNDING,
    PAYING,
    SENT,
    WEB,
    WITHDRAWING,
    Failing,
)
from tests.kill.test_between_claim_and_settle import GOOD, sure_headers

pytestmark = pytest.mark.kill

SETTLED_SECONDS = 120.0
"""After a row of kills; what is promised after one is in test_between_approval_and_wallet.py."""
POINTS = (*WEB, *APPROVED)


def dying(failing: Failing, name: str, person: Person, path: str, body: Any, **headers: str) -> Any:
    """The answer to a request whose process dies at that failpoint first."""
    failing.kill_at(name)
    status = 201 if headers else 200
    given = answer(failing.ask(person, path, body, uuid4().hex, **headers), status)
    failing.wait_until_fired(name)
    return given


@pytest.fixture(scope="module")
def held(failing: Failing, round_number: int) -> Parties:
    """A project with held funds, whose milestones are in review, one for each point."""
    tasks = len(POINTS)
    parties = started_project(
        failing.installation, budget=f"{tasks}00.00", tasks=tasks, payment_mode="held"
    )
    body = {"payment_method": GOOD_METHOD}
    path = f"/api/v1/projects/{parties.project['id']}/fund/"
    answer(parties.commissioner.post(path, body, key=uuid4().hex))
    for task in parties.task_ids:
        parties.submit(task)
    return parties


def statuses(parties: Parties) -> list[str]:
    project = parties.commissioner.read(f"/api/v1/projects/{parties.project['id']}/")
    return [task["status"] for task in project["tasks"]]


def test_an_approval_dies_everywhere_and_happens_once(
    installation: Installation, failing: Failing, held: Parties
):
    for name, task in zip(POINTS, held.task_ids, strict=True):
        path = f"/api/v1/milestones/{task}/approve/"
        if name in WEB:
            dying(failing, name, held.commissioner, path, {})
        else:
            failing.kill_at(name)
            answer(failing.ask(held.commissioner, path, {}, uuid4().hex))
            failing.wait_until_fired(name)

    def are_settled() -> bool:
        failing.revive()
        return set(statuses(held)) == {"settled"}

    eventually(are_settled, seconds=SETTLED_SECONDS)
    for task in held.task_ids:
        assert [invoice["status"] for invoice in held.invoices(task)] == ["paid"]
    approvals = installation.sql(
        "SELECT count(*), count(DISTINCT target) FROM accounts_auditevent"
        " WHERE event = 'milestone.approved' AND target = ANY(%s)",
        held.task_ids,
    )
    assert approvals == [(len(POINTS), len(POINTS))]
    assert held.available() == f"{len(POINTS) * 95}.00"


def test_a_payment_dies_everywhere_and_happens_once(
    installation: Installation, failing: Failing, round_number: int
):
    parties = started_project(installation, budget=f"{len(PAYING)}00.00", tasks=len(PAYING))
    invoices = [parties.sent_invoice(position + 1) for position in range(len(PAYING))]

    for name, invoice in zip(PAYING, invoices, strict=True):
        body = {"invoice_id": invoice["id"], "payment_method": GOOD_METHOD}
        paid = dying(failing, name, parties.commissioner, "/api/payments/execute", body)
        assert (paid["payment"]["status"], paid["invoice"]["status"]) == ("succeeded", "paid")

    payments = parties.commissioner.read("/api/v1/payments/")["results"]
    assert [payment["status"] for payment in payments] == ["succeeded"] * len(PAYING)
    assert parties.available() == f"{len(PAYING) * 95}.00"


def test_funding_dies_and_happens_once(
    installation: Installation, failing: Failing, round_number: int
):
    parties = started_project(
        installation, budget=f"{len(FUNDING)}00.00", tasks=len(FUNDING), payment_mode="held"
    )

    for name, task in zip(FUNDING, parties.task_ids, strict=True):
        path = f"/api/v1/milestones/{task}/fund/"
        body = {"payment_method": GOOD_METHOD}
        funded = dying(failing, name, parties.commissioner, path, body)
        assert funded["payment"]["status"] == "succeeded"

    assert statuses(parties) == ["funded"] * len(FUNDING)
    payments = parties.commissioner.read("/api/v1/payments/")["results"]
    assert [payment["amount"] for payment in payments] == [usd("100.00")] * len(FUNDING)


def test_crediting_dies_and_happens_once(
    installation: Installation, failing: Failing, round_number: int
):
    parties = started_project(installation, budget=f"{len(CREDITING)}00.00", tasks=len(CREDITING))
    invoices = [parties.sent_invoice(position + 1) for position in range(len(CREDITING))]

    for name, invoice in zip(CREDITING, invoices, strict=True):
        bill = {"invoice_id": invoice["id"], "payment_method": GOOD_METHOD}
        answer(parties.commissioner.post("/api/payments/execute", bill, key=uuid4().hex))
        failing.kill_at(name)
        path = f"/api/v1/invoices/{invoice['id']}/credit/"
        body = {"amount": usd("10.00"), "reason": "Less was done."}
        answer(failing.ask(parties.freelancer, path, body, uuid4().hex), 201)
        failing.wait_until_fired(name)

    issued = parties.freelancer.read("/api/v1/invoices/")["results"]
    notes = [invoice["total"] for invoice in issued if invoice["kind"] == "credit_note"]
    assert notes == [usd("10.00")] * len(CREDITING)
    assert parties.available() == "171.00"


def test_a_withdrawal_dies_everywhere_and_leaves_once(
    installation: Installation, failing: Failing, held: Parties
):
    person = held.freelancer
    headers = sure_headers(person)
    account = {"holder": person.name, "account_number": GOOD, "routing_number": "021000021"}
    method = person.client.post("/api/v1/payout-methods/", json=account, headers=headers)
    body = {"payout_method": answer(method, 201)["id"], "amount": usd("20.00")}
    path = "/api/v1/withdrawals/"

    for name in (*WITHDRAWING, *SENT):
        dying(failing, name, person, path, body, **headers)

    count = len(WITHDRAWING) + len(SENT)

    def are_paid() -> bool:
        failing.revive()
        rows = person.read(path)["results"]
        return [row["status"] for row in rows] == ["paid"] * count

    eventually(are_paid, seconds=SETTLED_SECONDS)
    [balance] = person.read("/api/v1/wallet/")["balances"]
    assert (balance["withdrawn"], balance["held"]) == (usd(f"{count * 20}.00"), usd("0.00"))
    installation.assert_books_in_order()
