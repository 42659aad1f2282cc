"""Crediting invoices over the API, in the browser and by staff."""

from uuid import uuid4

import pytest
from django.urls import reverse

from accounts.models import AuditEvent
from invoicing.models import Invoice
from tests.builders import active_project, credit, paid_invoice, sent_invoice
from tests.wallets.withdrawing import request as withdraw

pytestmark = pytest.mark.django_db
PART = {"amount": {"amount": "1000.00", "currency": "USD"}, "reason": "Less was done."}


@pytest.fixture
def invoice(commissioner, freelancer):
    return paid_invoice(active_project(commissioner=commissioner, freelancer=freelancer))


def path_of(invoice) -> str:
    return f"/api/v1/invoices/{invoice.public_id}/credit/"


def post(client, path, body, *, key=""):
    headers = {"Idempotency-Key": key or uuid4().hex}
    return client.post(path, body, format="json", headers=headers)


def usd(text: str) -> dict[str, str]:
    return {"amount": text, "currency": "USD"}


def test_a_part_and_then_the_rest_is_credited(api, invoice, freelancer):
    client, path = api(freelancer), path_of(invoice)

    part = post(client, path, PART, key="once")
    again = post(client, path, PART, key="once")
    rest = post(client, path, {"reason": "None of it."})

    note = part.json()
    assert (part.status_code, note["kind"], note["status"]) == (201, "credit_note", "issued")
    assert note["number"] == invoice.number.replace("-2026-", "C-2026-")
    assert (note["total"], note["fee"], note["net"]) == (
        usd("1000.00"),
        usd("50.00"),
        usd("950.00"),
    )
    assert (note["credits_id"], note["credits_number"]) == (invoice.public_id, invoice.number)
    assert (note["reason"], note["paid_on"], note["due"]) == (
        "Less was done.",
        note["issued_on"],
        usd("0.00"),
    )
    assert again.headers["Idempotency-Replayed"] == "true"
    assert rest.json()["total"] == usd("2333.34")
    shown = client.get(f"/api/v1/invoices/{invoice.public_id}/").json()
    assert (shown["status"], shown["credited"]) == ("credited", usd("3333.34"))
    assert shown["credit_notes"] == [note["id"], rest.json()["id"]]
    listed = client.get("/api/v1/invoices/?kind=credit_note").json()["results"]
    assert [row["id"] for row in listed] == [rest.json()["id"], note["id"]]


def test_a_preview_changes_nothing(api, invoice, freelancer):
    withdraw(freelancer, amount="2000.00")

    answer = post(api(freelancer), f"{path_of(invoice)}preview/", PART)

    assert answer.status_code == 200
    assert {name: answer.json()[name] for name in ("from_available", "as_debt", "returned")} == {
        "from_available": usd("950.00"),
        "as_debt": usd("0.00"),
        "returned": usd("1000.00"),
    }
    assert answer.json()["fee_formula"]["fee"] == usd("50.00")
    assert answer.json()["corrected_total"] is None
    assert Invoice.objects.count() == 1


def test_what_is_wrong_is_said(api, refused, invoice, freelancer, commissioner):
    client, path = api(freelancer), path_of(invoice)

    refused(post(client, path, {}), 400, "required")
    refused(
        post(client, path, {**PART, "amount": usd("3333.35")}),
        400,
        "credit_too_high",
    )
    refused(post(api(commissioner), path, PART), 403, "permission_denied")

    assert Invoice.objects.count() == 1
    note = credit(invoice)
    refused(post(client, path, PART), 409, "already_credited")
    refused(post(client, path_of(note), PART), 409, "not_an_invoice")
    refused(
        post(
            api(commissioner),
            f"/api/v1/invoices/{invoice.public_id}/pay/",
            {"payment_method": "test_ok"},
        ),
        409,
        "invoice_credited",
    )


def test_what_the_wallet_does_not_cover_is_for_staff(api, client_for, refused, invoice, freelancer):
    withdraw(freelancer, amount="3000.00")

    refused(post(api(freelancer), path_of(invoice), PART), 409, "not_covered")
    page = client_for(freelancer).get(reverse("wallets:invoice-credit", args=[invoice.public_id]))

    assert Invoice.objects.count() == 1
    assert "can be credited by staff only" in page.content.decode()
    assert "166.67" in page.content.decode()


def test_a_debt_is_in_the_wallet(api, client_for, invoice, freelancer, staff):
    withdraw(freelancer, amount="3000.00")
    credit(invoice, by=staff)

    [balance] = api(freelancer).get("/api/v1/wallet/").json()["balances"]
    lines = api(freelancer).get("/api/v1/wallet/transactions/").json()["results"]
    page = client_for(freelancer).get(reverse("wallets:wallet"))

    assert (balance["debt"], balance["available"]) == (usd("3000.00"), usd("0.00"))
    assert [(line["kind"], line["amount"]["amount"]) for line in lines] == [
        ("credit_note", "-166.67"),
        ("milestone_payment", "3166.67"),
    ]
    assert "what you earn next pays it first" in page.content.decode()


def test_the_page_previews_and_credits(client_for, invoice, freelancer, commissioner):
    browser = client_for(freelancer)
    url = reverse("wallets:invoice-credit", args=[invoice.public_id])

    shown = browser.get(url).content.decode()
    preview = browser.get(f"{url}preview/", {"extent": "part", "amount": "1000"}).content.decode()
    wrong = browser.get(f"{url}preview/", {"extent": "part", "amount": "1,000"}).content.decode()
    empty = browser.post(url, {"extent": "part", "amount": "", "reason": "Less."})
    done = browser.post(url, {"extent": "part", "amount": "1000", "reason": "Less."})

    assert (
        "Credit this invoice"
        in browser.get(reverse("invoicing:detail", args=[invoice.public_id])).content.decode()
    )
    assert "Issue the credit note" in shown
    assert 'aria-live="polite"' in shown
    assert "Leave out thousands separators" in wrong
    assert "1,000.00" in preview
    assert "are taken from what you have available" in preview
    assert empty.status_code == 422
    note = Invoice.objects.get(kind="credit_note")
    assert done.url == reverse("invoicing:detail", args=[note.public_id])
    for person in (freelancer, commissioner):
        page = client_for(person).get(done.url).content.decode()
        assert f"This credits {invoice.number}" in page
        listed = client_for(person).get(reverse("invoicing:list")).content.decode()
        assert f"credits {invoice.number}" in listed
        original = (
            client_for(person)
            .get(reverse("invoicing:detail", args=[invoice.public_id]))
            .content.decode()
        )
        assert note.number in original
    assert client_for(commissioner).get(url).status_code == 403


def test_nothing_is_offered_for_what_is_credited(client_for, invoice, freelancer):
    credit(invoice)

    page = client_for(freelancer).get(reverse("wallets:invoice-credit", args=[invoice.public_id]))

    assert "Nothing to credit" in page.content.decode()


def test_staff_credit_with_a_reason(client_for, staff):
    invoice = sent_invoice()
    url = reverse("admin:invoicing_invoice_changelist")
    action = {"action": "credit", "_selected_action": [invoice.pk]}

    asked = client_for(staff).post(url, action)
    client_for(staff).post(url, {**action, "reason": "By agreement.", "amount": "100"})

    assert "left before tax" in asked.content.decode()
    assert "Before tax; empty for all that is left." in asked.content.decode()
    note = Invoice.objects.get(kind="credit_note")
    assert (note.subtotal.amount, note.reason) == (100, "By agreement.")
    assert AuditEvent.objects.get(event="invoice.credited").actor == staff.public_id
