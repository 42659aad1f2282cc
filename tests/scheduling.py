"""Which tests go to which worker of `pytest -n`.

xdist's own `--dist loadgroup` marks tests by a private attribute that pytest 9.2 no longer has.
"""

from typing import Final

from xdist.scheduler import LoadScopeScheduling

TOGETHER: Final = ("tests/acceptance/", "tests/browser/", "tests/kill/")


class FoldersTogether(LoadScopeScheduling):
    """Tests that share a running installation stay on one worker in their order."""

    def _split_scope(self, nodeid: str) -> str:
        return next((folder for folder in TOGETHER if nodeid.startswith(folder)), nodeid)
