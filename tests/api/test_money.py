"""Payments, methods and wallets through the REST door."""

import pytest

from gigs.models import Milestone
from invoicing.models import Invoice
from tests.builders import (
    active_project,
    milestone_of,
    paid_invoice,
    pay,
    run_jobs,
    sent_invoice,
    submitted_milestone,
)
from wallets.models import Payment, PaymentMethod

pytestmark = pytest.mark.django_db
EXECUTE = "/api/payments/execute"


def usd(amount):
    return {"amount": amount, "currency": "USD"}


def keyed(key="k"):
    return {"Idempotency-Key": key}


@pytest.mark.parametrize("by", ["invoice_id", "invoice_number", "path"])
def test_paying_credits_the_wallet(api, by):
    invoice = sent_invoice()
    body = {"payment_method": "test_payment_method_123", "amount": usd("3333.34")}
    path = f"/api/v1/invoices/{invoice.public_id}/pay/"
    if by != "path":
        path, body[by] = EXECUTE, invoice.public_id if by == "invoice_id" else invoice.number

    answer = api(invoice.buyer).post(path, body, format="json", headers=keyed())

    payment = Payment.objects.get()
    shown = answer.json()
    assert answer.status_code == 200
    assert set(shown) == {"payment", "invoice", "credited"}
    assert shown["payment"]["id"] == payment.public_id
    assert shown["payment"]["status"] == "succeeded"
    assert shown["payment"]["method"] == "test_payment_method_123"
    assert (shown["invoice"]["id"], shown["invoice"]["status"]) == (invoice.public_id, "paid")
    assert shown["invoice"]["paid_on"] == shown["invoice"]["paid_at"][:10]
    assert shown["credited"] == {
        "gross": usd("3333.34"),
        "fee": usd("166.67"),
        "net": usd("3166.67"),
    }
    (balance,) = api(invoice.seller).get("/api/v1/wallet/").json()["balances"]
    assert (balance["available"], balance["lifetime_earnings"]) == (usd("3166.67"),) * 2


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({"amount": usd("999999.00")}, 400, "amount_mismatch"),
        ({"amount": usd("3333.33")}, 400, "amount_mismatch"),
        ({"amount": {"amount": "3333.34", "currency": "EUR"}}, 400, "amount_mismatch"),
        ({"amount": usd("0")}, 400, "out_of_range"),
        ({"amount": usd("-100")}, 400, "invalid_amount"),
        ({"amount": usd("NaN")}, 400, "invalid_amount"),
        ({"amount": usd("1e400")}, 400, "invalid_amount"),
        ({"amount": usd("3333.341")}, 400, "too_many_decimals"),
        ({"amount": 3333.34}, 400, "wrong_type"),
        ({"payment_method": "test_nothing"}, 400, "payment_method_unknown"),
        ({"payment_method": "pm_" + "0" * 32}, 400, "payment_method_unknown"),
        ({"payment_method": 5}, 400, "wrong_type"),
        ({"payment_method": None}, 400, "required"),
        ({"invoice_number": "X-1"}, 400, "ambiguous"),
        ({"invoice_id": "inv_" + "0" * 32}, 404, "not_found"),
        ({"payment_method": "test_declined"}, 402, "payment_declined"),
        ({"payment_method": "test_insufficient_funds"}, 402, "payment_declined"),
    ],
)
def test_a_payment_that_cannot_be_leaves_the_invoice_sent(api, refused, change, status, code):
    invoice = sent_invoice()
    body = {"invoice_id": invoice.public_id, "payment_method": "test_ok", **change}
    client = api(invoice.buyer)

    refused(client.post(EXECUTE, body, format="json", headers=keyed("a")), status, code)
    invoice.refresh_from_db()
    assert invoice.status == "sent"
    good = {"invoice_id": invoice.public_id, "payment_method": "test_ok"}
    assert client.post(EXECUTE, good, format="json", headers=keyed("b")).status_code == 200


def test_naming_no_invoice_is_400(api, commissioner, refused):
    answer = api(commissioner).post(
        EXECUTE, {"payment_method": "test_ok"}, format="json", headers=keyed()
    )

    assert refused(answer, 400, "required") == [("invoice_id", "required")]


