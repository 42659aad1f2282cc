"""The eleven tests of the product's first specification, in its order and words.

State passes from test to test. A test whose precondition was not reached fails.
"""

from datetime import date
from typing import Any
from uuid import uuid4

import httpx
import pytest

from tests.acceptance.steps import (
    GOOD_METHOD,
    LINK,
    Parties,
    answer,
    eventually,
    fields_in_error,
    gig_body,
    ledger_of,
    pay,
    pay_body,
    refusal,
    usd,
    visible_gigs,
)
from tests.installation import Installation, Person

pytestmark = pytest.mark.acceptance

WORKFLOW_PATHS = [
    "/api/gigs/post",
    "/api/gigs/match-freelancer",
    "/api/project-tasks/submit",
    "/api/invoices/auto-generate",
    "/api/payments/execute",
]
PRICES = ["3333.34", "3333.33", "3333.33"]


class Story:
    """What earlier tests reached."""

    def __getattr__(self, name: str) -> Any:
        pytest.fail(f"no earlier test reached {name}")


@pytest.fixture(scope="module")
def story() -> Story:
    return Story()


def tasks_of(story: Story) -> list[dict[str, Any]]:
    return story.commissioner.read(f"/api/v1/projects/{story.project['id']}/")["tasks"]


def test_01_data_integrity(installation: Installation, story: Story):
    installation.assert_books_in_order()
    assert installation.manage("migrate", "--check").returncode == 0

    commissioner = Person(installation.address, name="Clara Commissioner", role="commissioner")
    freelancer = Person(installation.address, name="Fred Freelancer", role="freelancer")

    for person, role in ((commissioner, "commissioner"), (freelancer, "freelancer")):
        registered = answer(person.registered, 201)
        assert (registered["id"], registered["roles"]) == (person.id, [role])
        assert person.read("/api/v1/me/") == registered
    story.commissioner, story.freelancer = commissioner, freelancer


def test_02_prerequisites(installation: Installation, story: Story):
    for path in WORKFLOW_PATHS:
        asked = story.commissioner.get(path)
        anonymous = httpx.post(f"{installation.address}{path}", json={})
        empty = story.commissioner.post(path, {}, key=uuid4().hex)

        assert refusal(asked) == (405, "method_not_allowed")
        assert refusal(anonymous) == (401, "not_authenticated")
        assert anonymous.headers["WWW-Authenticate"].startswith("Bearer")
        assert empty.status_code == 400

    assert answer(httpx.get(f"{installation.address}/healthz")) == {"status": "ok"}
    health = answer(httpx.get(f"{installation.address}/readyz"))
    assert (health["status"], health["checks"]) == (
        "ok",
        {"database": "up", "migrations": "applied", "broker": "up", "relay": "up", "worker": "up"},
    )


def test_03_gig_creation(story: Story):
    body = gig_body()
    body["milestones"][0]["due_on"] = "2026-12-06"

    for name in ("title", "description", "category", "budget", "milestones"):
        incomplete = {key: value for key, value in body.items() if key != name}
        refused = story.commissioner.post("/api/gigs/post", incomplete)
        assert fields_in_error(refused) == [(name, "required")]
    gigs_before = visible_gigs(story.commissioner)
    posted = answer(story.commissioner.post("/api/gigs/post", body), 201)

    assert visible_gigs(story.commissioner) - gigs_before == {posted["id"]}
    gig = story.commissioner.read(f"/api/v1/gigs/{posted['id']}/")
    assert gig == posted
    assert (gig["status"], gig["invoicing_method"], gig["payment_mode"], gig["auto_pay"]) == (
        "open",
        "milestone",
        "on_invoice",
        False,
    )
    assert gig["budget"] == usd("10000.00")
    assert [(m["position"], m["title"], m["amount"]) for m in gig["milestones"]] == [
        (position, f"Part {position}", usd(price)) for position, price in enumerate(PRICES, 1)
    ]
    assert gig["milestones"][0]["due_on"] == "2026-12-06"
    again = answer(story.commissioner.post("/api/gigs/post", body), 200)
    assert again["id"] == gig["id"]
    story.gig = gig


