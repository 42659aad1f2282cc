"""Steps of the path from gig to wallet over HTTP, each of which must succeed."""

from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from tests.installation import Installation, Person, eventually

GOOD_METHOD = "test_payment_method_123"
LINK = "https://example.com/work"


def usd(amount: str) -> dict[str, str]:
    return {"amount": amount, "currency": "USD"}


def gig_body(*, budget: str = "10000.00", tasks: int = 3, **changes: Any) -> dict[str, Any]:
    """A gig; its title is new, since the same body twice within a minute is one gig."""
    return {
        "title": f"Museum web site {uuid4().hex[:8]}",
        "description": "A web site for a museum, with a ticket shop.",
        "category": "development",
        "skills": ["django", "css"],
        "budget": usd(budget),
        "milestones": [{"title": f"Part {number}"} for number in range(1, tasks + 1)],
        **changes,
    }


@dataclass
class Parties:
    """A commissioner and a freelancer with a project between them."""

    commissioner: Person
    freelancer: Person
    project: dict[str, Any]

    @property
    def task_ids(self) -> list[str]:
        return [task["id"] for task in self.project["tasks"]]

    def submit(self, task_id: str) -> dict[str, Any]:
        body = {"task_id": task_id, "action": "submit", "message": "Done.", "links": [LINK]}
        return answer(self.freelancer.post("/api/project-tasks/submit", body))

    def approve(self, task_id: str) -> dict[str, Any]:
        body = {"task_id": task_id, "action": "approve"}
        return answer(self.commissioner.post("/api/project-tasks/submit", body))

    def invoice(self, task_id: str, *, seconds: float = 30.0) -> dict[str, Any]:
        """The task's invoice, once it exists by itself."""
        [found] = eventually(lambda: self.invoices(task_id), seconds=seconds)
        return found

    def invoices(self, task_id: str) -> list[dict[str, Any]]:
        return self.commissioner.read("/api/v1/invoices/", task_id=task_id)["results"]

    def sent_invoice(self, position: int = 1) -> dict[str, Any]:
        task_id = self.task_ids[position - 1]
        self.submit(task_id)
        self.approve(task_id)
        return self.invoice(task_id)

    def available(self) -> str:
        """What the freelancer's only wallet has."""
        [balance] = self.freelancer.read("/api/v1/wallet/")["balances"]
        amount: str = balance["available"]["amount"]
        return amount


def answer(response: Any, status: int = 200) -> dict[str, Any]:
    """The body of a response that must have that status."""
    assert response.status_code == status, response.text
    return response.json()


def refusal(response: Any) -> tuple[int, str]:
    """Status and code of a refusal, which must be a problem."""
    assert response.headers["Content-Type"].startswith("application/problem+json"), response.text
    problem = response.json()
    assert problem["status"] == response.status_code
    return response.status_code, problem["code"]


def fields_in_error(response: Any) -> list[tuple[str, str]]:
    """Field and code of each error of a 400."""
    return [(error["field"], error["code"]) for error in answer(response, 400)["errors"]]


def new_person(installation: Installation, role: str) -> Person:
    return Person(installation.address, name=f"{role.title()} {uuid4().hex[:8]}", role=role)


def started_project(installation: Installation, *, method: str = "", **gig: Any) -> Parties:
    """Two new people, a gig, an application and a match; the commissioner stores `method`."""
    commissioner = new_person(installation, "commissioner")
    freelancer = new_person(installation, "freelancer")
    if method:
        stored = {"provider": "sandbox", "token": method}
        answer(commissioner.post("/api/v1/payment-methods/", stored, key=uuid4().hex), 201)
    posted = answer(commissioner.post("/api/gigs/post", gig_body(**gig)), 201)
    application = {"pitch": "I have done this before."}
    answer(freelancer.post(f"/api/v1/gigs/{posted['id']}/applications/", application), 201)
    match = {"gig_id": posted["id"], "freelancer_id": freelancer.id}
    project = answer(commissioner.post("/api/gigs/match-freelancer", match), 201)
    return Parties(commissioner, freelancer, project)


def visible_gigs(person: Person) -> set[str]:
    """Identifiers of the newest gigs that somebody sees."""
    return {gig["id"] for gig in person.read("/api/v1/gigs/", limit="100")["results"]}


def pay_body(invoice: dict[str, Any], **changes: Any) -> dict[str, Any]:
    return {"invoice_id": invoice["id"], "payment_method": GOOD_METHOD, **changes}


def pay(parties: Parties, invoice: dict[str, Any], *, key: str = "", **changes: Any) -> Any:
    """The response to one execute."""
    body = pay_body(invoice, **changes)
    return parties.commissioner.post("/api/payments/execute", body, key=key or uuid4().hex)


def ledger_of(installation: Installation, project: dict[str, Any]) -> dict[str, int]:
    """What the project's money did to each kind of account, in minor units."""
    return dict(
        installation.sql(
            "SELECT a.kind, sum(e.amount)::bigint FROM wallets_entry e"
            " JOIN wallets_account a ON a.id = e.account_id"
            " JOIN wallets_journal j ON j.id = e.journal_id"
            " JOIN invoicing_invoice i ON j.about_type = 'invoice' AND i.id = j.about_id"
            " JOIN gigs_project p ON p.id = i.project_id"
            " WHERE 'prj_' || replace(p.uuid::text, '-', '') = %s GROUP BY a.kind",
            project["id"],
        )
    )
