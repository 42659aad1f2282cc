"""What was measured, and where: the head of every benchmark's report."""

import os
import platform
import subprocess

from benchmarks.installation import REPOSITORY


def described() -> str:
    """The commit and the machine."""
    return f"commit {_commit()}, {platform.machine()}, {os.cpu_count()} cores, {_memory()}"


def _commit() -> str:
    command = ["git", "rev-parse", "--short", "HEAD"]
    return subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True).stdout.strip()


def _memory() -> str:
    pages = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return f"{pages / 2**30:.0f} GiB"
