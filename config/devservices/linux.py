"""What a child asks of the Linux kernel between fork and exec."""

import ctypes
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

CLONE_NEWUSER = 0x10000000
PR_SET_PDEATHSIG = 1
NOBODY = 65534
ON_LINUX = sys.platform.startswith("linux")
libc = ctypes.CDLL(None, use_errno=True)


def enter_user_namespace() -> None:
    """Give this process a uid that is not 0 and all its rights on its files: no user, no chown."""
    uid, gid = os.geteuid(), os.getegid()
    if libc.unshare(CLONE_NEWUSER):
        raise OSError(ctypes.get_errno(), "unshare")
    Path("/proc/self/setgroups").write_text("deny")
    Path("/proc/self/uid_map").write_text(f"{NOBODY} {uid} 1")
    Path("/proc/self/gid_map").write_text(f"{NOBODY} {gid} 1")


def user_namespace_works() -> bool:
    """Containers and chroots may refuse it."""
    if not ON_LINUX:
        return False
    try:
        subprocess.run(["true"], preexec_fn=enter_user_namespace, check=True)
    except (OSError, subprocess.SubprocessError):
        return False
    return True


def dying_with(parent: int, death_signal: signal.Signals) -> Callable[[], None]:
    """A step for the child of `parent`: be sent `death_signal` when that process dies, even by kill -9.

    The kernel forgets the wish when a process changes its uid or namespace: take this step last.
    """

    def wish() -> None:
        if not ON_LINUX:
            return
        libc.prctl(PR_SET_PDEATHSIG, int(death_signal))
        if os.getppid() != parent:
            os.kill(os.getpid(), death_signal)

    return wish


def command_line(pid: int) -> list[str]:
    """The arguments of a live process; empty for a dead one and for a zombie."""
    if ON_LINUX:
        try:
            text = Path(f"/proc/{pid}/cmdline").read_text()
        except (OSError, UnicodeDecodeError):
            return []
        return text.rstrip("\0").split("\0") if text else []
    listing = subprocess.run(
        ["ps", "-o", "command=", "-p", str(pid)], capture_output=True, text=True, check=False
    )
    return listing.stdout.split()
