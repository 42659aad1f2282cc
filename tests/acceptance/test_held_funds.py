"""A project with held funds from gig to wallet over HTTP."""

from uuid import uuid4

import pytest

from tests.acceptance.steps import GOOD_METHOD, answer, refusal, started_project, usd
from tests.installation import Installation, eventually

pytestmark = pytest.mark.acceptance


def fund(parties, **changes):
    """The response to one call that funds the project."""
    path = f"/api/v1/projects/{parties.project['id']}/fund/"
    body = {"payment_method": GOOD_METHOD, **changes}
    return parties.commissioner.post(path, body, key=uuid4().hex)


def test_held_funds_from_gig_to_wallet(installation: Installation):
    parties = started_project(installation, payment_mode="held")
    first = parties.task_ids[0]
    work = {"task_id": first, "action": "submit", "message": "Done."}
    assert refusal(parties.freelancer.post("/api/project-tasks/submit", work)) == (
        409,
        "milestone_not_funded",
    )
    declined = fund(parties, payment_method="test_declined")
    assert refusal(declined) == (402, "payment_declined")

    funded = answer(fund(parties, milestone_ids=[first], amount=usd("3333.34")))
    rest = answer(fund(parties))

    assert [task["status"] for task in funded["milestones"]] == ["funded"]
    assert rest["payment"]["received"] == usd("6666.66")
    assert refusal(fund(parties)) == (409, "nothing_to_fund")
    path = f"/api/v1/projects/{parties.project['id']}/"
    assert parties.commissioner.read(path)["held"] == usd("10000.00")
    nets = []
    for task_id in parties.task_ids:
        parties.submit(task_id)
        parties.approve(task_id)
        eventually(lambda task_id=task_id: parties.invoice(task_id)["status"] == "paid")
        nets.append(parties.available())
    assert nets == ["3166.67", "6333.34", "9500.00"]
    project = eventually(
        lambda: (
            parties.commissioner.read(path)
            if parties.commissioner.read(path)["status"] == "completed"
            else None
        )
    )
    assert (project["held"], project["paid"]) == (usd("0.00"), usd("10000.00"))
    assert installation.sql(
        "SELECT count(*) FROM wallets_balance b JOIN wallets_account a ON a.id = b.account_id"
        " WHERE a.kind = 'held' AND b.posted <> 0"
        " AND a.owner IN (SELECT 'milestone:' || m.id FROM gigs_milestone m"
        " JOIN gigs_project p ON p.id = m.project_id"
        " WHERE 'prj_' || replace(p.uuid::text, '-', '') = %s)",
        parties.project["id"],
    ) == [(0,)]
