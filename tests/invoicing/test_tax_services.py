"""Tax decided, frozen and carried through to the wallet."""

from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from djmoney.money import Money

from accounts.services import legal_data_update
from gigs.services import milestone_approve
from invoicing.documents.snapshot import document_of
from invoicing.models import Invoice, InvoiceDocument, InvoiceLine, InvoiceTax
from invoicing.services import documents_make, invoices_issue
from outbox.models import Job
from tests.builders import (
    active_project,
    approved_milestone,
    paid_invoice,
    run_jobs,
    sent_invoice,
    submitted_milestone,
)
from tests.factories import AT, CommissionerFactory, FreelancerFactory
from tests.parties import FRENCH, INDIAN, buyer, organisation, seller
from wallets import integrity
from wallets.selectors import wallet_balances

pytestmark = pytest.mark.django_db
EURO = {"budget": "10000.00", "currency": "EUR"}


def euro(amount):
    return Money(amount, "EUR")


def row_of(invoice):
    tax = InvoiceTax.objects.get(invoice=invoice)
    return (tax.category, tax.rate, tax.basis, tax.amount, tax.vatex_code, tax.rule)


def test_domestic_tax_comes_on_top_and_the_fee_stays_on_the_price():
    invoice = sent_invoice(active_project(commissioner=buyer(), freelancer=seller(), **EURO))

    assert (invoice.subtotal, invoice.tax, invoice.total, invoice.fee, invoice.net) == (
        euro("3333.34"),
        euro("633.33"),
        euro("3966.67"),
        euro("166.67"),
        euro("3800.00"),
    )
    assert row_of(invoice) == (
        "S",
        Decimal("19.00"),
        euro("3333.34"),
        euro("633.33"),
        "",
        "eu-standard@2026-11",
    )
    line = InvoiceLine.objects.get(invoice=invoice)
    assert (line.tax_category, line.tax_rate, line.unit) == ("S", Decimal("19.00"), "LS")


def test_the_wallet_gets_price_less_fee_plus_tax_and_lifetime_counts_without_it():
    project = active_project(commissioner=buyer(), freelancer=seller(), **EURO)

    for position in (1, 2, 3):
        paid_invoice(project, position=position)

    [balance] = wallet_balances(project.freelancer_id)
    taxes = 63333 + 63333 + 63333
    assert (balance.available, balance.lifetime_earnings) == (950000 + taxes, 950000)
    assert integrity.differences() == []


def test_a_business_in_another_member_state_pays_the_tax_itself():
    museum = organisation(FRENCH)
    invoice = sent_invoice(active_project(commissioner=museum.owner, freelancer=seller(), **EURO))

    assert (invoice.tax, invoice.total) == (euro("0.00"), euro("3333.34"))
    assert row_of(invoice)[0] == "AE"
    tax = InvoiceTax.objects.get(invoice=invoice)
    assert tax.legend.startswith("Reverse charge (Steuerschuldnerschaft")
    assert (tax.vatex_code, tax.rule) == ("VATEX-EU-AE", "eu-reverse-charge@2026-11")


def test_without_legal_data_there_is_no_tax_and_no_breakdown():
    invoice = sent_invoice(active_project())

    assert invoice.tax == Money("0.00", "USD")
    assert not InvoiceTax.objects.exists()
    assert InvoiceLine.objects.get().tax_category == ""


def test_yen_have_no_decimals():
    project = active_project(
        commissioner=buyer(), freelancer=seller(), budget="10000", currency="JPY"
    )

    invoice = sent_invoice(project)

    assert (invoice.subtotal, invoice.tax) == (Money("3334", "JPY"), Money("633", "JPY"))


def test_what_is_issued_keeps_its_tax_when_the_seller_changes():
    freelancer = seller()
    project = active_project(commissioner=buyer(), freelancer=freelancer, **EURO)
    first = sent_invoice(project, position=1)

    legal_data_update(changes={"tax_status": "small_business"}, by=freelancer, at=AT)
    second = sent_invoice(project, position=2)

    assert row_of(first)[0] == "S"
    assert row_of(second)[0] == "E"
    assert Invoice.objects.get(pk=first.pk).seller_copy["tax_status"] == "registered"
    assert integrity.differences() == []


def test_a_batch_decides_each_pair_for_itself():
    freelancer, home = seller(), buyer()
    pairs = [
        (home, freelancer),
        (organisation().owner, freelancer),
        (home, FreelancerFactory()),
        (home, freelancer),
    ]
    projects = [
        active_project(commissioner=buys, freelancer=sells, title=f"Project {n}", **EURO)
        for n, (buys, sells) in enumerate(pairs)
    ]
    milestones = [approved_milestone(project) for project in projects]

    ids = invoices_issue(milestone_ids=[row.pk for row in milestones], at=AT)

    categories = [
        list(Invoice.objects.get(pk=pk).taxes.values_list("category", flat=True)) for pk in ids
    ]
    assert categories == [["S"], ["AE"], [], ["S"]]


def test_a_batch_of_taxed_invoices_takes_no_more_queries():
    freelancer, home = seller(), buyer()

    def issue(count):
        projects = [
            active_project(
                commissioner=home, freelancer=freelancer, title=f"Project {count}.{n}", **EURO
            )
            for n in range(count)
        ]
        rows = [approved_milestone(project) for project in projects]
        with CaptureQueriesContext(connection) as captured:
            invoices_issue(milestone_ids=[row.pk for row in rows], at=AT)
        return len(captured)

    issue(1)

    assert issue(2) == issue(5)


