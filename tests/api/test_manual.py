"""Invoices by hand through the REST door."""

import pytest

from invoicing.models import Invoice, InvoiceDraft
from tests.builders import active_project, invoice_draft, with_extra
from tests.rules import checksums

pytestmark = pytest.mark.django_db
INVOICES = "/api/v1/invoices/"


def usd(amount):
    return {"amount": amount, "currency": "USD"}


def rows():
    """All that is there, but for when a token was used."""
    return {table: content for table, content in checksums().items() if "apitoken" not in table}


def body(project, **changes):
    line = {"description": "Moving", "quantity": "7.50", "unit": "HUR", "unit_price": usd("50.00")}
    return {"project_id": project.public_id, "lines": [{**line, **changes}]}


def test_from_extra_work_to_a_paid_invoice(api):
    project = active_project()
    buyer, seller = api(project.commissioner), api(project.freelancer)
    agreed = buyer.post(
        f"/api/v1/projects/{project.public_id}/extra/",
        {"amount": usd("500.00"), "reason": "The archive"},
        format="json",
    )
    assert (agreed.status_code, agreed.json()["agreed"]) == (200, usd("10500.00"))

    created = seller.post(INVOICES, body(project), format="json")
    draft = created.json()
    own = f"{INVOICES}{draft['id']}/"
    assert (created.status_code, draft["status"], draft["number"], draft["subtotal"]) == (
        201,
        "draft",
        None,
        usd("375.00"),
    )
    assert buyer.get(f"{own}draft/").status_code == buyer.get(own).status_code == 404
    changed = {"lines": [{"description": "Moving", "unit_price": usd("80.00")}]}
    edited = seller.put(f"{own}draft/", changed, format="json").json()
    assert (edited["lines"][0]["quantity"], edited["subtotal"]) == ("1.00", usd("80.00"))
    assert seller.get(f"{own}draft/").json() == edited
    [listed] = seller.get(f"{INVOICES}drafts/?status=draft").json()["results"]
    assert listed == edited
    key = {"Idempotency-Key": "once"}
    sent = seller.post(f"{own}send/", {}, format="json", headers=key)
    again = seller.post(f"{own}send/", {}, format="json", headers=key)

    assert (sent.status_code, sent.json()["id"], sent.json()["kind"]) == (
        200,
        draft["id"],
        "manual",
    )
    assert again.json() == sent.json()
    assert buyer.get(own).json()["total"] == usd("80.00")
    paid = buyer.post(
        "/api/payments/execute",
        {"invoice_id": draft["id"], "payment_method": "test_payment_method_123"},
        format="json",
        headers={"Idempotency-Key": "pay"},
    )
    assert paid.json()["credited"]["net"] == usd("76.00")


@pytest.mark.parametrize(
    ("changes", "field", "code"),
    [
        ({"quantity": 1}, "lines.0.quantity", "wrong_type"),
        ({"quantity": "0"}, "lines.0.quantity", "invalid_quantity"),
        ({"quantity": "NaN"}, "lines.0.quantity", "invalid_quantity"),
        ({"quantity": "1.005"}, "lines.0.quantity", "invalid_quantity"),
        ({"quantity": "-1"}, "lines.0.quantity", "invalid_quantity"),
        ({"quantity": "1e3"}, "lines.0.quantity", "invalid_quantity"),
        ({"quantity": "1_0"}, "lines.0.quantity", "invalid_quantity"),
        ({"quantity": "+1"}, "lines.0.quantity", "invalid_quantity"),
        ({"quantity": " 1"}, "lines.0.quantity", "invalid_quantity"),
        ({"quantity": "10000000"}, "lines.0.quantity", "invalid_quantity"),
        ({"unit": "HOURS"}, "lines.0.unit", "invalid_choice"),
        ({"unit_price": {"amount": "1", "currency": "EUR"}}, "lines.0.unit_price", "currency_mismatch"),
        ({"unit_price": usd("0")}, "lines.0.unit_price.amount", "out_of_range"),
        ({"description": " "}, "lines.0.description", "blank"),
    ],
)  # fmt: skip
def test_input_that_makes_no_line_is_refused(api, refused, changes, field, code):
    project = with_extra(active_project())

    answer = api(project.freelancer).post(INVOICES, body(project, **changes), format="json")

    assert refused(answer, 400, code) == [(field, code)]
    assert not InvoiceDraft.objects.exists()


def test_drafting_is_for_the_freelancer_of_the_project(
    api, commissioner, freelancer, stranger, refused
):
    project = active_project(commissioner=commissioner, freelancer=freelancer)
    nobody, foreign, buyer, seller = map(api, (None, stranger, commissioner, freelancer))
    before = rows()

    refused(nobody.post(INVOICES, body(project), format="json"), 401, "not_authenticated")
    refused(foreign.post(INVOICES, body(project), format="json"), 404, "not_found")
    refused(buyer.post(INVOICES, body(project), format="json"), 403, "permission_denied")

    assert rows() == before
    assert seller.post(INVOICES, body(project), format="json").status_code == 201


@pytest.mark.parametrize("action", ["send", "cancel"])
def test_a_draft_is_its_writers_alone(api, stranger, refused, action):
    draft = invoice_draft()
    path = f"{INVOICES}{draft.public_id}/{action}/"
    nobody, foreign = api(None), api(stranger)
    buyer, seller = api(draft.project.commissioner), api(draft.seller)
    before = rows()

    refused(nobody.post(path, {}, format="json"), 401, "not_authenticated")
    refused(foreign.post(path, {}, format="json"), 404, "not_found")
    refused(buyer.post(path, {}, format="json"), 404, "not_found")

    assert rows() == before
    assert seller.post(path, {}, format="json").status_code == 200
    refused(seller.post(path, {}, format="json"), 409, "transition_refused")


def test_more_than_agreed_is_refused(api, refused):
    draft = invoice_draft(active_project())
    path = f"{INVOICES}{draft.public_id}/send/"

    refused(api(draft.seller).post(path, {}, format="json"), 409, "exceeds_agreed")

    assert not Invoice.objects.exists()


def test_extra_work_is_the_commissioners_word(api, commissioner, freelancer, stranger, refused):
    project = active_project(commissioner=commissioner, freelancer=freelancer)
    path = f"/api/v1/projects/{project.public_id}/extra/"
    given = {"amount": usd("5.00"), "reason": "More"}
    nobody, foreign, seller = map(api, (None, stranger, freelancer))
    before = rows()

    refused(nobody.post(path, given, format="json"), 401, "not_authenticated")
    refused(foreign.post(path, given, format="json"), 404, "not_found")
    refused(seller.post(path, given, format="json"), 403, "permission_denied")

    assert rows() == before
