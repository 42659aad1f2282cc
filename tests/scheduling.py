"""Which tests go to which worker of `pytest -n`, and when.

xdist's own `--dist loadgroup` marks tests by a private attribute that pytest 9.2 no longer has.
"""

from typing import Final

from xdist.scheduler import LoadScopeScheduling

TOGETHER: Final = {
    "tests/acceptance/": "a running installation",
    "tests/browser/": "a running installation",
    "tests/kill/": "an installation that is killed",
}
LONG: Final = (
    "tests/kill/",
    "tests/acceptance/",
    "tests/browser/",
    "tests/oracle/",
    "tests/devservices/test_run.py",
)


class FoldersTogether(LoadScopeScheduling):
    """Tests that share a running installation stay on one worker in their order.

    xdist hands out the largest groups first, and among equal ones those that come first: see
    `longest_first`, without which a worker would end up alone with a test of a minute.
    """

    def _split_scope(self, nodeid: str) -> str:
        return next((TOGETHER[name] for name in TOGETHER if nodeid.startswith(name)), nodeid)


def longest_first(nodeid: str) -> bool:
    """A sort key that brings what mostly waits for processes before all the rest."""
    return not nodeid.startswith(LONG)