def test_04_matching(installation: Installation, story: Story):
    address = installation.address
    second = Person(address, name="Frida Second", role="freelancer")
    stranger = Person(address, name="Sam Stranger", role="commissioner")
    idle = Person(address, name="Ida Idle", role="freelancer")
    applications = f"/api/v1/gigs/{story.gig['id']}/applications/"
    chosen = answer(story.freelancer.post(applications, {"pitch": "Me."}), 201)
    other = answer(second.post(applications, {"pitch": "Or me.", "links": [LINK]}), 201)

    def match(person: Person, freelancer: Person) -> httpx.Response:
        body = {"gig_id": story.gig["id"], "freelancer_id": freelancer.id}
        return person.post("/api/gigs/match-freelancer", body)

    assert refusal(match(story.commissioner, idle)) == (409, "not_an_applicant")
    assert refusal(match(stranger, story.freelancer)) == (403, "permission_denied")
    project = answer(match(story.commissioner, story.freelancer), 201)
    assert refusal(match(story.commissioner, second)) == (409, "gig_already_matched")

    assert (project["status"], project["gig_id"], project["fee_rate"]) == (
        "active",
        story.gig["id"],
        "0.0500",
    )
    assert (project["budget"], project["paid"], project["remaining"]) == (
        usd("10000.00"),
        usd("0.00"),
        usd("10000.00"),
    )
    assert (project["freelancer"]["id"], project["commissioner"]["id"]) == (
        story.freelancer.id,
        story.commissioner.id,
    )
    assert [(t["title"], t["status"], t["amount"], t["invoice"]) for t in project["tasks"]] == [
        (f"Part {position}", "planned", usd(price), None)
        for position, price in enumerate(PRICES, 1)
    ]
    assert story.commissioner.read(f"/api/v1/gigs/{story.gig['id']}/")["status"] == "matched"
    decided = {
        application["id"]: application["status"]
        for application in story.commissioner.read(applications)["results"]
    }
    assert decided == {chosen["id"]: "accepted", other["id"]: "rejected"}
    story.project, story.second, story.stranger = project, second, stranger
    story.parties = Parties(story.commissioner, story.freelancer, project)


def test_05_submission(story: Story):
    task_id = story.parties.task_ids[0]
    body = {"task_id": task_id, "action": "submit", "message": "Done.", "links": [LINK]}

    assert refusal(story.second.post("/api/project-tasks/submit", body)) == (404, "not_found")
    assert refusal(story.commissioner.post("/api/project-tasks/submit", body)) == (
        403,
        "permission_denied",
    )
    assert tasks_of(story)[0]["status"] == "planned"
    submitted = answer(story.freelancer.post("/api/project-tasks/submit", body))

    assert (submitted["id"], submitted["status"], submitted["version"]) == (
        task_id,
        "in_review",
        1,
    )
    assert submitted["submitted_at"] is not None
    assert tasks_of(story)[0] == submitted
    story.submitted = submitted


def test_06_approval_and_invoice(story: Story):
    task_id = story.submitted["id"]

    approved = story.parties.approve(task_id)
    invoice = story.parties.invoice(task_id)
    generated = story.commissioner.post("/api/invoices/auto-generate", {"task_id": task_id})

    assert (approved["status"], approved["amount"]) == ("approved", usd("3333.34"))
    assert approved["approved_at"] is not None
    assert (invoice["status"], invoice["kind"], invoice["total"]) == (
        "sent",
        "milestone",
        usd("3333.34"),
    )
    assert (invoice["task_id"], invoice["project_id"]) == (task_id, story.project["id"])
    assert answer(generated, 200) == invoice
    assert story.parties.invoices(task_id) == [invoice]
    story.invoice = invoice


def test_07_payment(story: Story):
    key = uuid4().hex

    paid = pay(story.parties, story.invoice, key=key)
    replayed = pay(story.parties, story.invoice, key=key)
    second = pay(story.parties, story.invoice)

    body = answer(paid)
    assert body["payment"]["status"] == "succeeded"
    assert body["payment"]["method"] == GOOD_METHOD
    assert body["credited"] == {
        "gross": usd("3333.34"),
        "fee": usd("166.67"),
        "net": usd("3166.67"),
    }
    assert (replayed.status_code, replayed.json()) == (200, body)
    assert replayed.headers["Idempotency-Replayed"] == "true"
    assert refusal(second) == (409, "already_paid")
    invoice = story.commissioner.read(f"/api/v1/invoices/{story.invoice['id']}/")
    assert invoice == body["invoice"]
    assert (invoice["status"], invoice["paid_on"]) == ("paid", invoice["issued_on"])
    assert date.fromisoformat(invoice["due_on"]) > date.fromisoformat(invoice["paid_on"])
    story.paid = invoice