def test_only_the_buyer_pays(api, stranger, refused):
    invoice = sent_invoice()
    body = {"invoice_id": invoice.public_id, "payment_method": "test_ok"}

    refused(
        api(invoice.seller).post(EXECUTE, body, format="json", headers=keyed()),
        403,
        "permission_denied",
    )
    refused(api(stranger).post(EXECUTE, body, format="json", headers=keyed()), 404, "not_found")
    assert Payment.objects.count() == 0


def test_an_answer_that_is_late_is_202_and_blocks_another_payment(api, refused):
    invoice = sent_invoice()
    body = {"invoice_id": invoice.public_id, "payment_method": "test_timeout"}
    client = api(invoice.buyer)

    late = client.post(EXECUTE, body, format="json", headers=keyed("a"))
    meanwhile = client.post(
        EXECUTE, {**body, "payment_method": "test_ok"}, format="json", headers=keyed("b")
    )

    assert late.status_code == 202
    assert late.json()["payment"]["status"] == "uncertain"
    assert (late.json()["invoice"]["status"], late.json()["credited"]) == ("sent", None)
    refused(meanwhile, 409, "payment_in_progress")
    path = f"/api/v1/payments/{late.json()['payment']['id']}/"
    assert client.get(path).json()["status"] == "uncertain"


def test_payment_methods_are_stored_listed_used_and_removed(api, stranger, refused):
    invoice = sent_invoice()
    client, path = api(invoice.buyer), "/api/v1/payment-methods/"
    first = client.post(path, {"provider": "sandbox", "token": "test_ok"}, format="json")
    second = client.post(
        path, {"provider": "sandbox", "token": "test_declined", "is_default": True}, format="json"
    )
    method_id = first.json()["id"]

    assert first.status_code == 201
    assert first.json() == {
        "id": PaymentMethod.objects.get(token="test_ok").public_id,
        "provider": "sandbox",
        "label": "Sandbox card that works",
        "is_default": True,
        "created_at": first.json()["created_at"],
    }
    listed = client.get(path).json()["results"]
    assert [(row["id"], row["is_default"]) for row in listed] == [
        (second.json()["id"], True),
        (method_id, False),
    ]
    refused(api(stranger).get(f"{path}{method_id}/"), 404, "not_found")
    refused(api(stranger).delete(f"{path}{method_id}/"), 404, "not_found")
    paid = client.post(
        EXECUTE,
        {"invoice_id": invoice.public_id, "payment_method": method_id},
        format="json",
        headers=keyed(),
    )
    assert paid.json()["payment"]["method"] == method_id
    assert client.delete(f"{path}{method_id}/").status_code == 204
    refused(client.get(f"{path}{method_id}/"), 404, "not_found")
    (kept,) = client.get("/api/v1/payments/").json()["results"]
    assert (kept["method"], kept["amount"]) == (method_id, usd("3333.34"))


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"provider": "sandbox", "token": "test_nothing"}, "payment_method_unknown"),
        ({"provider": "stripe", "token": "test_ok"}, "invalid_choice"),
        ({"provider": "sandbox", "token": "test_ok", "label": "x"}, "unknown_field"),
    ],
)
def test_only_methods_that_a_provider_knows_are_stored(api, commissioner, refused, body, code):
    answer = api(commissioner).post("/api/v1/payment-methods/", body, format="json")

    refused(answer, 400, code)
    assert PaymentMethod.objects.count() == 0


def test_sandbox_methods_exist_only_with_the_sandbox(api, settings, refused):
    invoice = sent_invoice()
    settings.SANDBOX_PROVIDER = False
    body = {"invoice_id": invoice.public_id, "payment_method": "test_ok"}

    answer = api(invoice.buyer).post(EXECUTE, body, format="json", headers=keyed())

    refused(answer, 400, "payment_method_unknown")