def test_the_mail_names_the_total_with_tax():
    sent_invoice(active_project(commissioner=buyer(), freelancer=seller(), **EURO))
    run_jobs("invoice.document")

    mail = Job.objects.get(topic="mail.send", payload__template="invoice_issued")
    assert mail.payload["context"]["total"] == {"money": ["3966.67", "EUR"]}


def test_both_sides_see_the_tax_and_its_sentence(client_for):
    museum = organisation()
    project = active_project(commissioner=museum.owner, freelancer=seller(), **EURO)
    invoice = sent_invoice(project)

    for person in (invoice.seller, invoice.buyer):
        page = client_for(person).get(reverse("invoicing:detail", args=[invoice.public_id]))
        text = page.content.decode()
        assert "Reverse charge (Steuerschuldnerschaft des Leistungsempfängers)" in text
        assert "FR40303265045" in text


def test_page_and_list_show_what_is_charged(client_for):
    invoice = sent_invoice(active_project(commissioner=buyer(), freelancer=seller(), **EURO))

    page = client_for(invoice.buyer).get(reverse("invoicing:detail", args=[invoice.public_id]))
    listed = client_for(invoice.buyer).get(reverse("invoicing:list"), {"side": "received"})

    assert "633.33" in page.content.decode()
    assert "3,966.67" in page.content.decode()
    assert "with tax" in listed.content.decode()


def test_the_page_splits_the_tax_of_an_indian_state(client_for):
    project = active_project(
        commissioner=buyer(INDIAN), freelancer=seller(INDIAN), budget="300.15", currency="INR"
    )
    invoice = sent_invoice(project)

    page = client_for(invoice.seller).get(reverse("invoicing:detail", args=[invoice.public_id]))
    text = page.content.decode()

    assert invoice.tax == Money("18.01", "INR")
    assert "CGST 9 %: 9.01 INR; SGST 9 %: 9.00 INR" in text


def test_an_indian_document_names_the_place_of_supply():
    people = {"commissioner": buyer(INDIAN), "freelancer": seller(INDIAN), "currency": "INR"}

    document = document_of(Invoice.objects.get(pk=sent_invoice(active_project(**people)).pk))

    assert document.notes[-1].text == (
        "Place of supply: Maharashtra (27). Tax payable on reverse charge: No."
    )


def test_the_api_says_how_the_tax_came_about(api):
    invoice = sent_invoice(active_project(commissioner=buyer(), freelancer=seller(), **EURO))

    shown = api(invoice.buyer).get(f"/api/v1/invoices/{invoice.public_id}/").json()

    assert shown["tax"] == {"amount": "633.33", "currency": "EUR"}
    assert shown["taxes"] == [
        {
            "category": "S",
            "rate": "19.00",
            "name": "",
            "basis": {"amount": "3333.34", "currency": "EUR"},
            "amount": {"amount": "633.33", "currency": "EUR"},
            "legend": "",
            "vatex_code": "",
            "rule": "eu-standard@2026-11",
        }
    ]
    assert (shown["lines"][0]["tax_category"], shown["lines"][0]["tax_rate"]) == ("S", "19.00")


def test_the_staff_see_the_breakdown(client_for, staff):
    invoice = sent_invoice(active_project(commissioner=buyer(), freelancer=seller(), **EURO))

    page = client_for(staff).get(reverse("admin:invoicing_invoice_change", args=[invoice.pk]))

    assert "eu-standard@2026-11" in page.content.decode()


def test_somebody_who_buys_as_a_person_counts_as_one():
    person = buyer({"country": "US", "city": "Reno"}, kind="consumer", user=CommissionerFactory())
    invoice = sent_invoice(active_project(commissioner=person, freelancer=seller(), **EURO))

    assert row_of(invoice)[5] == "eu-outside-consumer@2026-11"


def test_a_bonus_is_taxed_with_the_price_once():
    milestone = submitted_milestone(
        active_project(commissioner=buyer(), freelancer=seller(), **EURO)
    )
    milestone_approve(
        milestone_id=milestone.pk, bonus=euro("0.01"), by=milestone.project.commissioner, at=AT
    )

    [pk] = invoices_issue(milestone_ids=[milestone.pk], at=AT)

    invoice = Invoice.objects.get(pk=pk)
    assert (invoice.subtotal, invoice.tax) == (euro("3333.35"), euro("633.34"))
    assert list(invoice.lines.values_list("tax_category", "tax_rate")) == [("S", 19), ("S", 19)]
    assert row_of(invoice)[2:4] == (euro("3333.35"), euro("633.34"))
    assert integrity.differences() == []


CASES = [
    (seller, buyer, "S"),
    (seller, lambda: organisation(FRENCH).owner, "AE"),
    (lambda: seller(status="small_business"), buyer, "E"),
    (
        seller,
        lambda: buyer({"country": "US", "city": "Reno", "street": "1 Main", "postcode": "89501"}),
        "O",
    ),
    (lambda: seller(INDIAN), lambda: buyer(INDIAN), "S"),
]


@pytest.mark.parametrize(("sells", "buys", "category"), CASES)
def test_each_case_makes_a_document_that_agrees_with_the_rules(sells, buys, category):
    invoice = sent_invoice(active_project(commissioner=buys(), freelancer=sells(), **EURO))

    document = document_of(invoice)

    assert [row.category for row in document.taxes] == [category]
    is_european = document.seller.address.country == "DE"
    assert bool(document.seller.vat_id) == (is_european and category != "O")
    assert document.seller.legal_info == ("VAT ID DE136695976" if category == "O" else "")
    documents_make(invoice_ids=[invoice.pk], at=AT)
    kinds = set(InvoiceDocument.objects.filter(invoice=invoice).values_list("kind", flat=True))
    assert {"pdf", "ubl", "cii"} <= kinds
