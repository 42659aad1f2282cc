"""Twenty calls at once over HTTP: one effect each."""

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from uuid import uuid4

import httpx
import pytest

from tests.acceptance.steps import LINK, Parties, pay, refusal, started_project, usd
from tests.installation import Installation

pytestmark = pytest.mark.acceptance

TIMES = 20


@pytest.fixture(scope="module")
def parties(installation: Installation) -> Parties:
    return started_project(installation, budget="1000.00", tasks=4)


def at_once(call: Callable[[], httpx.Response]) -> list[httpx.Response]:
    """The answers to twenty calls that start together."""
    barrier = Barrier(TIMES)

    def run(_: int) -> httpx.Response:
        barrier.wait()
        return call()

    with ThreadPoolExecutor(TIMES) as pool:
        return list(pool.map(run, range(TIMES)))


def tally(responses: list[httpx.Response]) -> Counter[tuple[int, str]]:
    """How often which status and code (or state) was answered."""
    return Counter(
        (response.status_code, response.json().get("status", "paid"))
        if response.is_success
        else refusal(response)
        for response in responses
    )


def events(installation: Installation, event: str, target: str) -> int:
    [(count,)] = installation.sql(
        "SELECT count(*) FROM accounts_auditevent WHERE event = %s AND target = %s", event, target
    )
    return count


def test_twenty_submits_are_one_submission(installation: Installation, parties: Parties):
    task_id = parties.task_ids[0]
    body = {"task_id": task_id, "action": "submit", "message": "Done.", "links": [LINK]}

    responses = at_once(lambda: parties.freelancer.post("/api/project-tasks/submit", body))

    assert tally(responses) == {(200, "in_review"): 1, (409, "transition_refused"): 19}
    task = parties.freelancer.read(f"/api/v1/milestones/{task_id}/")
    assert (task["status"], task["version"]) == ("in_review", 1)
    assert events(installation, "milestone.submitted", task_id) == 1


def test_twenty_approvals_are_one_approval(installation: Installation, parties: Parties):
    task_id = parties.task_ids[1]
    parties.submit(task_id)
    body = {"task_id": task_id, "action": "approve"}

    responses = at_once(lambda: parties.commissioner.post("/api/project-tasks/submit", body))

    assert tally(responses) == {(200, "approved"): 1, (409, "transition_refused"): 19}
    assert events(installation, "milestone.approved", task_id) == 1
    invoice = parties.invoice(task_id)
    assert parties.invoices(task_id) == [invoice]
    assert events(installation, "invoice.issued", invoice["id"]) == 1


def test_twenty_requests_for_an_invoice_are_one_invoice(
    installation: Installation, parties: Parties
):
    """The job that issues it by itself takes part."""
    task_id = parties.task_ids[2]
    parties.submit(task_id)
    parties.approve(task_id)
    body = {"task_id": task_id}

    responses = at_once(lambda: parties.freelancer.post("/api/invoices/auto-generate", body))

    statuses = Counter(response.status_code for response in responses)
    assert statuses in ({201: 1, 200: 19}, {200: 20})
    [invoice_id] = {response.json()["id"] for response in responses}
    assert [invoice["id"] for invoice in parties.invoices(task_id)] == [invoice_id]
    assert events(installation, "invoice.issued", invoice_id) == 1


def test_twenty_payments_are_one_payment(installation: Installation, parties: Parties):
    invoice = parties.sent_invoice(4)

    responses = at_once(lambda: pay(parties, invoice))

    answers = tally(responses)
    assert answers.pop((200, "paid")) == 1
    assert set(answers) <= {(409, "payment_in_progress"), (409, "already_paid")}
    assert answers.total() == 19
    assert_credited_once(installation, parties, invoice["number"])


def test_twenty_payments_with_one_key_are_one_payment(installation: Installation, parties: Parties):
    invoice = parties.invoice(parties.task_ids[2])
    key = uuid4().hex

    responses = at_once(lambda: pay(parties, invoice, key=key))

    answers = tally(responses)
    paid = answers.pop((200, "paid"))
    assert set(answers) <= {(409, "payment_in_progress"), (409, "idempotency_key_in_flight")}
    assert paid + answers.total() == TIMES
    assert len({response.text for response in responses if response.is_success}) == 1
    assert_credited_once(installation, parties, invoice["number"])


def assert_credited_once(installation: Installation, parties: Parties, number: str) -> None:
    lines = parties.freelancer.read("/api/v1/wallet/transactions/")["results"]
    assert [line["amount"] for line in lines if line["invoice_number"] == number] == [usd("237.50")]
    assert installation.sql(
        "SELECT p.status, count(*) FROM wallets_payment p"
        " JOIN invoicing_invoice i ON i.id = p.invoice_id WHERE i.number = %s GROUP BY p.status",
        number,
    ) == [("succeeded", 1)]
    assert installation.sql(
        "SELECT count(*) FROM wallets_sandboxcharge c JOIN wallets_payment p"
        " ON c.key = 'pay_' || replace(p.uuid::text, '-', '')"
        " JOIN invoicing_invoice i ON i.id = p.invoice_id WHERE i.number = %s",
        number,
    ) == [(1,)]


def test_the_books_are_in_order_after_the_races(installation: Installation):
    installation.assert_books_in_order()
