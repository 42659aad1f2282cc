"""Makes .venv hold what a requirements file asks for; does nothing when it does already.

Run by the machine's own Python as a plain file, before anything is installed.
"""

import fcntl
import hashlib
import json
import subprocess
import sys
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
VENV = REPOSITORY / ".venv"
PYTHON = VENV / "bin" / "python"
STAMP = VENV / "installed.json"
BOOTSTRAP = "requirements-bootstrap.txt"
DEVELOPMENT = "requirements-dev.txt"


def fingerprint(name: str) -> dict[str, str]:
    """What an installation of this file depends on."""
    digest = hashlib.sha256((REPOSITORY / name).read_bytes()).hexdigest()
    return {"file": name, "sha256": digest, "venv": str(VENV)}


def installed() -> dict[str, str]:
    """The fingerprint of the last installation that was finished."""
    try:
        stamp: dict[str, str] = json.loads(STAMP.read_text())
    except (OSError, ValueError):
        return {}
    return stamp if stamp.get("venv") == str(VENV) else {}


def target(wanted: str) -> str | None:
    """The file to install, or None. What serves development also serves a run, and is not taken away."""
    stamp = installed()
    name = DEVELOPMENT if stamp.get("file") == DEVELOPMENT else wanted
    if stamp == fingerprint(name) and PYTHON.exists():
        return None
    return name


def run(*command: str | Path) -> bool:
    return subprocess.run(command, check=False, cwd=REPOSITORY).returncode == 0


def install(name: str) -> bool:
    """With uv, which takes seconds; with pip where uv does not run."""
    STAMP.unlink(missing_ok=True)
    if not installed_python_works() and not run(sys.executable, "-m", "venv", "--clear", VENV):
        return False
    pip = (PYTHON, "-m", "pip", "--disable-pip-version-check", "-q")
    with_uv = run(*pip, "install", "--require-hashes", "-r", BOOTSTRAP) and run(
        PYTHON, "-m", "uv", "pip", "sync", "-q", "--python", PYTHON, "--require-hashes", name
    )
    return with_uv or run(*pip, "install", "--require-hashes", "-r", name)


def installed_python_works() -> bool:
    """A checkout that was moved, or a Python that was removed, leaves a broken .venv behind."""
    marker = VENV / "bin" / "activate"
    if not PYTHON.exists() or not marker.exists() or str(VENV) not in marker.read_text():
        return False
    return run(PYTHON, "-c", "import pip")


def main() -> int:
    if VENV.is_symlink():
        print(".venv is a link to another environment, which would be emptied.", file=sys.stderr)
        return 1
    with (REPOSITORY / ".venv.lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        name = target(sys.argv[1])
        if name is None:
            return 0
        print(f"Installing {name} into .venv", flush=True)
        if not install(name):
            print(f"Installing {name} failed; the lines above say why.", file=sys.stderr)
            return 1
        STAMP.write_text(json.dumps(fingerprint(name)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
