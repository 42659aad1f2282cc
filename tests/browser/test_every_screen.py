"""The product without JavaScript, and on a telephone."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.acceptance.steps import Parties, answer, gig_body, new_person, started_project
from tests.browser import steps
from tests.browser.conftest import Visit
from tests.browser.steps import expect_fact, follow, milestone, press
from tests.installation import Installation, Person, eventually

pytestmark = pytest.mark.browser

PHONE = {"width": 390, "height": 844}
TOO_WIDE = """
() => [...document.querySelectorAll("body *")]
  .filter((element) => document.documentElement.scrollWidth > innerWidth
    && element.getBoundingClientRect().right > innerWidth + 0.5)
  .map((element) => `${element.tagName} ${element.className}`)
  .slice(0, 5)
"""
BACKGROUND = "() => getComputedStyle(document.body).backgroundColor"


def apply_without_javascript(page: Page, title: str) -> None:
    page.goto("/gigs/")
    page.get_by_label("Search", exact=True).fill(title)
    press(page, "Search")
    follow(page, title)
    steps.apply(page)


def hire_without_javascript(page: Page, gig_id: str, freelancer: Person) -> str:
    """The address of the project."""
    page.goto(f"/gigs/{gig_id}/candidates/")
    follow(page, "Hire")
    press(page, "Hire and start the project")
    expect(page.get_by_text(f"{freelancer.name} is hired. The terms are frozen.")).to_be_visible()
    return page.url


def approve_without_javascript(page: Page) -> None:
    page.reload()
    milestone(page, "Part 1").get_by_role("link", name="Review work", exact=True).click()
    follow(page, "See what approving does")
    expect_fact(page, "Credited to the freelancer", "3,166.67 USD")
    page.go_back()
    press(page, "Approve Part 1")


def pay_without_javascript(page: Page, project: str) -> None:
    """A page that does not ask by itself is looked at again."""

    def invoice_is_there() -> bool:
        page.goto(project)
        return milestone(page, "Part 1").locator("a.chip").is_visible()

    eventually(invoice_is_there)
    milestone(page, "Part 1").locator("a.chip").click()
    follow(page, "Pay 3,333.34 USD")
    press(page, "Pay 3,333.34 USD")


def choose_and_pay(page: Page) -> None:
    """After the first try, which named no method."""
    expect(page.get_by_text("Choose what to pay with.")).to_be_visible()
    steps.choose_method(page, "Sandbox card")
    press(page, "Pay 3,333.34 USD")
    expect(page.get_by_role("heading", name="Paid", exact=True)).to_be_visible()


def test_the_path_works_without_javascript(installation: Installation, visit: Visit):
    buyer = new_person(installation, "commissioner")
    seller = new_person(installation, "freelancer")
    gig = answer(buyer.post("/api/gigs/post", gig_body()), 201)
    careless = visit(java_script_enabled=False, expected_status=422)
    commissioner = steps.come_in(careless, buyer)
    freelancer = steps.come_in(visit(java_script_enabled=False), seller)

    apply_without_javascript(freelancer, gig["title"])
    project = hire_without_javascript(commissioner, gig["id"], seller)
    freelancer.goto(project)
    steps.submit(freelancer, "Part 1", message="Done.")
    approve_without_javascript(commissioner)
    pay_without_javascript(commissioner, project)
    choose_and_pay(commissioner)

    freelancer.goto("/wallet/")
    available = freelancer.get_by_role("region", name="Available", exact=True)
    expect(available).to_contain_text("3,166.67 USD")


def test_the_wizard_works_without_javascript(installation: Installation, visit: Visit):
    buyer = new_person(installation, "commissioner")
    page = steps.come_in(visit(java_script_enabled=False), buyer)

    steps.describe_gig(page, title="Shop without scripts")
    steps.plan_gig(page, budget="10000.00")
    press(page, "Work it out")
    expect(page.locator("#live-split").get_by_role("listitem").first).to_contain_text(
        "3,333.34 USD"
    )
    press(page, "2")
    expect(page.locator("#live-split").get_by_role("listitem").first).to_contain_text(
        "5,000.00 USD"
    )
    press(page, "Next: review")
    press(page, "Post this gig")

    expect(page.get_by_role("heading", level=1)).to_have_text("Shop without scripts")
    expect(page.get_by_text("Your gig is open for applications.")).to_be_visible()


def busy_project(installation: Installation) -> tuple[Parties, str]:
    """One milestone invoiced, one in review; and the id of the invoice."""
    parties = started_project(installation)
    invoice = parties.sent_invoice()
    parties.submit(parties.task_ids[1])
    return parties, invoice["id"]


def addresses(parties: Parties, invoice_id: str) -> dict[str, tuple[str, ...]]:
    """Main pages, by who opens them."""
    project, (_, in_review, planned) = f"/projects/{parties.project['id']}/", parties.task_ids
    return {
        "stranger": ("/", "/accounts/signup/", "/accounts/login/", "/gigs/", "/status/"),
        "commissioner": (
            "/dashboard/",
            "/gigs/mine/",
            f"/gigs/{parties.project['gig_id']}/candidates/",
            project,
            f"/milestones/{in_review}/review/",
            f"/invoices/{invoice_id}/",
            f"/invoices/{invoice_id}/pay/",
            "/payment-methods/",
            "/credit/",
            "/credit/top-up/",
            f"/milestones/{in_review}/refund/",
            "/settings/",
        ),
        "freelancer": (
            "/dashboard/",
            project,
            f"/milestones/{planned}/submit/",
            f"/milestones/{planned}/give-back/",
            "/invoices/",
            "/wallet/",
            "/settings/tokens/",
        ),
    }


def assert_fits_in_both_themes(page: Page) -> None:
    page.wait_for_load_state("networkidle")
    grounds = set()
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        assert page.evaluate(TOO_WIDE) == [], f"{page.url} is too wide in {scheme}"
        grounds.add(page.evaluate(BACKGROUND))
    assert len(grounds) == 2, f"{page.url} looks the same in light and dark"


@pytest.mark.parametrize("who", ["stranger", "commissioner", "freelancer"])
def test_pages_fit_a_telephone(installation: Installation, visit: Visit, who: str):
    parties, invoice_id = busy_project(installation)
    page = visit(viewport=PHONE)
    if who != "stranger":
        steps.come_in(page, getattr(parties, who))

    for address in addresses(parties, invoice_id)[who]:
        page.goto(address)
        assert_fits_in_both_themes(page)


def test_the_wizard_fits_a_telephone(installation: Installation, visit: Visit):
    page = steps.come_in(visit(viewport=PHONE), new_person(installation, "commissioner"))

    steps.describe_gig(page, title="Shop on a telephone")
    steps.plan_gig(page, budget="1234567890.12")
    expect(page.locator("#live-split")).to_contain_text("411,522,630.04 USD")
    assert_fits_in_both_themes(page)
    press(page, "Next: review")
    expect(page).to_have_url(re.compile("/gigs/post/review/$"))
    assert_fits_in_both_themes(page)
