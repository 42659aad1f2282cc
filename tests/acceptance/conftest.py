"""One installation for the whole suite, and what its tests hand on to each other."""

from collections.abc import Iterator

import pytest

from tests.installation import Installation, running_installation, show_logs


@pytest.fixture(scope="package")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    with running_installation(tmp_path_factory, name="acceptance") as running:
        yield running


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    report = yield
    show_logs(item, report)
    return report
