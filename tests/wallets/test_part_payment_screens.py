"""What people, programs and staff read of invoices that are paid in part."""

import re
from datetime import timedelta
from decimal import Decimal

import pytest
from django.urls import reverse
from django.utils.html import strip_tags

from gigs.selectors import project_view, projects_with_figures
from invoicing.selectors import earned_by_month, spent_by_month
from invoicing.services import invoice_object, invoices_become_overdue
from outbox.models import Job
from tests.acceptance.steps import GOOD_METHOD
from tests.api.test_money import keyed
from tests.builders import (
    credit,
    fund_untaxed,
    paid_invoice,
    pay,
    run_jobs,
    sent_invoice,
    submitted_milestone,
)
from tests.factories import AT
from tests.parties import seller
from tests.wallets.test_part_payments import eur, in_part, taxed
from tests.wallets.withdrawing import request
from wallets.models import Clearing, Payment
from wallets.services import clearings_finish, held_settle, payment_preview

pytestmark = pytest.mark.django_db


def amount(value):
    return {"amount": value, "currency": "EUR"}


def words(response):
    """The text of a page, blanks put together."""
    assert response.status_code == 200
    return re.sub(r"\s+", " ", strip_tags(response.content.decode()))


def page(client_for, user, name, *arguments):
    return words(client_for(user).get(reverse(name, args=arguments), {"currency": "EUR"}))


def noted(client_for, invoice, **asked):
    """What the page says that crediting the invoice would do."""
    address = reverse("wallets:note-preview", args=[invoice.public_id])
    given = {"extent": "all", "reason": "Less.", **asked}
    return words(client_for(invoice.seller).get(address, given))


def funded_without_tax(monkeypatch):
    project = taxed()
    fund_untaxed(project, monkeypatch)
    return submitted_milestone(project)


def test_the_exported_statement_names_the_invoice_of_a_part(monkeypatch, client_for):
    invoice = in_part(monkeypatch)
    credit(invoice, "100.00")

    exported = client_for(invoice.seller).get(reverse("wallets:statement-csv"), {"currency": "EUR"})

    table = b"".join(exported).decode()
    assert (table.count("Paid in part"), table.count("Part payment taken back")) == (2, 1)
    assert table.count(invoice.number) == 3


def test_the_preview_of_the_rest_charges_the_rest(monkeypatch, client_for, api):
    invoice = in_part(monkeypatch)

    preview = payment_preview(invoice_id=invoice.pk, by=invoice.buyer, at=AT)
    told = api(invoice.buyer).post(f"/api/v1/invoices/{invoice.public_id}/pay/preview/").json()
    shown = page(client_for, invoice.buyer, "wallets:pay", invoice.public_id)

    assert (preview.total, preview.net) == (eur("1190.00"), eur("1140.00"))
    assert (preview.charged, preview.credited) == (eur("190.00"), eur("190.00"))
    assert (preview.available_after, preview.left_open) == (eur("1140.00"), eur("0.00"))
    assert (told["charged"], told["credited"]) == (amount("190.00"), amount("190.00"))
    assert "You are charged 190.00 EUR, the rest of 1,190.00 EUR." in shown
    assert "is credited 190.00 EUR." in shown
    assert "The invoice is paid in full." in shown
    assert invoice.project.status == "completed"
    assert (preview.completes_project, told["completes_project"]) == (False, False)
    assert "the project is completed" not in shown
    assert "Pay 190.00 EUR" in shown
    assert "Pay 1,190.00 EUR" not in shown
    assert "For the freelancer 1,140.00 EUR Of that, credited now 190.00 EUR" in shown


def test_a_transfer_of_the_rest_is_asked_for(monkeypatch, client_for, settings):
    settings.BANK_ACCOUNT_IBAN = "DE89370400440532013000"
    settings.BANK_ACCOUNT_HOLDER = "Tranche GmbH"
    invoice = in_part(monkeypatch)

    shown = page(client_for, invoice.buyer, "wallets:pay", invoice.public_id)

    assert f"Reference {invoice.number}" in shown
    assert "Amount 190.00 EUR" in shown


