"""Tasks and invoices through the REST door."""

import pytest

from accounts.services import organisation_save
from gigs.models import Submission
from gigs.services import reviews_end
from invoicing.models import Invoice
from tests.builders import (
    active_project,
    approved_milestone,
    milestone_of,
    run_jobs,
    sent_invoice,
    submitted_milestone,
)
from tests.factories import AT

pytestmark = pytest.mark.django_db
TASK = "/api/project-tasks/submit"
GENERATE = "/api/invoices/auto-generate"
NO_LEGAL_DATA = {
    **dict.fromkeys(("street", "postcode", "region", "country", "vat_id", "tax_number"), ""),
    **dict.fromkeys(("register_number", "register_scheme", "tax_status", "iban"), ""),
    **dict.fromkeys(("electronic_address", "electronic_address_scheme"), ""),
    "kind": "business",
}


def usd(amount):
    return {"amount": amount, "currency": "USD"}


@pytest.mark.parametrize("is_workflow", [True, False])
def test_submit_request_changes_submit_approve(api, is_workflow, refused):
    project = active_project()
    milestone = milestone_of(project)
    freelancer, commissioner = api(project.freelancer), api(project.commissioner)

    def do(client, action, **words):
        if is_workflow:
            body = {"task_id": milestone.public_id, "action": action, **words}
            return client.post(TASK, body, format="json")
        verb = action.replace("_", "-")
        path = f"/api/v1/milestones/{milestone.public_id}/{verb}/"
        return client.post(path, words, format="json")

    links = ["https://example.com/work"]
    first = do(freelancer, "submit", message="Done.", links=links)
    twice = do(freelancer, "submit", message="Done.")
    back = do(commissioner, "request_changes", comment="Opening hours?")
    second = do(freelancer, "submit", message="Added.")
    accepted = do(commissioner, "approve")
    again = do(commissioner, "approve")

    shown = first.json()
    assert first.status_code == 200
    assert (shown["id"], shown["status"], shown["version"]) == (
        milestone.public_id,
        "in_review",
        1,
    )
    assert (shown["amount"], shown["invoice"]) == (usd("3333.34"), None)
    assert (shown["approved_at"], shown["project_id"]) == (None, project.public_id)
    assert Submission.objects.get(version=1).links == links
    refused(twice, 409, "transition_refused")
    assert back.json()["status"] == "changes_requested"
    assert (second.json()["status"], second.json()["version"]) == ("in_review", 2)
    assert accepted.json()["status"] == "approved"
    assert accepted.json()["approved_at"] is not None
    refused(again, 409, "transition_refused")


def test_each_side_has_its_own_moves(api, stranger, refused):
    milestone = submitted_milestone()
    project = milestone.project
    task = {"task_id": milestone.public_id}
    submit = {**task, "action": "submit", "message": "Done."}
    changes = {**task, "action": "request_changes", "comment": "No."}
    approve = {**task, "action": "approve"}

    refused(api(project.commissioner).post(TASK, submit, format="json"), 403, "permission_denied")
    for body in (approve, changes):
        refused(api(project.freelancer).post(TASK, body, format="json"), 403, "permission_denied")
    for body in (submit, changes, approve):
        refused(api(stranger).post(TASK, body, format="json"), 404, "not_found")
    milestone.refresh_from_db()
    assert milestone.status == "in_review"


@pytest.mark.parametrize(
    ("body", "field", "code"),
    [
        ({}, "action", "required"),
        ({"action": "delete"}, "action", "invalid_choice"),
        ({"action": "submit"}, "message", "required"),
        ({"action": "submit", "message": " "}, "message", "blank"),
        ({"action": "submit", "message": "a", "links": "x"}, "links", "wrong_type"),
        ({"action": "submit", "message": "a", "comment": "b"}, "comment", "unknown_field"),
        ({"action": "request_changes"}, "comment", "required"),
        ({"action": "approve", "message": "a"}, "message", "unknown_field"),
    ],
)
def test_a_task_action_takes_its_own_words(api, freelancer, refused, body, field, code):
    answer = api(freelancer).post(TASK, {"task_id": "mst_" + "0" * 32, **body}, format="json")

    assert refused(answer, 400, code) == [(field, code)]


