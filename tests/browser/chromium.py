"""Chromium as the tests and scripts/screens.py start it."""

import os
import shutil
from pathlib import Path

from playwright.sync_api import Browser, Playwright

NAMES = (
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
    "microsoft-edge",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
)
FLAGS = (
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-dev-shm-usage",
    "--disable-gpu",
    "--disable-quic",
    "--disable-sync",
    "--no-first-run",
)
MISSING = "no Chromium or Chrome found: install one (apt-get install chromium), or set CHROME=/path"


def executable() -> str | None:
    """CHROME, one on the PATH, or the one that `playwright install chromium` put in its cache."""
    for name in filter(None, (os.environ.get("CHROME"), *NAMES)):
        if found := shutil.which(name):
            return found
    cache = os.environ.get("PLAYWRIGHT_BROWSERS_PATH") or Path.home() / ".cache/ms-playwright"
    installed = sorted(Path(cache).glob("chromium-*/chrome-linux*/chrome"))
    return str(installed[-1]) if installed else None


def launch(playwright: Playwright, path: str) -> Browser:
    """Headless, silent towards the network; without its sandbox only where root leaves none."""
    flags = [*FLAGS, "--no-sandbox"] if os.geteuid() == 0 else [*FLAGS]
    return playwright.chromium.launch(executable_path=path, args=flags)
