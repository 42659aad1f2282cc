"""The connection dies around COMMIT: nobody knows what happened, and asking again tells."""

from uuid import uuid4

import pytest

from tests.acceptance.steps import GOOD_METHOD, Parties, answer, started_project
from tests.installation import Installation
from tests.kill.failing import Failing
from tests.kill.proxy import Loss

pytestmark = pytest.mark.kill

LOSSES: list[Loss] = ["before", "after"]
KEEPS_ANSWER = b"UPDATE accounts_idempotencykey SET state"


@pytest.fixture(scope="module")
def parties(failing: Failing, round_number: int) -> Parties:
    parties = started_project(failing.installation, budget="400.00", tasks=4)
    for task in parties.task_ids:
        parties.submit(task)
    return parties


@pytest.mark.parametrize("loss", LOSSES)
def test_an_approval_whose_commit_is_lost_happens_once(
    installation: Installation, failing: Failing, parties: Parties, loss: Loss
):
    first = LOSSES.index(loss)
    for task in parties.task_ids[first :: len(LOSSES)]:
        key = uuid4().hex
        failing.proxy.lose(loss, key.encode())

        approved = failing.ask(parties.commissioner, f"/api/v1/milestones/{task}/approve/", {}, key)

        assert not failing.proxy.is_armed
        assert answer(approved)["status"] == "approved"
        assert approved.headers.get("Idempotency-Replayed") == ("true" if loss == "after" else None)
        assert parties.invoice(task)["status"] == "sent"
        assert installation.sql(
            "SELECT count(*) FROM accounts_auditevent"
            " WHERE event = 'milestone.approved' AND target = %s",
            task,
        ) == [(1,)]


@pytest.mark.parametrize("which", ["first", "second"])
@pytest.mark.parametrize("loss", LOSSES)
def test_a_payment_whose_commit_is_lost_happens_once(
    installation: Installation, failing: Failing, loss: Loss, which: str, round_number: int
):
    parties = started_project(installation, budget="100.00", tasks=1)
    invoice = parties.sent_invoice()
    key = uuid4().hex
    body = {"invoice_id": invoice["id"], "payment_method": GOOD_METHOD}
    failing.proxy.lose(loss, key.encode() if which == "first" else KEEPS_ANSWER)

    paid = answer(failing.ask(parties.commissioner, "/api/payments/execute", body, key))

    assert not failing.proxy.is_armed
    assert (paid["payment"]["status"], paid["invoice"]["status"]) == ("succeeded", "paid")
    assert [p["status"] for p in parties.commissioner.read("/api/v1/payments/")["results"]] == [
        "succeeded"
    ]
    assert parties.available() == "95.00"


def test_the_books_are_in_order_after_all(installation: Installation):
    installation.assert_books_in_order()
