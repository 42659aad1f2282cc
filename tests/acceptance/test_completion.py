"""The completion method from gig to wallet over HTTP: the first specification's last example."""

from uuid import uuid4

import pytest

from tests.acceptance.steps import Parties, answer, pay, refusal, started_project, usd
from tests.installation import Installation, eventually

pytestmark = pytest.mark.acceptance


def invoices_of(parties: Parties) -> list[tuple[str, str, str]]:
    """Kind, total and status, in the order of issue."""
    query = {"project_id": parties.project["id"], "ordering": "issued_at"}
    rows = parties.freelancer.read("/api/v1/invoices/", **query)["results"]
    return [(row["kind"], row["total"]["amount"], row["status"]) for row in rows]


def project_of(parties: Parties) -> dict:
    return parties.commissioner.read(f"/api/v1/projects/{parties.project['id']}/")


def invoice_of_kind(parties: Parties, kind: str) -> dict:
    query = {"project_id": parties.project["id"], "kind": kind}
    [found] = eventually(
        lambda: parties.commissioner.read("/api/v1/invoices/", **query)["results"], seconds=30.0
    )
    return found


def test_completion_from_gig_to_wallet(installation: Installation):
    parties = started_project(
        installation, budget="3300.00", tasks=2, invoicing_method="completion"
    )
    first, second = parties.task_ids
    work = {"task_id": first, "action": "submit", "message": "Done."}
    assert (parties.project["status"], parties.project["upfront"]) == (
        "awaiting_upfront",
        usd("396.00"),
    )
    early = parties.freelancer.post("/api/project-tasks/submit", work)
    assert refusal(early) == (409, "project_not_started")

    upfront = invoice_of_kind(parties, "upfront")
    assert (upfront["total"], upfront["status"], upfront["task_id"]) == (
        usd("396.00"),
        "sent",
        None,
    )
    answer(pay(parties, upfront))
    assert project_of(parties)["status"] == "active"

    parties.submit(first)
    parties.approve(first)
    generate = {"task_id": first}
    by_commissioner = parties.commissioner.post("/api/invoices/auto-generate", generate)
    assert refusal(by_commissioner) == (403, "permission_denied")
    by_hand = answer(parties.freelancer.post("/api/invoices/auto-generate", generate), 201)
    again = answer(parties.freelancer.post("/api/invoices/auto-generate", generate), 200)
    assert (by_hand["kind"], by_hand["total"], again["id"]) == (
        "manual",
        usd("1452.00"),
        by_hand["id"],
    )
    unapproved = parties.freelancer.post("/api/invoices/auto-generate", {"task_id": second})
    assert refusal(unapproved) == (409, "milestone_not_approved")
    answer(pay(parties, by_hand))
    installation.assert_books_in_order()
    assert invoices_of(parties) == [("upfront", "396.00", "paid"), ("manual", "1452.00", "paid")]
    assert [task["status"] for task in project_of(parties)["tasks"]] == ["settled", "planned"]

    parties.submit(second)
    parties.approve(second)
    final = invoice_of_kind(parties, "final")
    assert (final["total"], final["status"]) == (usd("1452.00"), "sent")
    answer(pay(parties, final, key=uuid4().hex))

    project = project_of(parties)
    assert (project["status"], project["paid"]) == ("completed", usd("3300.00"))
    assert parties.available() == "3135.00"
    installation.assert_books_in_order()