def test_08_wallet(installation: Installation, story: Story):
    wallet = story.freelancer.read("/api/v1/wallet/")
    statement = story.freelancer.read("/api/v1/wallet/transactions/")

    nothing = usd("0.00")
    assert wallet["balances"] == [
        {
            "currency": "USD",
            "available": usd("3166.67"),
            "lifetime_earnings": usd("3166.67"),
            **dict.fromkeys(("pending", "held", "debt", "withdrawn"), nothing),
        }
    ]
    [line] = statement["results"]
    assert (line["kind"], line["amount"], line["balance_after"]) == (
        "milestone_payment",
        usd("3166.67"),
        usd("3166.67"),
    )
    assert (line["invoice_number"], line["milestone_id"]) == (
        story.paid["number"],
        story.paid["task_id"],
    )
    assert ledger_of(installation, story.project)["fees"] == 166_67
    story.credited = line


def assert_consistent(
    installation: Installation, story: Story, *, paid: str, remaining: str, credited: str
) -> None:
    """Project, milestones, invoices, wallet and ledger tell the same story."""
    project = story.commissioner.read(f"/api/v1/projects/{story.project['id']}/")
    invoices = story.commissioner.read("/api/v1/invoices/", project_id=project["id"])["results"]
    settled = [task for task in project["tasks"] if task["status"] == "settled"]
    [balance] = story.freelancer.read("/api/v1/wallet/")["balances"]

    assert (project["paid"], project["remaining"]) == (usd(paid), usd(remaining))
    assert sorted(task["invoice"]["id"] for task in settled) == sorted(
        invoice["id"] for invoice in invoices if invoice["status"] == "paid"
    )
    assert cents(invoices, "total") == in_cents(paid)
    assert (balance["available"], balance["lifetime_earnings"]) == (usd(credited), usd(credited))
    assert cents(invoices, "net") == in_cents(credited)
    assert ledger_of(installation, story.project) == {
        "outside": -in_cents(paid),
        "available": in_cents(credited),
        "fees": cents(invoices, "fee"),
    }
    installation.assert_books_in_order()


def in_cents(amount: str) -> int:
    return int(amount.replace(".", ""))


def cents(invoices: list[dict[str, Any]], name: str) -> int:
    return sum(in_cents(i[name]["amount"]) for i in invoices if i["status"] == "paid")


def test_09_consistency(installation: Installation, story: Story):
    assert story.credited["amount"] == usd("3166.67")

    assert_consistent(installation, story, paid="3333.34", remaining="6666.66", credited="3166.67")


def test_10_invoice_storage(story: Story):
    path = f"/api/v1/invoices/{story.paid['id']}/"

    for person in (story.commissioner, story.freelancer):
        invoice = person.read(path)
        [by_number] = person.read("/api/v1/invoices/", number=story.paid["number"])["results"]
        pdf = eventually(lambda person=person: downloaded(person, f"{path}pdf/"))

        assert invoice == by_number == story.paid
        assert pdf.headers["Content-Type"] == "application/pdf"
        assert pdf.content.startswith(b"%PDF")
    for name in ("id", "number", "status", "kind", "total", "fee", "net", "currency", "issued_on"):
        assert story.paid[name], name
    assert (story.paid["fee"], story.paid["net"]) == (usd("166.67"), usd("3166.67"))
    assert (story.paid["subtotal"], story.paid["tax"]) == (usd("3333.34"), usd("0.00"))
    assert [(line["amount"], line["quantity"]) for line in story.paid["lines"]] == [
        (usd("3333.34"), "1.00")
    ]
    assert (story.paid["seller"]["id"], story.paid["seller"]["legal_name"]) == (
        story.freelancer.id,
        "Fred Freelancer",
    )
    assert (story.paid["buyer"]["id"], story.paid["buyer"]["legal_name"]) == (
        story.commissioner.id,
        "Clara Commissioner",
    )
    assert story.paid["documents"] == {"pdf": f"{path}pdf/", "ubl": None, "cii": None}
    for stranger in (story.stranger, story.second):
        assert refusal(stranger.get(path)) == (404, "not_found")
        assert refusal(stranger.get(f"{path}pdf/")) == (404, "not_found")
        listed = stranger.read("/api/v1/invoices/", number=story.paid["number"])
        assert listed["results"] == []


def downloaded(person: Person, path: str) -> httpx.Response | None:
    """The document; while it is being made the answer says when to ask again."""
    response = person.get(path)
    if response.status_code == 200:
        return response
    assert refusal(response) == (409, "document_not_ready")
    assert response.headers["Retry-After"] == "1"
    return None