def test_previews_tell_and_change_nothing(api, refused):
    milestone = submitted_milestone()
    project = milestone.project
    approve = f"/api/v1/milestones/{milestone.public_id}/approve/preview/"
    client = api(project.commissioner)
    expected = {
        "milestone_title": "Part 1",
        "by_hand": False,
        "bonus": usd("0.00"),
        "subtotal": usd("3333.34"),
        "tax": usd("0.00"),
        "total": usd("3333.34"),
        "fee": usd("166.67"),
        "net": usd("3166.67"),
        "from_credit": usd("0.00"),
        "to_credit": usd("0.00"),
        "left_open": usd("0.00"),
        "charged": usd("3333.34"),
        "credited": usd("3166.67"),
        "fee_formula": {
            "rate": "0.0500",
            "gross_before": usd("0.00"),
            "fees_before": usd("0.00"),
            "gross": usd("3333.34"),
            "fee": usd("166.67"),
        },
        "clearing_days": 0,
        "completes_project": False,
    }

    assert client.post(approve).json() == expected
    refused(api(project.freelancer).post(approve), 403, "permission_denied")
    assert Milestone.objects.get(pk=milestone.pk).status == "in_review"
    assert Invoice.objects.count() == 0
    client.post(f"/api/v1/milestones/{milestone.public_id}/approve/")
    run_jobs("milestone.approved")
    invoice = Invoice.objects.get()
    pay_preview = f"/api/v1/invoices/{invoice.public_id}/pay/preview/"
    assert client.post(pay_preview).json() == expected
    assert Payment.objects.count() == 0
    pay(invoice)
    refused(client.post(pay_preview), 409, "already_paid")
    refused(client.post(approve), 409, "transition_refused")


def test_a_wallet_without_money_shows_nothing_in_ones_currency(api, freelancer):
    (balance,) = api(freelancer).get("/api/v1/wallet/").json()["balances"]

    assert balance == {
        "currency": "USD",
        "available": usd("0.00"),
        "pending": usd("0.00"),
        "held": usd("0.00"),
        "debt": usd("0.00"),
        "withdrawn": usd("0.00"),
        "lifetime_earnings": usd("0.00"),
    }


def test_the_statement_tells_each_credit_newest_first(api, refused):
    project = active_project()
    invoices = [paid_invoice(project, position=position) for position in (1, 2, 3)]
    client = api(project.freelancer)

    lines = client.get("/api/v1/wallet/transactions/").json()["results"]

    assert [
        (line["kind"], line["amount"], line["balance_after"], line["invoice_number"])
        for line in lines
    ] == [
        ("milestone_payment", usd("3166.66"), usd("9500.00"), invoices[2].number),
        ("milestone_payment", usd("3166.67"), usd("6333.34"), invoices[1].number),
        ("milestone_payment", usd("3166.67"), usd("3166.67"), invoices[0].number),
    ]
    assert len({line["id"] for line in lines}) == 3
    assert all(line["id"].startswith("txn_") and len(line["id"]) == 36 for line in lines)
    assert lines[0]["milestone_id"] == milestone_of(project, 3).public_id
    shown = client.get(f"/api/v1/projects/{project.public_id}/").json()
    assert (shown["status"], shown["paid"]) == ("completed", usd("10000.00"))
    assert shown["remaining"] == usd("0.00")
    assert api(project.commissioner).get("/api/v1/wallet/transactions/").json()["results"] == []


def test_the_statement_pages_both_ways(api, refused):
    project = active_project()
    numbers = [paid_invoice(project, position=position).number for position in (1, 2, 3)]
    newest_first = numbers[::-1]
    client = api(project.freelancer)
    path = "/api/v1/wallet/transactions/"

    first = client.get(f"{path}?limit=1").json()
    second = client.get(first["next"]).json()
    third = client.get(second["next"]).json()

    def shown(page):
        return [line["invoice_number"] for line in page["results"]]

    assert shown(first) + shown(second) + shown(third) == newest_first
    assert (first["previous"], third["next"]) == (None, None)
    assert client.get(third["previous"]).json()["results"] == second["results"]
    back = client.get(second["previous"]).json()
    assert (back["results"], back["previous"]) == (first["results"], None)
    assert client.get(f"{path}?currency=EUR").json()["results"] == []
    for query, code in (
        ("cursor=before-0", "invalid_cursor"),
        ("cursor=x", "invalid_cursor"),
        ("limit=101", "out_of_range"),
        ("ordering=id", "unknown_parameter"),
        ("currency=usd", "invalid_choice"),
    ):
        refused(client.get(f"{path}?{query}"), 400, code)