def test_paying_the_rest_answers_with_what_it_paid(monkeypatch, api, client_for):
    invoice = in_part(monkeypatch)
    body = {"invoice_id": invoice.public_id, "payment_method": GOOD_METHOD}

    answer = api(invoice.buyer).post("/api/payments/execute", body, format="json", headers=keyed())

    assert answer.status_code == 200
    assert answer.json()["credited"] == {
        "gross": amount("190.00"),
        "fee": amount("0.00"),
        "net": amount("190.00"),
    }
    payment = answer.json()["payment"]["id"]
    shown = page(client_for, invoice.buyer, "wallets:payment", payment)
    assert f"The rest of {invoice.number} is paid, " in shown
    assert "milestone is settled" not in shown


def test_another_amount_than_the_rest_is_refused_with_the_rest(monkeypatch, api):
    invoice = in_part(monkeypatch)
    body = {"invoice_id": invoice.public_id, "payment_method": GOOD_METHOD}
    body["amount"] = amount("1190.00")

    answer = api(invoice.buyer).post("/api/payments/execute", body, format="json", headers=keyed())

    assert answer.status_code == 400
    assert (answer.json()["code"], answer.json()["detail"]) == (
        "amount_mismatch",
        "Exactly 190.00 EUR of this invoice are due.",
    )
    assert Payment.objects.filter(invoice=invoice).count() == 1
    invoice.refresh_from_db()
    assert (invoice.status, invoice.due) == ("sent", eur("190.00"))


def test_the_page_of_a_part_leads_to_the_payment_of_the_rest(monkeypatch, client_for):
    invoice = in_part(monkeypatch)
    part = Payment.objects.get(outcome="part")
    address = reverse("wallets:payment", args=[part.public_id])

    response = client_for(invoice.buyer).get(address)

    held = f"Held funds paid 1,000.00 EUR of {invoice.number}."
    assert f"{held} 190.00 EUR are still open." in words(response)
    assert f'href="{reverse("wallets:pay", args=[invoice.public_id])}"' in response.text
    pay(invoice)
    paid = client_for(invoice.buyer).get(address)
    assert held in words(paid)
    assert "still open" not in words(paid)
    assert reverse("wallets:pay", args=[invoice.public_id]) not in paid.text


def test_the_page_of_a_part_that_a_note_took_back_says_so(monkeypatch, client_for):
    invoice = in_part(monkeypatch)
    credit(invoice, "100.00")
    undone, stands = Payment.objects.filter(outcome="part").order_by("pk")
    rest = reverse("wallets:pay", args=[invoice.public_id])

    response = client_for(invoice.buyer).get(reverse("wallets:payment", args=[undone.public_id]))

    assert (
        f"Taken back Held funds paid 1,000.00 EUR of {invoice.number},"
        " and a credit note took that back."
    ) in words(response)
    assert "Paid in part" not in words(response)
    assert rest not in response.text
    standing = client_for(invoice.buyer).get(reverse("wallets:payment", args=[stands.public_id]))
    assert f"Paid in part Credit paid 1,000.00 EUR of {invoice.number}." in words(standing)
    assert "Taken back" not in words(standing)
    assert rest in standing.text


def test_both_sides_read_both_payments_on_the_page(monkeypatch, client_for):
    """Of what was paid by the end: 71.00 after a note of 119.00 with its tax."""
    invoice = in_part(monkeypatch)
    credit(invoice, "100.00", at=AT + timedelta(days=20))
    part = "Paid in part 1,000.00 EUR, 13 Dec 2026, 12:00 UTC"
    rest = "Rest paid 71.00 EUR, 14 Dec 2026, 13:00 UTC"

    for person in (invoice.buyer, invoice.seller):
        shown = page(client_for, person, "invoicing:detail", invoice.public_id)
        assert f"Status Sent, paid in part {part} Still to pay 71.00 EUR Due" in shown
        assert "Rest paid" not in shown
    pay(invoice, at=AT + timedelta(days=21, hours=1))
    credit(invoice, "50.00", at=AT + timedelta(days=22))

    for person in (invoice.buyer, invoice.seller):
        shown = page(client_for, person, "invoicing:detail", invoice.public_id)
        assert f"Status Paid {part} {rest} Project" in shown


def test_an_invoice_paid_at_once_has_one_payment_on_its_page(client_for):
    invoice = paid_invoice()

    shown = page(client_for, invoice.buyer, "invoicing:detail", invoice.public_id)

    assert "Status Paid Paid 23 Nov 2026, 12:00 UTC Project" in shown


