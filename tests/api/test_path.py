"""The whole path from registration to the wallet, through the REST door alone."""

import pytest
from rest_framework.test import APIClient

from tests.builders import run_jobs

pytestmark = pytest.mark.django_db
PASSWORD = "a long and private sentence"
GIG = {
    "title": "Museum web site",
    "description": "A web site for a museum.",
    "category": "development",
    "budget": {"amount": "10000.00", "currency": "USD"},
    "milestones": [{"title": "Architecture"}, {"title": "Features"}, {"title": "Launch"}],
}


def usd(amount: str) -> dict[str, str]:
    return {"amount": amount, "currency": "USD"}


def signed_up(email: str, role: str) -> tuple[APIClient, dict]:
    client = APIClient()
    answer = client.post(
        "/api/v1/auth/register/",
        {"email": email, "password": PASSWORD, "name": "Ada Nwosu", "role": role},
        format="json",
    )
    assert answer.status_code == 201, answer.content
    token = client.post(
        "/api/v1/auth/token/", {"email": email, "password": PASSWORD}, format="json"
    )
    assert token.status_code == 201
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {token.json()['token']}")
    return client, answer.json()


def test_five_calls_lead_from_a_gig_to_the_wallet():
    buyer, _ = signed_up("buyer@example.com", "commissioner")
    seller, person = signed_up("seller@example.com", "freelancer")

    gig = buyer.post("/api/gigs/post", GIG, format="json")
    assert gig.status_code == 201
    assert [row["amount"] for row in gig.json()["milestones"]] == [
        usd("3333.34"),
        usd("3333.33"),
        usd("3333.33"),
    ]
    gig_id = gig.json()["id"]

    applied = seller.post(f"/api/v1/gigs/{gig_id}/applications/", {"pitch": "Me."}, format="json")
    assert applied.status_code == 201

    project = buyer.post(
        "/api/gigs/match-freelancer",
        {"gig_id": gig_id, "freelancer_id": person["id"]},
        format="json",
    )
    assert project.status_code == 201
    assert project.json()["fee_rate"] == "0.0500"
    assert [task["status"] for task in project.json()["tasks"]] == ["planned"] * 3
    task_id = project.json()["tasks"][0]["id"]

    submitted = seller.post(
        "/api/project-tasks/submit",
        {"task_id": task_id, "action": "submit", "message": "Done."},
        format="json",
    )
    assert (submitted.status_code, submitted.json()["status"]) == (200, "in_review")
    approved = buyer.post(
        "/api/project-tasks/submit", {"task_id": task_id, "action": "approve"}, format="json"
    )
    assert (approved.status_code, approved.json()["status"]) == (200, "approved")

    issued = seller.post("/api/invoices/auto-generate", {"task_id": task_id}, format="json")
    assert issued.status_code == 201
    run_jobs()
    again = buyer.post("/api/invoices/auto-generate", {"task_id": task_id}, format="json")
    assert (again.status_code, again.json()) == (200, issued.json())

    order = {"invoice_id": issued.json()["id"], "payment_method": "test_payment_method_123"}
    paid = buyer.post(
        "/api/payments/execute", order, format="json", headers={"Idempotency-Key": "first"}
    )
    assert paid.status_code == 200, paid.content
    assert paid.json()["invoice"]["status"] == "paid"
    assert paid.json()["credited"] == {
        "gross": usd("3333.34"),
        "fee": usd("166.67"),
        "net": usd("3166.67"),
    }
    replayed = buyer.post(
        "/api/payments/execute", order, format="json", headers={"Idempotency-Key": "first"}
    )
    assert replayed.status_code == 200
    assert replayed.headers["Idempotency-Replayed"] == "true"
    assert replayed.content == paid.content

    wallet = seller.get("/api/v1/wallet/").json()["balances"]
    assert wallet == [
        {
            "currency": "USD",
            "available": usd("3166.67"),
            "pending": usd("0.00"),
            "held": usd("0.00"),
            "debt": usd("0.00"),
            "withdrawn": usd("0.00"),
            "lifetime_earnings": usd("3166.67"),
        }
    ]
    (line,) = seller.get("/api/v1/wallet/transactions/").json()["results"]
    assert line["kind"] == "milestone_payment"
    assert line["invoice_number"] == issued.json()["number"]
    assert (line["amount"], line["milestone_id"]) == (usd("3166.67"), task_id)
    shown = buyer.get(f"/api/v1/projects/{project.json()['id']}/").json()
    assert (shown["paid"], shown["remaining"]) == (usd("3333.34"), usd("6666.66"))
