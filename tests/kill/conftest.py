"""One installation, whose processes are killed."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.installation import Installation, running_installation, show_logs
from tests.kill.failing import HURRIED, ROUNDS, Failing
from tests.kill.proxy import Proxy


@pytest.fixture(scope="package")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    with running_installation(tmp_path_factory, name="kill") as running:
        yield running


@pytest.fixture(scope="package")
def failing(installation: Installation) -> Iterator[Failing]:
    """The installation with failpoints, short leases, and a proxy between web and database."""
    folder = Path(tempfile.mkdtemp(prefix="tranche-kill-"))
    database = installation.environment["DATABASE_URL"]
    address, _, server = database.partition("?host=")
    proxy = Proxy(folder, Path(server))
    armed = {**HURRIED, "FAILPOINTS": str(folder), "ALLOW_FAILPOINTS": "1"}
    installation.restart("relay", **armed, OUTBOX_RESEND_SECONDS="2")
    installation.restart("worker", **armed)
    installation.restart("web", **armed, DATABASE_URL=f"{address}?host={folder}")
    installation.wait_until_ready()
    yield Failing(installation, folder, proxy)
    proxy.close()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="module", params=range(ROUNDS))
def round_number(request: pytest.FixtureRequest) -> int:
    """`make nightly` does all of it several times."""
    return request.param


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    report = yield
    show_logs(item, report)
    return report