def test_starting_is_optional(api, refused):
    milestone = milestone_of(active_project())
    client = api(milestone.project.freelancer)
    path = f"/api/v1/milestones/{milestone.public_id}/start/"

    assert client.post(path).json()["status"] == "in_progress"
    refused(client.post(path), 409, "transition_refused")


def test_a_bonus_is_seen_before_and_after(api, refused):
    milestone = submitted_milestone()
    client = api(milestone.project.commissioner)
    path = f"/api/v1/milestones/{milestone.public_id}/"
    bonus = {"bonus": usd("250.01")}

    preview = client.post(f"{path}approve/preview/", bonus, format="json").json()
    foreign = client.post(
        f"{path}approve/", {"bonus": {"amount": "1.00", "currency": "EUR"}}, format="json"
    )
    shown = client.post(f"{path}approve/", bonus, format="json").json()
    project = client.get(f"/api/v1/projects/{milestone.project.public_id}/").json()

    assert (preview["bonus"], preview["total"], preview["fee"], preview["net"]) == (
        usd("250.01"),
        usd("3583.35"),
        usd("179.17"),
        usd("3404.18"),
    )
    assert refused(foreign, 400, "currency_mismatch") == [("bonus", "currency_mismatch")]
    assert (shown["status"], shown["amount"], shown["bonus"]) == (
        "approved",
        usd("3333.34"),
        usd("250.01"),
    )
    assert (project["budget"], project["agreed"], project["remaining"]) == (
        usd("10000.00"),
        usd("10250.01"),
        usd("10250.01"),
    )


def test_a_review_is_extended_once(api, refused):
    milestone = submitted_milestone()
    client = api(milestone.project.commissioner)
    path = f"/api/v1/milestones/{milestone.public_id}/extend-review/"

    denied = api(milestone.project.freelancer).post(path)
    answer = client.post(path)
    again = client.post(path)

    refused(denied, 403, "permission_denied")
    assert answer.status_code == 200
    shown = answer.json()
    assert shown["review_ends_at"] == "2026-12-14T12:00:00Z"
    assert (shown["review_extended_at"] is None, shown["approved_silently"]) == (False, False)
    refused(again, 409, "review_already_extended")


def test_a_silent_approval_says_so(api):
    milestone = submitted_milestone()
    client = api(milestone.project.freelancer)
    path = f"/api/v1/milestones/{milestone.public_id}/"
    before = client.get(path).json()
    reviews_end(ends={milestone.pk: milestone.review_ends_at}, at=milestone.review_ends_at)

    shown = client.get(path).json()

    assert (before["review_ends_at"], before["approved_silently"]) == (
        "2026-12-07T12:00:00Z",
        False,
    )
    assert (shown["status"], shown["approved_at"], shown["approved_silently"]) == (
        "approved",
        "2026-12-07T12:00:00Z",
        True,
    )
    assert shown["review_ends_at"] is None


def test_the_invoice_follows_the_approval_by_itself(api):
    milestone = approved_milestone()
    run_jobs()
    client = api(milestone.project.freelancer)

    shown = client.get(f"/api/v1/milestones/{milestone.public_id}/").json()
    generated = client.post(GENERATE, {"task_id": milestone.public_id}, format="json")

    invoice = Invoice.objects.get()
    assert shown["invoice"] == {
        "id": invoice.public_id,
        "number": invoice.number,
        "status": "sent",
    }
    assert (generated.status_code, generated.json()["id"]) == (200, invoice.public_id)


@pytest.mark.parametrize("is_workflow", [True, False])
def test_an_invoice_is_generated_once_for_either_party(api, is_workflow, stranger, refused):
    milestone = approved_milestone()
    body = {"task_id": milestone.public_id} if is_workflow else None
    path = GENERATE if is_workflow else f"/api/v1/milestones/{milestone.public_id}/invoice/"

    refused(api(stranger).post(path, body, format="json"), 404, "not_found")
    first = api(milestone.project.freelancer).post(path, body, format="json")
    second = api(milestone.project.commissioner).post(path, body, format="json")

    assert (first.status_code, second.status_code) == (201, 200)
    assert second.json() == first.json()


