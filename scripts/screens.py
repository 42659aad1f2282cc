"""Take the screenshots of docs/screens anew, from a demo of its own that is thrown away afterwards."""

import contextlib
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from config.devservices.run import readiness  # noqa: E402
from tests.browser import chromium  # noqa: E402
from wallets.management.demo_story import DOMAIN, PASSWORD  # noqa: E402

SCREENS = ROOT / "docs" / "screens"
READY_SECONDS = 240
PATIENCE = 90_000
"""Milliseconds for one step: other work may keep the machine busy."""
MAX_BYTES = 250_000
WIDE = (1440, 900)
NARROW = (390, 844)


@dataclass(frozen=True)
class Screen:
    """One picture: whose page, how to get there, and on what kind of screen."""

    name: str
    path: str
    who: str = ""
    follow: tuple[str, ...] = ()
    theme: str = "light"
    size: tuple[int, int] = WIDE
    steps: Callable[[Page], None] | None = None


def write_a_plan(page: Page) -> None:
    """The first step of posting a gig, and the second up to its live split."""
    page.locator("[name=title]").fill("Online shop for a ceramics studio")
    page.locator("[name=category]").select_option("development")
    page.locator("[name=description]").fill("Sixty pieces, two currencies, and a quiet check-out.")
    page.locator("main form button[type=submit]").first.click()
    page.locator("[name=budget]").fill("10000.00")
    page.locator("[name=currency]").select_option("USD")
    for row, title in enumerate(("Wireframes and flows", "Design and build", "Launch")):
        page.locator(f"[name=rows-{row}-title]").fill(title)
    page.locator("#live-split li").nth(2).wait_for()
    page.get_by_text("Launch").wait_for()


def ask_for_credit(page: Page) -> None:
    """A part of an invoice that is paid, with its preview."""
    page.locator("a[href^='/invoices/'][href$='/credit/']").first.click()
    page.locator("[name=extent][value=part]").check()
    page.locator("[name=amount]").fill("250.00")
    page.locator("[name=reason]").fill("The third language comes later.")
    page.locator("[name=reason]").blur()
    page.get_by_text("is issued at once").wait_for()


def issue_the_note(page: Page) -> None:
    ask_for_credit(page)
    page.get_by_role("button", name="Issue the credit note").click()
    page.wait_for_url(re.compile(r"/invoices/inv_[0-9a-f]+/$"))


def agree_on_extra(page: Page) -> None:
    """What lets the freelancer write invoices by hand."""
    page.wait_for_url("**/projects/prj_*/")
    page.goto(f"{page.url}extra/")
    page.locator("[name=amount]").fill("1200.00")
    page.locator("[name=reason]").fill("Moving the archive of the old site")
    page.get_by_role("button", name="Agree").click()
    page.wait_for_url(re.compile(r"/projects/prj_[0-9a-f]+/$"))


def write_a_draft(page: Page) -> None:
    """Three lines that are kept; then the draft is what the page shows."""
    page.locator("[name=project]").select_option(label="Guided tour app")
    lines = (("Moving 412 pages", "7.5", "HUR", "60.00"), ("Scans", "120", "EA", "1.25"))
    for row, (words, quantity, unit, price) in enumerate(lines):
        page.locator(f"[name$='-{row}-description']").fill(words)
        page.locator(f"[name$='-{row}-quantity']").fill(quantity)
        page.locator(f"[name$='-{row}-unit']").select_option(unit)
        page.locator(f"[name$='-{row}-price']").fill(price)
    page.get_by_role("button", name="Keep as a draft").click()
    page.get_by_text("Total before tax").wait_for()


def ask_what_arrives(page: Page) -> None:
    page.locator("main [name=amount]").fill("500.00")
    page.get_by_role("button", name="See what arrives").click()
    page.get_by_text("What will happen").wait_for()


