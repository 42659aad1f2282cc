"""What the processes said stands below a failure."""

from collections.abc import Iterator

import pytest

from tests.installation import show_logs


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    report = yield
    show_logs(item, report)
    return report