@pytest.mark.parametrize(
    ("status", "said"),
    [("sent", "Sent, paid in part"), ("overdue", "Overdue, paid in part"), ("paid", "Paid")],
)
def test_lists_say_that_a_part_is_paid_while_the_rest_is_open(
    monkeypatch, client_for, status, said
):
    invoice = in_part(monkeypatch)
    if status == "paid":
        pay(invoice)
    elif status == "overdue":
        invoices_become_overdue(at=AT + timedelta(days=365))
    pill = f'<span class="pill" data-status="{status}">{said}</span>'

    for person, side in ((invoice.seller, "sent"), (invoice.buyer, "received")):
        listed = client_for(person).get(reverse("invoicing:list"), {"side": side})
        assert pill in listed.text
        project = reverse("projects:detail", args=[invoice.project.public_id])
        assert pill in client_for(person).get(project).text
    if status != "paid":
        assert pill in client_for(invoice.buyer).get(reverse("dashboard")).text


@pytest.mark.parametrize(
    ("amount", "expected"),
    [
        ("100.00", ["71.00 EUR of the invoice remain due."]),
        (
            "200.00",
            [
                "48.00 EUR become Clara Commissioner",
                "What was paid of the invoice before pays what is left of it at once.",
            ],
        ),
    ],
)
def test_the_preview_of_a_note_says_what_becomes_of_a_part(
    monkeypatch, client_for, amount, expected
):
    invoice = in_part(monkeypatch)

    shown = noted(client_for, invoice, extent="part", amount=amount)

    assert [one for one in expected if one not in shown] == []


def test_the_preview_of_a_note_says_what_is_owed_until_the_part_clears_anew(
    monkeypatch, client_for, settings
):
    settings.CLEARING_DAYS = 5
    invoice = in_part(monkeypatch)
    clearings_finish(invoice_ids=[invoice.pk], at=Clearing.objects.get().available_at)
    request(invoice.seller, amount="850.00", currency="EUR")

    shown = noted(client_for, invoice, extent="part", amount="100.00")

    assert (
        "850.00 EUR of what was paid before are spent: you owe them until what is pending clears"
    ) in shown
    assert (
        "Pending afterwards 955.00 EUR Available afterwards 0.00 EUR Owed afterwards 850.00 EUR"
        in shown
    )


def test_the_preview_of_a_correction_says_what_is_paid_of_it(monkeypatch, client_for):
    invoice = in_part(monkeypatch)
    invoice_object(invoice_id=invoice.pk, reason="Wrong name.", by=invoice.seller, at=AT)

    upwards = noted(client_for, invoice)
    seller(user=invoice.seller, status="small_business")
    downwards = noted(client_for, invoice)

    assert (
        "A corrected invoice over 1,190.00 EUR is issued at once: 1,000.00 EUR of it are paid from"
        " what was paid of this one, and 190.00 EUR stay open."
    ) in upwards
    assert (
        "A corrected invoice over 1,000.00 EUR is issued at once, and paid from"
        " what was paid of this one."
    ) in downwards


def test_the_preview_of_an_approval_says_what_is_paid_at_once(monkeypatch, client_for, api):
    milestone = funded_without_tax(monkeypatch)
    buyer, name = milestone.project.commissioner, milestone.project.freelancer.name

    shown = page(client_for, buyer, "wallets:approval-preview", milestone.public_id)
    path = f"/api/v1/milestones/{milestone.public_id}/approve/preview/"
    told = api(buyer).post(path).json()

    assert "1,000.00 EUR of it are paid at once, from the funds held for it." in shown
    assert "190.00 EUR of it stay open: the funds do not cover them." in shown
    assert f"{name} is credited 950.00 EUR at once, and the rest when you pay it." in shown
    assert "Of that, credited now 950.00 EUR" in shown
    assert "the project is completed, though the rest of the invoice is open." in shown
    assert (told["charged"], told["credited"], told["left_open"]) == (
        amount("1000.00"),
        amount("950.00"),
        amount("190.00"),
    )


def test_its_freelancer_reads_what_came_and_what_is_to_come(monkeypatch, client_for):
    invoice = in_part(monkeypatch)

    shown = page(client_for, invoice.seller, "invoicing:detail", invoice.public_id)

    assert "Credited already 950.00 EUR When the rest is paid 190.00 EUR" in shown
    pay(invoice)
    paid = page(client_for, invoice.seller, "invoicing:detail", invoice.public_id)
    assert "Credited to your wallet 1,140.00 EUR" in paid
    assert "When the rest is paid" not in paid


def test_its_buyers_dashboard_says_of_how_much_it_is_the_rest(monkeypatch, client_for):
    invoice = in_part(monkeypatch)

    shown = words(client_for(invoice.buyer).get(reverse("dashboard")))

    assert "190.00 EUR of 1,190.00 EUR" in shown


