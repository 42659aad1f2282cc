"""Automatic payment with the stored method: it pays, it fails three times, or it has no method."""

from typing import Any

import pytest

from tests.acceptance.steps import Parties, answer, pay, started_project, usd
from tests.installation import Installation, eventually

pytestmark = pytest.mark.acceptance


def invoice_with(parties: Parties, status: str) -> dict[str, Any]:
    """The first task's invoice, once it has that status."""

    def found() -> dict[str, Any] | None:
        invoice = parties.invoice(parties.task_ids[0])
        return invoice if invoice["status"] == status else None

    invoice = eventually(found)
    assert invoice is not None
    return invoice


def mails_about(
    installation: Installation, template: str, invoice: dict[str, Any]
) -> list[tuple[str, str]]:
    """Number of the try, and the person who is told about it."""
    return installation.sql(
        "SELECT split_part(key, ':', 3), split_part(key, ':', 4) FROM outbox_job"
        " WHERE topic = 'mail.send' AND key LIKE %s ORDER BY id",
        f"{template}:{invoice['id']}:%",
    )


def test_a_stored_method_pays_by_itself(installation: Installation):
    parties = started_project(
        installation, method="test_ok", auto_pay=True, budget="1000.00", tasks=1
    )

    parties.sent_invoice()

    invoice = invoice_with(parties, "paid")
    assert (invoice["total"], invoice["fee"], invoice["net"]) == (
        usd("1000.00"),
        usd("50.00"),
        usd("950.00"),
    )
    assert parties.available() == "950.00"
    [payment] = parties.commissioner.read("/api/v1/payments/")["results"]
    assert payment["status"] == "succeeded"
    assert parties.commissioner.read("/api/v1/projects/")["results"][0]["status"] == "completed"


def test_a_declined_method_is_tried_three_times_and_the_invoice_waits_for_a_person(
    installation: Installation,
):
    parties = started_project(
        installation, method="test_declined", auto_pay=True, budget="300.00", tasks=1
    )
    parties.submit(parties.task_ids[0])
    parties.approve(parties.task_ids[0])
    invoice = invoice_with(parties, "on_hold")

    tries = automatic_jobs(installation, invoice)
    assert [(number, done) for number, done, _ in tries] == [(2, False)]
    assert tries[0][2] == pytest.approx(2 * 24 * 3600, abs=60)
    for number in (2, 3):
        make_due(installation, invoice, number)
        eventually(lambda: failed_payments(parties) == number)  # noqa: B023 - called right here

    assert [(number, done) for number, done, _ in automatic_jobs(installation, invoice)] == [
        (2, True),
        (3, True),
    ]
    both = [parties.commissioner.id, parties.freelancer.id]
    assert mails_about(installation, "payment_on_hold", invoice) == [
        (number, person) for number in "123" for person in both
    ]
    assert invoice_with(parties, "on_hold") == invoice
    assert parties.available() == "0.00"
    paid = answer(pay(parties, invoice))
    assert (paid["invoice"]["status"], paid["credited"]["net"]) == ("paid", usd("285.00"))
    assert parties.available() == "285.00"


def automatic_jobs(
    installation: Installation, invoice: dict[str, Any]
) -> list[tuple[int, bool, float]]:
    """Number of the try, whether it is done, and seconds from being written to being due."""
    return installation.sql(
        "SELECT split_part(key, ':', 2)::int, done_at IS NOT NULL,"
        " extract(epoch FROM due_at - created_at)::float FROM outbox_job"
        " WHERE topic = 'payment.auto' AND key LIKE %s ORDER BY id",
        f"{invoice['id']}:%",
    )


def make_due(installation: Installation, invoice: dict[str, Any], number: int) -> None:
    """Two days pass for that try; it must exist."""
    key = f"{invoice['id']}:{number}"
    moved = eventually(
        lambda: installation.sql(
            "UPDATE outbox_job SET due_at = now() WHERE topic = 'payment.auto' AND key = %s"
            " RETURNING id",
            key,
        )
    )
    assert len(moved) == 1


def failed_payments(parties: Parties) -> int:
    payments = parties.commissioner.read("/api/v1/payments/", status="failed")
    return len(payments["results"])


def test_without_a_stored_method_the_invoice_stays_sent_and_both_are_told(
    installation: Installation,
):
    parties = started_project(installation, auto_pay=True, budget="300.00", tasks=1)

    invoice = parties.sent_invoice()

    told = eventually(lambda: mails_about(installation, "payment_method_missing", invoice))
    assert told == [("0", parties.commissioner.id), ("0", parties.freelancer.id)]
    assert parties.invoice(parties.task_ids[0]) == invoice
    assert invoice["status"] == "sent"
    assert parties.commissioner.read("/api/v1/payments/")["results"] == []
    assert answer(pay(parties, invoice))["invoice"]["status"] == "paid"
