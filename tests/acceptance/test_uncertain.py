"""A provider that gives no answer, and one that takes its time."""

from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import pytest

from tests.acceptance.steps import answer, pay, refusal, started_project, usd
from tests.installation import Installation, eventually

pytestmark = pytest.mark.acceptance

RESOLVED_SECONDS = 45.0


def test_an_unknown_outcome_is_uncertain_until_a_job_finds_it_out(installation: Installation):
    parties = started_project(installation, budget="1000.00", tasks=1)
    invoice = parties.sent_invoice()
    key = uuid4().hex

    asked = pay(parties, invoice, key=key, payment_method="test_timeout")
    second = pay(parties, invoice)
    replayed = pay(parties, invoice, key=key, payment_method="test_timeout")

    uncertain = answer(asked, 202)
    assert (uncertain["payment"]["status"], uncertain["credited"]) == ("uncertain", None)
    assert uncertain["invoice"] == invoice
    assert refusal(second) == (409, "payment_in_progress")
    assert (replayed.status_code, replayed.json()) == (202, uncertain)
    assert parties.available() == "0.00"
    path = f"/api/v1/payments/{uncertain['payment']['id']}/"
    payment = eventually(
        lambda: (
            parties.commissioner.read(path)
            if parties.commissioner.read(path)["status"] != "uncertain"
            else None
        ),
        seconds=RESOLVED_SECONDS,
    )
    assert payment["status"] == "succeeded"
    assert parties.invoice(parties.task_ids[0])["status"] == "paid"
    assert parties.available() == "950.00"
    [line] = parties.freelancer.read("/api/v1/wallet/transactions/")["results"]
    assert (line["amount"], line["invoice_number"]) == (usd("950.00"), invoice["number"])
    assert refusal(pay(parties, invoice)) == (409, "already_paid")


def test_while_a_slow_payment_runs_its_twins_are_refused(installation: Installation):
    parties = started_project(installation, budget="1000.00", tasks=1)
    invoice = parties.sent_invoice()
    key = uuid4().hex
    slow = {"key": key, "payment_method": "test_slow"}

    with ThreadPoolExecutor(1) as background:
        running = background.submit(lambda: pay(parties, invoice, **slow))
        eventually(lambda: parties.commissioner.read("/api/v1/payments/")["results"])
        twin = pay(parties, invoice, **slow)
        other = pay(parties, invoice)
        assert not running.done()

    assert refusal(twin) == refusal(other) == (409, "payment_in_progress")
    first = answer(running.result())
    assert first["credited"]["net"] == usd("950.00")
    replayed = pay(parties, invoice, **slow)
    assert (replayed.status_code, replayed.json()) == (200, first)
    assert replayed.headers["Idempotency-Replayed"] == "true"
    assert parties.available() == "950.00"
