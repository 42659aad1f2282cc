"""From gig to wallet as two people do it, each in a browser of their own."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.acceptance.steps import GOOD_METHOD, Parties, answer, started_project
from tests.browser import steps
from tests.browser.conftest import Visit
from tests.browser.steps import card, expect_fact, follow, go_to, milestone, press
from tests.installation import Installation, Person, eventually

pytestmark = pytest.mark.browser

TITLE = "Shop for a ceramics studio in Delft"
FIRST = steps.MILESTONES[0]
MINUS = "\N{MINUS SIGN}"
PAYMENTS = """
SELECT count(*) FROM wallets_payment JOIN invoicing_invoice invoice ON invoice.id = invoice_id
WHERE invoice.number = %s
"""


def post_gig(page: Page) -> None:
    steps.describe_gig(page, title=TITLE)
    steps.plan_gig(page, budget="10000.00")
    split = page.locator("#live-split")
    rows = split.get_by_role("listitem")
    expect(rows).to_have_text(
        [
            f"{steps.MILESTONES[0]} 3,333.34 USD fee 166.67 USD, net 3,166.67 USD",
            f"{steps.MILESTONES[1]} 3,333.33 USD fee 166.66 USD, net 3,166.67 USD",
            f"{steps.MILESTONES[2]} 3,333.33 USD fee 166.67 USD, net 3,166.66 USD",
        ]
    )
    expect_fact(split, "You pay in all", "10,000.00 USD")
    expect_fact(split, "Platform fee, 5%", "500.00 USD")
    expect_fact(split, "To the freelancer", "9,500.00 USD")
    press(page, "Next: review")
    expect(page.get_by_role("heading", name=TITLE)).to_be_visible()
    press(page, "Post this gig")
    expect(page.get_by_text("Your gig is open for applications.")).to_be_visible()


def find_and_apply(page: Page) -> None:
    go_to(page, "Find gigs")
    page.get_by_label("Search", exact=True).fill("delft django")
    expect(page.locator("#gig-results article")).to_have_count(1)
    page.get_by_label("Search", exact=True).fill("delft submarine")
    expect(page.get_by_role("heading", name="No open gig fits")).to_be_visible()
    page.get_by_label("Search", exact=True).fill("delft")
    follow(page, TITLE)
    expect(page.get_by_role("heading", name=TITLE, level=1)).to_be_visible()
    steps.apply(page)


def hire(page: Page) -> None:
    page.reload()
    follow(page, "Candidates (1)")
    candidate = page.get_by_role("article", name="Finn Okoye")
    expect(candidate).to_contain_text("I have built two shops like this.")
    candidate.get_by_role("link", name="Hire", exact=True).click()
    dialog = page.get_by_role("dialog", name="Hire Finn Okoye?")
    expect(dialog).to_contain_text("starts the project with Finn Okoye at 10,000.00 USD")
    dialog.get_by_role("button", name="Hire and start the project").click()
    expect(page.get_by_text("Finn Okoye is hired. The terms are frozen.")).to_be_visible()


def approve_after_preview(page: Page) -> None:
    page.reload()
    milestone(page, FIRST).get_by_role("link", name="Review work", exact=True).click()
    expect(card(page, "Delivered by Finn Okoye")).to_contain_text("The wireframes.")
    preview = card(page, "If you approve")
    expect_fact(preview, "Invoice total", "3,333.34 USD")
    expect_fact(preview, "Platform fee, borne by the freelancer", f"{MINUS} 166.67 USD")
    expect_fact(preview, "Credited to the freelancer", "3,166.67 USD")
    press(page, f"Approve {FIRST}")
    expect(page.get_by_text(f"“{FIRST}” is approved. Its invoice follows.")).to_be_visible()


def pay_the_invoice_that_appears(page: Page) -> str:
    """Its number. Nobody reloads: the page asks until the invoice is there."""
    chip = milestone(page, FIRST).locator("a.chip")
    expect(chip).to_contain_text(re.compile(r"[A-Z0-9]{4}-\d{4}-00001\s*Sent"))
    chip.click()
    expect(page.get_by_role("heading", level=1)).to_have_text(re.compile(r"-00001$"))
    number = page.get_by_role("heading", level=1).inner_text()
    follow(page, "Pay 3,333.34 USD")
    expect_fact(page, "Credited to the freelancer", "3,166.67 USD")
    steps.choose_method(page, "Sandbox card")
    press(page, "Pay 3,333.34 USD")
    expect(page.get_by_role("heading", name="Paid", exact=True)).to_be_visible()
    expect(
        page.get_by_text(f"{number} is paid, Finn Okoye is credited, and the milestone is settled.")
    ).to_be_visible()
    return number


def look_into_the_wallet(page: Page, number: str) -> None:
    go_to(page, "Wallet")
    expect(page.get_by_role("region", name="Available", exact=True)).to_contain_text("3,166.67 USD")
    [row] = page.get_by_role("region", name="Statement").locator("tbody tr").all()
    expect(row).to_contain_text(f"{TITLE}: {FIRST}")
    expect(row.locator("td.num")).to_have_text(["+3,166.67 USD", "3,166.67 USD"])
    row.get_by_role("link", name=number).click()


def download_the_document(page: Page, number: str) -> None:
    expect(page.locator(".page-top .pill")).to_have_text("Paid")
    with page.expect_download() as download:
        follow(page, "PDF")
    assert number in download.value.suggested_filename
    assert Path(download.value.path()).read_bytes().startswith(b"%PDF")


def test_the_whole_path_from_registration_to_the_wallet(installation: Installation, visit: Visit):
    commissioner, freelancer = visit(), visit()

    steps.register(commissioner, name="Clara Vogel", role="Commissioner")
    steps.register(freelancer, name="Finn Okoye", role="Freelancer")
    post_gig(commissioner)
    find_and_apply(freelancer)
    hire(commissioner)
    freelancer.reload()
    follow(freelancer, "Open the project")
    steps.submit(freelancer, FIRST, message="The wireframes.")
    approve_after_preview(commissioner)
    number = pay_the_invoice_that_appears(commissioner)
    look_into_the_wallet(freelancer, number)
    download_the_document(freelancer, number)

    installation.assert_books_in_order()


def test_changes_are_asked_for_and_the_next_version_is_accepted(
    installation: Installation, visit: Visit
):
    parties = started_project(installation)
    commissioner = steps.come_in(visit(), parties.commissioner)
    freelancer = steps.come_in(visit(), parties.freelancer)
    address = f"/projects/{parties.project['id']}/"
    freelancer.goto(address)
    steps.submit(freelancer, "Part 2", message="A first try.")

    commissioner.goto(f"/milestones/{parties.task_ids[1]}/review/")
    commissioner.get_by_label("What should change?").fill("The prices are missing.")
    press(commissioner, "Request changes")
    expect(
        commissioner.get_by_text(f"{parties.freelancer.name} knows what to change.")
    ).to_be_visible()

    freelancer.reload()
    expect(milestone(freelancer, "Part 2").locator(".pill")).to_have_text("Changes requested")
    follow(freelancer, "See and submit")
    expect(freelancer.get_by_role("main")).to_contain_text("The prices are missing.")
    freelancer.get_by_label("What you deliver").fill("With prices.")
    press(freelancer, "Submit for review")
    expect(milestone(freelancer, "Part 2").locator(".pill")).to_have_text("In review")

    commissioner.goto(f"/milestones/{parties.task_ids[1]}/review/")
    delivered = card(commissioner, f"Delivered by {parties.freelancer.name}")
    expect(delivered).to_contain_text("Version 2")
    expect(delivered).to_contain_text("With prices.")
    expect(card(commissioner, "Earlier versions")).to_contain_text("The prices are missing.")
    expect_fact(commissioner, "Credited to the freelancer", "3,166.66 USD")
    press(commissioner, "Approve Part 2")
    expect(milestone(commissioner, "Part 2").locator("a.chip")).to_contain_text("Sent")


def test_a_declined_method_says_so_and_the_invoice_stays(installation: Installation, visit: Visit):
    parties = started_project(installation)
    invoice = parties.sent_invoice()
    commissioner = steps.come_in(visit(), parties.commissioner)

    steps.open_pay_page(commissioner, invoice)
    steps.choose_method(commissioner, "Sandbox card that is declined")
    steps.pay_button(commissioner).click()

    expect(commissioner.get_by_role("heading", name="Declined")).to_be_visible()
    expect(commissioner.get_by_role("main")).to_contain_text(
        "The payment was declined. Try another payment method."
        " The invoice is as it was, and nothing was charged."
    )
    expect_fact(commissioner, "The provider's reason", "card declined")
    follow(commissioner, "Back to the invoice")
    expect(commissioner.locator(".page-top .pill")).to_have_text("Sent")
    expect(commissioner.get_by_role("link", name="Pay 3,333.34 USD")).to_be_visible()


def funded_before_the_tax(installation: Installation) -> Parties:
    """1,000.00 set aside for the work of somebody who charges tax from then on."""
    parties = started_project(installation, payment_mode="held", budget="1000.00", tasks=1)
    address = {"street": "Torstrasse 140", "postcode": "10119", "city": "Berlin", "country": "DE"}
    legal = {**address, "vat_id": "DE136695976"}

    def change(person: Person, **changes: str) -> None:
        answer(person.client.patch("/api/v1/me/legal/", json=changes))

    change(parties.commissioner, **legal, buyer_kind="business")
    change(parties.freelancer, **legal, tax_status="small_business")
    path, funding = (
        f"/api/v1/projects/{parties.project['id']}/fund/",
        {"payment_method": GOOD_METHOD},
    )
    answer(parties.commissioner.post(path, funding, key="fund"))
    change(parties.freelancer, tax_status="registered")
    parties.submit(parties.task_ids[0])
    return parties


def on_a_day(amount: str) -> re.Pattern[str]:
    """An amount and the minute in which it was paid, as facts have them."""
    return re.compile(rf"^\s*{re.escape(amount)}, \d+ \w+ \d{{4}}, \d\d:\d\d UTC\s*$")


def test_what_is_held_pays_a_part_and_the_rest_is_paid_by_hand(
    installation: Installation, visit: Visit
):
    parties = funded_before_the_tax(installation)
    commissioner = steps.come_in(visit(), parties.commissioner)
    freelancer = steps.come_in(visit(), parties.freelancer)
    name = parties.freelancer.name

    commissioner.goto(f"/milestones/{parties.task_ids[0]}/review/")
    preview = card(commissioner, "If you approve")
    expect(preview).to_contain_text("1,000.00 USD of it are paid at once")
    expect(preview).to_contain_text("190.00 USD of it stay open")
    expect_fact(preview, "For the freelancer", "1,140.00 USD")
    expect_fact(preview, "Of that, credited now", "950.00 USD")
    press(commissioner, "Approve Part 1")
    chip = milestone(commissioner, "Part 1").locator("a.chip")
    expect(chip).to_contain_text("Sent, paid in part")
    chip.click()

    expect_fact(commissioner, "Status", "Sent, paid in part")
    expect_fact(commissioner, "Paid in part", on_a_day("1,000.00 USD"))
    expect_fact(commissioner, "Still to pay", "190.00 USD")
    number = commissioner.get_by_role("heading", level=1).inner_text()
    freelancer.goto(commissioner.url)
    expect_fact(freelancer, "Credited already", "950.00 USD")
    expect_fact(freelancer, "When the rest is paid", "190.00 USD")
    follow(commissioner, "Pay 190.00 USD")
    happens = card(commissioner, "What will happen")
    expect(happens).to_contain_text("You are charged 190.00 USD, the rest of 1,190.00 USD.")
    steps.choose_method(commissioner, "Sandbox card")
    press(commissioner, "Pay 190.00 USD")

    expect(
        commissioner.get_by_text(f"The rest of {number} is paid, {name} is credited.")
    ).to_be_visible()
    freelancer.reload()
    expect_fact(freelancer, "Status", "Paid")
    expect_fact(freelancer, "Paid in part", on_a_day("1,000.00 USD"))
    expect_fact(freelancer, "Rest paid", on_a_day("190.00 USD"))
    go_to(freelancer, "Wallet")
    rows = freelancer.get_by_role("region", name="Statement").locator("tbody tr")
    expect(rows).to_have_count(2)
    expect(rows.nth(0).locator("td.num")).to_have_text(["+190.00 USD", "1,140.00 USD"])
    expect(rows.nth(1).locator("td.num")).to_have_text(["+950.00 USD", "950.00 USD"])
    expect(rows.nth(1)).to_contain_text("Paid in part")
    installation.assert_books_in_order()


@pytest.mark.parametrize("has_javascript", [True, False])
def test_a_double_click_pays_once(installation: Installation, visit: Visit, has_javascript: bool):
    parties = started_project(installation)
    invoice = parties.sent_invoice()
    commissioner = steps.come_in(visit(java_script_enabled=has_javascript), parties.commissioner)

    steps.open_pay_page(commissioner, invoice)
    steps.choose_method(commissioner, "Sandbox card")
    steps.pay_button(commissioner).dblclick(no_wait_after=True)
    commissioner.wait_for_url(lambda url: not url.endswith("/pay/"))
    address = f"/api/v1/invoices/{invoice['id']}/"
    eventually(lambda: parties.commissioner.read(address)["status"] == "paid")

    assert installation.sql(PAYMENTS, invoice["number"]) == [(1,)]
    assert parties.available() == "3166.67"