WRONG_AMOUNTS = [
    (usd("999999.00"), "amount_mismatch"),
    (usd("3333.32"), "amount_mismatch"),
    (usd("0"), "out_of_range"),
    (usd("0.00"), "out_of_range"),
    (usd("-100"), "invalid_amount"),
    (usd("NaN"), "invalid_amount"),
    (usd("Infinity"), "invalid_amount"),
    (usd("1e400"), "invalid_amount"),
    (usd("3333.330"), "too_many_decimals"),
    (usd("٣٣٣٣.٣٣"), "invalid_amount"),
    ({"amount": 3333.33, "currency": "USD"}, "must_be_string"),
    ({"amount": "3333.33", "currency": "EUR"}, "amount_mismatch"),
    ({"amount": "3333.33", "currency": "XAU"}, "currency_not_supported"),
    ({"amount": "3333.33"}, "currency_required"),
    ("3333.33", "wrong_type"),
]


def test_11_edges(installation: Installation, story: Story):
    task_id = story.parties.task_ids[1]
    approve = {"task_id": task_id, "action": "approve"}
    too_early = story.commissioner.post("/api/invoices/auto-generate", {"task_id": task_id})
    assert refusal(too_early) == (409, "milestone_not_approved")
    story.parties.submit(task_id)
    assert refusal(story.freelancer.post("/api/project-tasks/submit", approve)) == (
        403,
        "permission_denied",
    )
    assert tasks_of(story)[1]["status"] == "in_review"
    story.parties.approve(task_id)
    assert refusal(story.commissioner.post("/api/project-tasks/submit", approve)) == (
        409,
        "transition_refused",
    )
    invoice = story.parties.invoice(task_id)

    for amount, code in WRONG_AMOUNTS:
        refused = pay(story.parties, invoice, amount=amount)
        assert (amount, *refusal(refused)) == (amount, 400, code)
    body = pay_body(invoice)
    assert refusal(story.commissioner.post("/api/payments/execute", body)) == (
        400,
        "idempotency_key_required",
    )
    assert refusal(pay(story.parties, invoice, payment_method="no_such_method")) == (
        400,
        "payment_method_unknown",
    )
    assert refusal(story.freelancer.post("/api/payments/execute", body, key=uuid4().hex)) == (
        403,
        "permission_denied",
    )
    assert refusal(story.stranger.post("/api/payments/execute", body, key=uuid4().hex)) == (
        404,
        "not_found",
    )
    declined = pay(story.parties, invoice, payment_method="test_insufficient_funds")
    assert refusal(declined) == (402, "payment_declined")

    assert story.commissioner.read(f"/api/v1/invoices/{invoice['id']}/") == invoice
    assert_consistent(installation, story, paid="3333.34", remaining="6666.66", credited="3166.67")
    good = answer(pay(story.parties, invoice, amount=usd("3333.33")))
    assert good["credited"] == {
        "gross": usd("3333.33"),
        "fee": usd("166.66"),
        "net": usd("3166.67"),
    }
    assert_consistent(installation, story, paid="6666.67", remaining="3333.33", credited="6333.34")
    story.second_paid = good["invoice"]


def test_12_the_third_milestone_completes_the_project(installation: Installation, story: Story):
    assert story.second_paid["status"] == "paid"
    project_path = f"/api/v1/projects/{story.project['id']}/"
    assert story.commissioner.read(project_path)["status"] == "active"

    invoice = story.parties.sent_invoice(3)
    by_number = {"invoice_number": invoice["number"], "payment_method": GOOD_METHOD}
    paid = answer(story.commissioner.post("/api/payments/execute", by_number, key=uuid4().hex))

    assert paid["credited"] == {
        "gross": usd("3333.33"),
        "fee": usd("166.67"),
        "net": usd("3166.66"),
    }
    project = story.commissioner.read(project_path)
    assert (project["status"], project["paid"], project["remaining"]) == (
        "completed",
        usd("10000.00"),
        usd("0.00"),
    )
    assert project["completed_at"] is not None
    assert [task["status"] for task in project["tasks"]] == ["settled"] * 3
    statement = story.freelancer.read("/api/v1/wallet/transactions/")["results"]
    assert [(line["amount"], line["balance_after"]) for line in statement] == [
        (usd("3166.66"), usd("9500.00")),
        (usd("3166.67"), usd("6333.34")),
        (usd("3166.67"), usd("3166.67")),
    ]
    numbers = [task["invoice"]["number"] for task in project["tasks"]]
    code = numbers[0].partition("-")[0]
    year = story.paid["issued_on"][:4]
    assert numbers == [f"{code}-{year}-{position:05d}" for position in (1, 2, 3)]
    assert ledger_of(installation, story.project)["fees"] == 500_00
    assert_consistent(installation, story, paid="10000.00", remaining="0.00", credited="9500.00")
