"""kill -9 of the web process between the two transactions of a payment: a job finishes it, once."""

from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import httpx
import pytest

from tests.acceptance.steps import answer, pay, refusal, started_project, usd
from tests.installation import Installation, eventually

pytestmark = pytest.mark.kill

PROMISED_SECONDS = 60.0


def test_a_killed_web_process(installation: Installation):
    parties = started_project(installation, budget="1000.00", tasks=1)
    invoice = parties.sent_invoice()
    key = uuid4().hex
    slow = {"key": key, "payment_method": "test_slow"}

    with ThreadPoolExecutor(1) as background:
        running = background.submit(lambda: pay(parties, invoice, **slow))
        [payment] = eventually(lambda: parties.commissioner.read("/api/v1/payments/")["results"])
        installation.freeze("worker")
        installation.kill("web")
        with pytest.raises(httpx.HTTPError):
            running.result()
    assert payment["status"] == "processing"
    assert installation.sql(
        "SELECT count(*) FROM wallets_sandboxcharge WHERE key = %s", payment["id"]
    ) == [(0,)]
    installation.start("web")
    installation.wait_until_ready()

    assert refusal(pay(parties, invoice, **slow)) == (409, "payment_in_progress")
    assert refusal(pay(parties, invoice)) == (409, "payment_in_progress")
    installation.thaw("worker")
    eventually(lambda: parties.available() == "950.00", seconds=PROMISED_SECONDS)
    told = pay(parties, invoice, **slow)

    assert told.headers["Idempotency-Replayed"] == "true"
    body = answer(told)
    assert (body["payment"]["id"], body["payment"]["status"]) == (payment["id"], "succeeded")
    assert (body["invoice"]["status"], body["credited"]["net"]) == ("paid", usd("950.00"))
    lines = parties.freelancer.read("/api/v1/wallet/transactions/")["results"]
    assert [line["amount"] for line in lines] == [usd("950.00")]
    assert installation.sql(
        "SELECT key, result FROM wallets_sandboxcharge WHERE key = %s", payment["id"]
    ) == [(payment["id"], "succeeded")]
    installation.assert_books_in_order()