def test_its_price_is_paid_in_the_figures_of_its_project(monkeypatch):
    invoice = in_part(monkeypatch, tasks=2)

    def figures():
        view = project_view(projects_with_figures().get(pk=invoice.project_id))
        return view.paid, view.remaining, view.paid_percent

    assert figures() == (eur("500.00"), eur("500.00"), 50)
    pay(invoice)
    assert figures() == (eur("500.00"), eur("500.00"), 50)
    credit(invoice, "100.00")
    assert figures() == (eur("400.00"), eur("600.00"), 40)


def charts(invoice):
    """Month and amount of what was earned and of what was spent."""
    since = AT.replace(year=AT.year - 1)
    earned = earned_by_month(invoice.seller, since=since)
    spent = spent_by_month(invoice.buyer, since=since)
    return [[(row.month.month, row.amount) for row in rows] for rows in (earned, spent)]


def in_part_at(monkeypatch, at):
    """What is held pays its part of an invoice on that day."""
    project = taxed()
    fund_untaxed(project, monkeypatch)
    invoice = sent_invoice(project)
    held_settle(invoice_ids=[invoice.pk], at=at)
    return invoice


def test_a_part_counts_in_its_own_month_and_the_rest_in_that_of_its_payment(monkeypatch):
    invoice = in_part_at(monkeypatch, AT)
    assert charts(invoice) == [[(11, eur("950.00"))], [(11, eur("1000.00"))]]

    pay(invoice, at=AT + timedelta(days=40))

    assert charts(invoice) == [
        [(11, eur("950.00")), (1, eur("0.00"))],
        [(11, eur("1000.00")), (1, eur("190.00"))],
    ]
    credit(invoice, "400.00")
    assert charts(invoice) == [
        [(11, eur("570.00")), (1, eur("0.00"))],
        [(11, eur("714.00")), (1, eur("0.00"))],
    ]
    credit(invoice)
    assert charts(invoice) == [[], []]


def test_a_part_counts_in_the_month_of_its_payment_also_once_a_note_left_less_of_it(monkeypatch):
    invoice = in_part_at(monkeypatch, AT + timedelta(days=20))

    assert charts(invoice) == [[(12, eur("950.00"))], [(12, eur("1000.00"))]]
    credit(invoice, "100.00", at=AT + timedelta(days=40))
    assert charts(invoice) == [[(12, eur("855.00"))], [(12, eur("1000.00"))]]


def test_a_part_below_the_fee_pays_nothing_but_fee(monkeypatch):
    invoice = in_part(monkeypatch)

    invoice.part_paid = Decimal(30)

    assert (invoice.part_net, invoice.net_open) == (eur("0.00"), eur("1140.00"))
    assert (invoice.fee_open, invoice.due) == (eur("20.00"), eur("1160.00"))


def test_the_mail_about_it_names_the_open_amount_alike_in_both_forms(monkeypatch, mailoutbox):
    invoice = in_part(monkeypatch)
    Job.objects.filter(topic="mail.send").exclude(payload__template="invoice_part_paid").delete()

    run_jobs("mail.send")

    assert [one.to for one in mailoutbox] == [
        [f"{person.name} <{person.email}>"] for person in (invoice.buyer, invoice.seller)
    ]
    for one in mailoutbox:
        assert "Still open: 190.00 EUR" in one.body
        [(html, _)] = one.alternatives
        assert "Still open 190.00 EUR" in re.sub(r"\s+", " ", strip_tags(html))


def test_the_mail_of_a_note_says_what_becomes_of_a_part(monkeypatch):
    """The first takes a part back, the second some of an invoice that is paid in full."""
    invoice = in_part(monkeypatch)
    notes = [credit(invoice, "100.00")]
    pay(invoice)
    notes.append(credit(invoice, "50.00"))

    run_jobs("invoice.document")

    mails = Job.objects.filter(topic="mail.send", payload__template="credit_note_issued")
    words_of = [mail.payload["context"] for mail in mails]
    told = {(one["number"], one["effect"]) for one in words_of}
    assert told == {
        (
            notes[0].number,
            "What was paid of the invoice before pays what is left of it, or the corrected one. What"
            " is not needed for that is the commissioner's credit, and is taken off the wallet.",
        ),
        (
            notes[1].number,
            "The commissioner has the money back as credit; it is taken off the wallet.",
        ),
    }
