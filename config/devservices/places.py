"""Where an installation keeps its data and its sockets, and the locks on them."""

import contextlib
import fcntl
import hashlib
import os
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path

from config.devservices.exceptions import Refused

REPOSITORY = Path(__file__).resolve().parents[2]
SOCKET_PATH_ROOM = 60


def home() -> Path:
    """The data directory: $TRANCHE_HOME, or .local in the repository."""
    return Path(os.environ.get("TRANCHE_HOME") or REPOSITORY / ".local").expanduser().resolve()


def socket_dir(data: Path, owner: int) -> Path:
    """A private directory with a short name: a socket's whole path may have 107 bytes, no more."""
    tag = hashlib.sha256(str(data).encode()).hexdigest()[:10]
    parent = tempfile.gettempdir()
    if len(parent.encode()) > SOCKET_PATH_ROOM:
        parent = "/tmp"
    directory = Path(parent, f"tranche-{os.getuid()}-{tag}")
    with contextlib.suppress(FileExistsError):
        directory.mkdir(mode=0o700)
    status = directory.lstat()
    if not stat.S_ISDIR(status.st_mode) or status.st_uid not in {os.getuid(), owner}:
        raise Refused(f"{directory} belongs to somebody else: remove it, or set TMPDIR.")
    directory.chmod(0o700)
    return directory


@contextlib.contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold `path` for one process at a time; the kernel lets go when the holder dies."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
