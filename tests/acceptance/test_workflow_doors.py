"""The five workflow paths and the resource calls are doors to the same services."""

import re
from typing import Any
from uuid import uuid4

import httpx
import pytest

from tests.acceptance.steps import (
    GOOD_METHOD,
    LINK,
    answer,
    eventually,
    gig_body,
    new_person,
    refusal,
    usd,
)
from tests.installation import Installation, Person

pytestmark = pytest.mark.acceptance

IDENTIFIER = re.compile(r"\b([a-z]{2,3})_[0-9a-f]{32}\b")
INVOICE_NUMBER = re.compile(r"\b[0-9A-Z]{4}-(20[0-9]{2}-[0-9]{5})\b")


class Door:
    """One way to walk from gig to wallet; both ways take the same steps."""

    def __init__(self, installation: Installation) -> None:
        self.commissioner = new_person(installation, "commissioner")
        self.freelancer = new_person(installation, "freelancer")

    def post(self, person: Person, path: str, body: Any) -> httpx.Response:
        return person.post(path, body, key=uuid4().hex)


class WorkflowDoor(Door):
    def gig(self, person: Person, body: dict[str, Any]) -> httpx.Response:
        return self.post(person, "/api/gigs/post", body)

    def match(self, person: Person, gig_id: str, body: dict[str, Any]) -> httpx.Response:
        return self.post(person, "/api/gigs/match-freelancer", {"gig_id": gig_id, **body})

    def act(self, person: Person, task_id: str, action: str, **words: Any) -> httpx.Response:
        body = {"task_id": task_id, "action": action, **words}
        return self.post(person, "/api/project-tasks/submit", body)

    def generate(self, person: Person, task_id: str) -> httpx.Response:
        return self.post(person, "/api/invoices/auto-generate", {"task_id": task_id})

    def pay(self, person: Person, invoice_id: str, body: dict[str, Any]) -> httpx.Response:
        return self.post(person, "/api/payments/execute", {"invoice_id": invoice_id, **body})


class ResourceDoor(Door):
    def gig(self, person: Person, body: dict[str, Any]) -> httpx.Response:
        return self.post(person, "/api/v1/gigs/", body)

    def match(self, person: Person, gig_id: str, body: dict[str, Any]) -> httpx.Response:
        return self.post(person, f"/api/v1/gigs/{gig_id}/match/", body)

    def act(self, person: Person, task_id: str, action: str, **words: Any) -> httpx.Response:
        verb = action.replace("_", "-")
        return self.post(person, f"/api/v1/milestones/{task_id}/{verb}/", words)

    def generate(self, person: Person, task_id: str) -> httpx.Response:
        return self.post(person, f"/api/v1/milestones/{task_id}/invoice/", {})

    def pay(self, person: Person, invoice_id: str, body: dict[str, Any]) -> httpx.Response:
        return self.post(person, f"/api/v1/invoices/{invoice_id}/pay/", body)


def without_moments(value: Any) -> Any:
    """An answer without the times of its events and its request's own id."""
    if isinstance(value, dict):
        return {
            key: "*" if key.endswith("_at") and inner else without_moments(inner)
            for key, inner in value.items()
            if key != "request_id"
        }
    if isinstance(value, list):
        return [without_moments(inner) for inner in value]
    return value


def walk(door: WorkflowDoor | ResourceDoor, body: dict[str, Any]) -> list[tuple[int, Any]]:
    """Every call of the path with its refusals; the statuses and shapes of all answers."""
    commissioner, freelancer = door.commissioner, door.freelancer
    answers = [door.gig(freelancer, body), door.gig(commissioner, {**body, "surprise": 1})]
    posted = door.gig(commissioner, body)
    answers += [posted, door.gig(commissioner, body)]
    gig_id = answer(posted, 201)["id"]
    answers.append(door.match(commissioner, gig_id, {"freelancer_id": freelancer.id}))
    applied = freelancer.post(f"/api/v1/gigs/{gig_id}/applications/", {"pitch": "Me."})
    application_id = answer(applied, 201)["id"]
    answers += [
        door.match(commissioner, gig_id, {}),
        door.match(freelancer, gig_id, {"application_id": application_id}),
    ]
    matched = door.match(commissioner, gig_id, {"application_id": application_id})
    answers += [matched, door.match(commissioner, gig_id, {"application_id": application_id})]
    [task] = answer(matched, 201)["tasks"]
    answers += [
        door.generate(commissioner, task["id"]),
        door.act(commissioner, task["id"], "approve"),
        door.act(commissioner, task["id"], "submit", message="Mine."),
        door.act(freelancer, task["id"], "submit"),
        door.act(freelancer, task["id"], "submit", message="Done.", links=[LINK]),
        door.act(freelancer, task["id"], "submit", message="Again."),
        door.act(freelancer, task["id"], "request_changes", comment="No."),
        door.act(commissioner, task["id"], "request_changes", comment="Opening hours?"),
        door.act(freelancer, task["id"], "submit", message="Now with them."),
        door.act(freelancer, task["id"], "approve"),
        door.act(commissioner, task["id"], "approve"),
        door.act(commissioner, task["id"], "approve"),
    ]
    eventually(lambda: commissioner.read("/api/v1/invoices/", task_id=task["id"])["results"])
    generated = door.generate(freelancer, task["id"])
    answers.append(generated)
    invoice_id = answer(generated)["id"]
    method = {"payment_method": GOOD_METHOD}
    answers += [
        door.pay(freelancer, invoice_id, method),
        door.pay(commissioner, invoice_id, {}),
        door.pay(commissioner, invoice_id, {**method, "amount": usd("1.00")}),
        door.pay(commissioner, invoice_id, {"payment_method": "test_declined"}),
        door.pay(commissioner, invoice_id, method),
        door.pay(commissioner, invoice_id, method),
    ]
    return [(response.status_code, without_moments(response.json())) for response in answers]


def anonymised(door: Door, answers: list[tuple[int, Any]]) -> list[str]:
    """Each answer in words, with what differs from one walk to the next taken out."""
    people = {"C": door.commissioner, "F": door.freelancer}
    words = [repr(told) for told in answers]
    for letter, person in people.items():
        words = [told.replace(person.id, letter).replace(person.name, letter) for told in words]
    return [INVOICE_NUMBER.sub(r"\1", IDENTIFIER.sub(r"\1", told)) for told in words]


def test_the_resource_calls_answer_like_the_workflow_calls(installation: Installation):
    body = gig_body(budget="100.00", tasks=1)
    doors = WorkflowDoor(installation), ResourceDoor(installation)

    workflow, resource = (walk(door, body) for door in doors)

    assert [status for status, _ in workflow] == [
        403, 400, 201, 200, 409, 400, 403, 201, 409,
        409, 409, 403, 400, 200, 409, 403, 200, 200, 403, 200, 409,
        200, 403, 400, 400, 402, 200, 409,
    ]  # fmt: skip
    assert anonymised(doors[0], workflow) == anonymised(doors[1], resource)


def test_both_sides_of_a_refusal_leave_no_trace(installation: Installation):
    door = WorkflowDoor(installation)

    refused = door.gig(door.freelancer, gig_body())

    assert refusal(refused) == (403, "permission_denied")
    assert installation.sql(
        "SELECT count(*) FROM gigs_gig g JOIN accounts_user u ON u.id = g.commissioner_id"
        " WHERE u.email = %s",
        door.freelancer.email,
    ) == [(0,)]