FIRST_PROJECT = "a[href^='/projects/prj_']"
COMPLETION = "a:has-text('Guided tour app')"
INVOICE = "tr:not(:has-text('Guided tour app')) a[href^='/invoices/inv_']"
PAID = "/invoices/?side=sent&status=paid"
REVIEW = "a[href*='/review/']"
SCREENS_TO_TAKE = (
    Screen("landing", "/"),
    Screen("sign-up", "/accounts/signup/"),
    Screen("dashboard", "/dashboard/", who="fred"),
    Screen("gigs", "/gigs/", who="fred"),
    Screen("gig", "/gigs/", who="fred", follow=("article h3 a",)),
    Screen("post-a-gig", "/gigs/post/", who="clara", steps=write_a_plan),
    Screen("project", "/projects/", who="clara", follow=(FIRST_PROJECT,)),
    Screen("review", "/dashboard/", who="clara", follow=(REVIEW,)),
    Screen("invoice", "/invoices/", who="clara", follow=(INVOICE,)),
    Screen("wallet", "/wallet/", who="fred"),
    Screen("dashboard-dark", "/dashboard/", who="clara", theme="dark"),
    Screen("completion", "/projects/", who="clara", follow=(COMPLETION,)),
    Screen("extra-work", "/projects/", who="clara", follow=(COMPLETION,), steps=agree_on_extra),
    Screen("draft", "/invoices/new/", who="fred", steps=write_a_draft),
    Screen("draft-390", "/invoices/new/", who="fred", steps=write_a_draft, size=NARROW),
    Screen("credit-an-invoice", PAID, who="fred", follow=(INVOICE,), steps=ask_for_credit),
    Screen("credit-note", PAID, who="fred", follow=(INVOICE,), steps=issue_the_note),
    Screen("credit", "/credit/", who="clara"),
    Screen("credit-dark", "/credit/", who="clara", theme="dark"),
    Screen("withdraw", "/withdraw/", who="fred", steps=ask_what_arrives),
    Screen("withdraw-390", "/withdraw/", who="fred", steps=ask_what_arrives, size=NARROW),
    Screen("foreign-invoices", "/invoices/foreign/", who="fred"),
    Screen("project-390", "/projects/", who="fred", follow=(FIRST_PROJECT,), size=NARROW),
)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextlib.contextmanager
def demo() -> Iterator[str]:
    """`make run` with the demo's data, in a directory of its own; yields its address."""
    home, port = Path(tempfile.mkdtemp(prefix="tranche-screens-")), free_port()
    environment = {
        name: value
        for name, value in os.environ.items()
        if name not in {"DATABASE_URL", "DATABASE_OWNER_URL", "REDIS_URL"}
    }
    environment |= {"TRANCHE_HOME": str(home), "PORT": str(port), "DEMO": "1"}
    command = [sys.executable, "-m", "config.devservices.run", "--stop-with-parent"]
    running = subprocess.Popen(command, cwd=ROOT, env=environment)
    try:
        deadline = time.monotonic() + READY_SECONDS
        while problem := readiness(port):
            if running.poll() is not None or time.monotonic() > deadline:
                sys.exit(f"The demo does not start: {problem}")
            time.sleep(0.5)
        yield f"http://127.0.0.1:{port}"
    finally:
        running.send_signal(signal.SIGTERM)
        running.wait()
        shutil.rmtree(home)


def sign_in(page: Page, key: str) -> None:
    page.goto("/accounts/login/")
    page.locator("[name=login]").fill(f"{key}@{DOMAIN}")
    page.locator("[name=password]").fill(PASSWORD)
    page.locator("main form button[type=submit]").click()
    page.wait_for_url("**/dashboard/")


def take(browser: Browser, address: str, screen: Screen) -> None:
    """Open the page as its reader does, wait until it is quiet, and write the picture."""
    width, height = screen.size
    context = browser.new_context(
        base_url=address,
        locale="en-GB",
        viewport={"width": width, "height": height},
        device_scale_factor=1,
        color_scheme="dark" if screen.theme == "dark" else "light",
        reduced_motion="reduce",
    )
    context.set_default_timeout(PATIENCE)
    page = context.new_page()
    if screen.who:
        sign_in(page, screen.who)
    page.goto(screen.path)
    for selector in screen.follow:
        page.locator(f"main {selector}").first.click()
    if screen.steps:
        screen.steps(page)
    page.wait_for_load_state("networkidle")
    page.evaluate("document.fonts.ready.then(() => document.activeElement.blur())")
    target = SCREENS / f"{screen.name}.png"
    page.screenshot(path=target)
    context.close()
    size = target.stat().st_size
    print(f"{target.relative_to(ROOT)}  {size // 1000} kB")
    if size > MAX_BYTES:
        sys.exit(f"{target.name} has {size} bytes; {MAX_BYTES} are allowed.")


def main() -> None:
    path = chromium.executable()
    if path is None:
        sys.exit(f"There is {chromium.MISSING}")
    SCREENS.mkdir(parents=True, exist_ok=True)
    given = os.environ.get("SCREENS_OF")
    source = contextlib.nullcontext(given) if given else demo()
    with source as address, sync_playwright() as playwright:
        browser = chromium.launch(playwright, path)
        for screen in SCREENS_TO_TAKE:
            take(browser, address, screen)
        browser.close()


if __name__ == "__main__":
    main()
