"""The completion method through the REST door."""

import pytest

from gigs.models import Gig
from invoicing.models import Invoice
from tests.builders import (
    approved_milestone,
    completion_project,
    milestone_of,
    run_jobs,
    submitted_milestone,
)
from tests.builders import started_completion_project as started
from tests.rules import checksums

pytestmark = pytest.mark.django_db
GENERATE = "/api/invoices/auto-generate"


def usd(amount):
    return {"amount": amount, "currency": "USD"}


def keyed(key):
    return {"Idempotency-Key": key}


def rows():
    """All that is there, but for when a token was used."""
    return {table: content for table, content in checksums().items() if "apitoken" not in table}


def generate(client, milestone):
    return client.post(GENERATE, {"task_id": milestone.public_id}, format="json")


def test_a_gig_of_the_completion_method_becomes_a_project_that_waits(api, commissioner, gig_body):
    body = {**gig_body, "invoicing_method": "completion"}
    answer = api(commissioner).post("/api/v1/gigs/", body, format="json")

    assert (answer.status_code, answer.json()["invoicing_method"]) == (201, "completion")
    project = completion_project(commissioner=commissioner)
    shown = api(commissioner).get(f"/api/v1/projects/{project.public_id}/").json()
    assert (shown["status"], shown["upfront"], shown["invoicing_method"]) == (
        "awaiting_upfront",
        usd("396.00"),
        "completion",
    )
    assert [(task["amount"], task["share"]) for task in shown["tasks"]] == [
        (usd("1650.00"), usd("1452.00"))
    ] * 2


def test_held_funds_are_refused_with_it(api, commissioner, gig_body, refused):
    body = {**gig_body, "invoicing_method": "completion", "payment_mode": "held"}

    answer = api(commissioner).post("/api/v1/gigs/", body, format="json")

    assert refused(answer, 400, "not_with_completion") == [("payment_mode", "not_with_completion")]
    assert not Gig.objects.exists()


@pytest.mark.parametrize("action", ["start", "submit"])
def test_work_before_the_upfront_payment_is_refused(api, refused, action):
    milestone = milestone_of(completion_project())
    body = {"message": "Done."} if action == "submit" else {}
    path = f"/api/v1/milestones/{milestone.public_id}/{action}/"

    refused(
        api(milestone.project.freelancer).post(path, body, format="json"),
        409,
        "project_not_started",
    )


def test_a_part_cannot_be_approved(api, refused):
    milestone = submitted_milestone(started())
    body = {"amount": usd("10.00"), "remainder": "give_back"}

    for path in ("approve-part", "approve-part/preview"):
        answer = api(milestone.project.commissioner).post(
            f"/api/v1/milestones/{milestone.public_id}/{path}/", body, format="json"
        )
        refused(answer, 409, "price_fixed")


def test_the_worked_example(api):
    project = completion_project()
    run_jobs("project.awaits_upfront")
    freelancer, commissioner = api(project.freelancer), api(project.commissioner)

    def execute(invoice_id):
        body = {"invoice_id": invoice_id, "payment_method": "test_payment_method_123"}
        answer = commissioner.post(
            "/api/payments/execute", body, format="json", headers=keyed(invoice_id)
        )
        return answer.json()["credited"]["net"]

    def issued():
        found = freelancer.get(f"/api/v1/invoices/?project_id={project.public_id}").json()
        return [(row["kind"], row["total"], row["task_id"]) for row in found["results"]]

    nets = [execute(Invoice.objects.get().public_id)]
    first = approved_milestone(project, position=1)
    run_jobs("milestone.approved")
    assert issued() == [("upfront", usd("396.00"), None)]
    by_hand = generate(freelancer, first)
    again = freelancer.post(f"/api/v1/milestones/{first.public_id}/invoice/", {}, format="json")
    assert (by_hand.status_code, again.status_code) == (201, 200)
    assert by_hand.json()["id"] == again.json()["id"]
    nets.append(execute(by_hand.json()["id"]))
    second = approved_milestone(project, position=2)
    run_jobs("milestone.approved")
    final = Invoice.objects.get(kind="final")
    nets.append(execute(final.public_id))

    assert issued() == [
        ("final", usd("1452.00"), None),
        ("manual", usd("1452.00"), first.public_id),
        ("upfront", usd("396.00"), None),
    ]
    assert nets == [usd("376.20"), usd("1379.40"), usd("1379.40")]
    shown = freelancer.get(f"/api/v1/milestones/{second.public_id}/").json()
    assert (shown["status"], shown["invoice"]["number"]) == ("settled", final.number)


def test_only_the_freelancer_invoices_a_single_task(
    api, commissioner, freelancer, stranger, refused
):
    project = started(commissioner=commissioner, freelancer=freelancer)
    milestone = approved_milestone(project)
    nobody, foreign, buyer, seller = map(api, (None, stranger, commissioner, freelancer))
    before = rows()

    refused(generate(nobody, milestone), 401, "not_authenticated")
    refused(generate(foreign, milestone), 404, "not_found")
    refused(generate(buyer, milestone), 403, "permission_denied")

    assert rows() == before
    assert generate(seller, milestone).status_code == 201


def test_the_preview_of_an_approval_tells_what_follows(api):
    project = started()
    first = submitted_milestone(project, position=1)
    path = f"/api/v1/milestones/{first.public_id}/approve/preview/"

    client = api(project.commissioner)
    before = rows()
    shown = client.post(path, {}, format="json").json()

    assert rows() == before
    assert (shown["by_hand"], shown["total"], shown["fee"], shown["completes_project"]) == (
        True,
        usd("1452.00"),
        usd("72.60"),
        False,
    )
    approved_milestone(project, position=2)
    shown = client.post(path, {}, format="json").json()
    assert (shown["by_hand"], shown["total"], shown["milestone_title"]) == (
        False,
        usd("2904.00"),
        "Final invoice",
    )
    assert shown["completes_project"] is True


def test_a_clearing_of_the_upfront_payment_names_no_milestone(api, settings):
    settings.CLEARING_DAYS = 5
    project = started()

    [row] = api(project.freelancer).get("/api/v1/wallet/clearings/").json()["results"]

    assert (row["milestone_id"], row["amount"]) == (None, usd("376.20"))
