"""What goes wrong in a page without anybody seeing it: it is written down, and fails the test."""

from playwright.sync_api import BrowserContext, ConsoleMessage, Page, Request, Response

REPORT_VIOLATIONS = """
document.addEventListener("securitypolicyviolation", (event) => {
  console.error(`CSP refused ${event.blockedURI} for ${event.effectiveDirective}`);
});
"""
LOUD = ("error", "warning")
LEFT_BEHIND = "net::ERR_ABORTED"
"""A request that the page left behind when it went on, or that became a download."""


class Witness:
    """Console errors and warnings, exceptions, CSP reports, failed answers of one context."""

    def __init__(self, context: BrowserContext, *, expected_status: int | None = None) -> None:
        self.complaints: list[str] = []
        self.expected_status = expected_status
        context.add_init_script(REPORT_VIOLATIONS)
        context.on("page", self._watch)
        context.on("response", self._response)
        context.on("requestfailed", self._request_failed)

    def _watch(self, page: Page) -> None:
        page.on("console", self._console)
        page.on("pageerror", lambda error: self._note(page, f"exception: {error}"))

    def _console(self, message: ConsoleMessage) -> None:
        if message.type in LOUD and not self._is_expected(message.text):
            self._note(message.page, f"console {message.type}: {message.text}")

    def _response(self, response: Response) -> None:
        if response.status >= 400 and response.status != self.expected_status:
            self.complaints.append(f"{response.status} {response.request.method} {response.url}")

    def _is_expected(self, text: str) -> bool:
        """Chromium itself writes one line about each answer that is an error."""
        status = self.expected_status
        return status is not None and f"responded with a status of {status} " in text

    def _request_failed(self, request: Request) -> None:
        if request.failure and request.failure != LEFT_BEHIND:
            self.complaints.append(f"{request.failure} {request.method} {request.url}")

    def _note(self, page: Page | None, text: str) -> None:
        self.complaints.append(f"{page.url if page else '?'}: {text}")
