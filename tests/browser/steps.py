"""Steps of the path from gig to wallet as people take them, with the words that they read."""

import re
from typing import Any

from playwright.sync_api import Locator, Page, expect

from tests.installation import Person

PASSWORD = "a long and private sentence"
LINK = "https://example.com/work"
MILESTONES = ("Wireframes and flows", "Design and build", "Launch and handover")


def press(page: Page, name: str) -> None:
    """A button, once the page is loaded: a click before that can be lost."""
    page.wait_for_load_state()
    page.get_by_role("button", name=name, exact=True).click()


def follow(page: Page, name: str) -> None:
    page.get_by_role("link", name=name, exact=True).click()


def go_to(page: Page, name: str) -> None:
    """By the navigation beside each page."""
    page.get_by_role("navigation", name="Main").get_by_role("link", name=name).click()


def expect_fact(where: Page | Locator, label: str, value: str | re.Pattern[str]) -> None:
    """A line of a list of facts: its label and its value, to the letter or by a pattern."""
    term = where.get_by_role("term").filter(has_text=re.compile(f"^{re.escape(label)}$"))
    expect(term.locator("xpath=following-sibling::dd[1]")).to_have_text(value)


def card(page: Page, title: str) -> Locator:
    return page.locator(".card").filter(has=page.get_by_role("heading", name=title, exact=True))


def milestone(page: Page, title: str) -> Locator:
    """A milestone on the page of its project."""
    item = page.get_by_role("list", name="Milestones", exact=True).locator("> li")
    return item.filter(has=page.get_by_role("heading", name=title, exact=True))


def register(page: Page, *, name: str, role: str) -> None:
    """Create an account, and sign in with it."""
    email = f"{name.lower().replace(' ', '.')}@example.com"
    page.goto("/")
    page.get_by_role("main").get_by_role("link", name="Create account", exact=True).first.click()
    page.get_by_role("radio", name=role).check()
    page.get_by_label("Name", exact=True).fill(name)
    page.get_by_label("E-mail", exact=True).fill(email)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    press(page, "Create account")
    expect(page.get_by_text("Welcome. We have sent you a mail; sign in to go on.")).to_be_visible()
    sign_in(page, email=email, password=PASSWORD)


def sign_in(page: Page, *, email: str, password: str) -> None:
    if not page.url.endswith("/accounts/login/"):
        page.goto("/accounts/login/")
    page.get_by_label(re.compile("^E-?mail$", re.IGNORECASE)).fill(email)
    page.get_by_label("Password", exact=True).fill(password)
    page.get_by_role("main").get_by_role("button", name="Sign in", exact=True).click()
    page.wait_for_url("**/dashboard/")


def come_in(page: Page, person: Person) -> Page:
    sign_in(page, email=person.email, password=person.password)
    return page


def describe_gig(page: Page, *, title: str) -> None:
    """The wizard's first step."""
    page.goto("/gigs/post/")
    page.get_by_label("Title", exact=True).fill(title)
    page.get_by_label("Category").select_option(label="Development")
    page.get_by_label("Skills").fill("django, css")
    page.get_by_label("Description", exact=True).fill("A shop for a ceramics studio.")
    press(page, "Next: budget and milestones")


def plan_gig(page: Page, *, budget: str, currency: str = "USD") -> None:
    """What the wizard's second step asks for, without going on."""
    page.get_by_label("Currency").select_option(currency)
    for number, title in enumerate(MILESTONES):
        page.locator(f"[name=rows-{number}-title]").fill(title)
    page.get_by_label("Budget", exact=True).fill(budget)


def apply(page: Page) -> None:
    """On the page of a gig."""
    page.get_by_label("Your pitch").fill("I have built two shops like this.")
    page.get_by_label("Links to work of yours").fill(LINK)
    press(page, "Send application")
    expect(page.get_by_text("Your application is with the commissioner.")).to_be_visible()


def submit(page: Page, title: str, *, message: str) -> None:
    """On the page of a project."""
    milestone(page, title).get_by_role("link", name="Submit work", exact=True).click()
    page.get_by_label("What you deliver").fill(message)
    page.get_by_label("Links").fill(LINK)
    press(page, "Submit for review")
    expect(milestone(page, title).locator(".pill").first).to_have_text("In review")


def open_pay_page(page: Page, invoice: dict[str, Any]) -> None:
    page.goto(f"/invoices/{invoice['id']}/")
    page.get_by_role("link", name=re.compile("^Pay ")).click()


def choose_method(page: Page, name: str) -> None:
    page.get_by_role("radio", name=name, exact=True).check()


def pay_button(page: Page) -> Locator:
    return page.get_by_role("button", name=re.compile("^Pay "))