def test_no_invoice_before_the_approval(api, refused):
    milestone = submitted_milestone()

    answer = api(milestone.project.freelancer).post(
        GENERATE, {"task_id": milestone.public_id}, format="json"
    )

    refused(answer, 409, "milestone_not_approved")
    assert Invoice.objects.count() == 0


def test_an_invoice_reads_the_same_for_both_parties_by_id_and_number(
    api, commissioner, stranger, refused
):
    organisation = organisation_save(
        changes={"name": "Museum", "legal_name": "Museum Ltd", "city": "Bergen"},
        by=commissioner,
        at=AT,
    )
    invoice = sent_invoice(active_project(commissioner=commissioner))
    path = f"/api/v1/invoices/{invoice.public_id}/"

    shown = api(invoice.seller).get(path).json()
    (found,) = (
        api(invoice.buyer).get(f"/api/v1/invoices/?number={invoice.number}").json()["results"]
    )

    assert shown == found
    line = shown["lines"][0]
    assert shown == {
        "id": invoice.public_id,
        "number": invoice.number,
        "status": "sent",
        "kind": "milestone",
        "currency": "USD",
        "subtotal": usd("3333.34"),
        "tax": usd("0.00"),
        "total": usd("3333.34"),
        "fee": usd("166.67"),
        "net": usd("3166.67"),
        "credited": usd("0.00"),
        "part_paid": usd("0.00"),
        "due": usd("3333.34"),
        "credits_id": None,
        "credits_number": None,
        "credit_notes": [],
        "reason": "",
        "self_billed": False,
        "fee_rate": "0.0500",
        "issued_on": "2026-11-23",
        "issued_at": "2026-11-23T12:00:00Z",
        "due_on": "2026-11-30",
        "paid_at": None,
        "paid_on": None,
        "project_id": invoice.project.public_id,
        "task_id": invoice.milestone.public_id,
        "seller": {
            "id": invoice.seller.public_id,
            "name": invoice.seller.name,
            "legal_name": invoice.seller.name,
            "city": "",
            **NO_LEGAL_DATA,
        },
        "buyer": {
            "id": organisation.public_id,
            "name": "Museum",
            "legal_name": "Museum Ltd",
            "city": "Bergen",
            **NO_LEGAL_DATA,
        },
        "lines": [
            {
                "id": line["id"],
                "position": 1,
                "description": "Museum web site: Part 1",
                "quantity": "1.00",
                "unit": "LS",
                "unit_price": usd("3333.34"),
                "amount": usd("3333.34"),
                "tax_category": "",
                "tax_rate": None,
            }
        ],
        "taxes": [],
        "reminded_at": [],
        "bank_transfer": None,
        "documents": {
            "pdf": f"/api/v1/invoices/{invoice.public_id}/pdf/",
            "ubl": None,
            "cii": None,
        },
    }
    refused(api(stranger).get(path), 404, "not_found")
    assert api(stranger).get(f"/api/v1/invoices/?number={invoice.number}").json()["results"] == []


def test_the_pdf_is_there_once_its_job_has_made_it(api, stranger, refused):
    invoice = sent_invoice()
    path = f"/api/v1/invoices/{invoice.public_id}/pdf/"

    early = api(invoice.buyer).get(path)
    run_jobs("invoice.document")
    made = [api(user).get(path) for user in (invoice.buyer, invoice.seller)]

    refused(early, 409, "document_not_ready")
    assert early["Retry-After"] == "1"
    assert all(answer.content.startswith(b"%PDF") for answer in made)
    assert made[0]["Content-Type"] == "application/pdf"
    assert made[0]["Content-Disposition"] == f'attachment; filename="{invoice.number}.pdf"'
    refused(api(stranger).get(path), 404, "not_found")
