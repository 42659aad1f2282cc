"""One Chromium for the suite; a context of its own for each visitor."""

import os
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from tests.browser import chromium
from tests.browser.witness import Witness
from tests.installation import Installation, show_logs

PATIENCE_MS = 15_000
Visit = Callable[..., Page]


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    path = chromium.executable()
    if path is None:
        if os.environ.get("REQUIRE_BROWSER"):
            pytest.fail(f"REQUIRE_BROWSER is set, but there is {chromium.MISSING}")
        pytest.skip(chromium.MISSING)
    expect.set_options(timeout=PATIENCE_MS)
    with sync_playwright() as playwright:
        running = chromium.launch(playwright, path)
        yield running
        running.close()


@pytest.fixture
def visit(browser: Browser, installation: Installation) -> Iterator[Visit]:
    """Opens the site as somebody who was never there; nothing may have gone wrong at the end."""
    seen: list[tuple[BrowserContext, Witness]] = []

    def open_site(*, expected_status: int | None = None, **options: Any) -> Page:
        context = browser.new_context(base_url=installation.address, locale="en-GB", **options)
        context.set_default_timeout(PATIENCE_MS)
        seen.append((context, Witness(context, expected_status=expected_status)))
        return context.new_page()

    yield open_site
    for context, _ in seen:
        context.close()
    assert [complaint for _, witness in seen for complaint in witness.complaints] == []


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[pytest.TestReport]:
    report = yield
    show_logs(item, report)
    return report
