"""What the processes of an installation are told, and where that is kept."""

import base64
import os
import secrets
import shlex
import socket
from collections.abc import Mapping
from pathlib import Path

from config.devservices.exceptions import Refused

SECRET_LENGTH = 50
DEFAULT_PORT = 8000
HIGHEST_PORT = 65535
OWNER_URL = "DATABASE_OWNER_URL"
WEB_POOL = "4"


def chosen_port() -> int:
    """$PORT, or 8000."""
    text = os.environ.get("PORT") or str(DEFAULT_PORT)
    if not text.isascii() or not text.isdigit() or not 0 < int(text) <= HIGHEST_PORT:
        raise Refused(f"PORT={text} is no port: give a number from 1 to {HIGHEST_PORT}.")
    return int(text)


def wants_demo() -> bool:
    """Demo data are loaded unless DEMO=0."""
    return os.environ.get("DEMO", "1").lower() not in {"0", "no", "false", "off"}


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def secret_key(home: Path) -> str:
    """Made once for each data directory, so that sessions outlive a restart."""
    path = home / "secret_key"
    if path.exists() and len(known := path.read_text().strip()) >= SECRET_LENGTH:
        return known
    key = secrets.token_urlsafe(64)
    write_private(path, key)
    return key


def encryption_key(home: Path) -> str:
    """Made once for each data directory: what it sealed could not be read with another one."""
    path = home / "encryption_key"
    if path.exists():
        return path.read_text().strip()
    key = base64.urlsafe_b64encode(secrets.token_bytes(32)).decode()
    write_private(path, key)
    return key


def anchor_key(home: Path) -> str:
    """Made once for each data directory: receipts name it."""
    path = home / "anchor_key"
    if path.exists():
        return path.read_text().strip()
    key = base64.b64encode(secrets.token_bytes(32)).decode()
    write_private(path, key)
    return key


def write_private(path: Path, text: str) -> None:
    """Replace a file that only its owner may read, whole or not at all."""
    partial = path.with_name(f"{path.name}.{os.getpid()}")
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as handle:
        handle.write(text)
    partial.replace(path)


def compose(home: Path, address: str, started: Mapping[str, str]) -> dict[str, str]:
    """Our environment, completed by what is missing and by the URLs of the servers just started."""
    defaults = {
        "DJANGO_SETTINGS_MODULE": "config.settings.dev",
        "SITE_URL": address,
        "PYTHONUNBUFFERED": "1",
    }
    chosen = {key: value for key, value in os.environ.items() if value}
    environment = {**defaults, **chosen, **started, "TRANCHE_HOME": str(home)}
    if "SECRET_KEY" not in environment:
        environment["SECRET_KEY"] = secret_key(home)
    if "SANDBOX_PAYOUT_URL" not in environment:
        port = free_port()
        environment["SANDBOX_PAYOUT_PORT"] = str(port)
        environment["SANDBOX_PAYOUT_URL"] = f"http://127.0.0.1:{port}"
        environment.setdefault("SANDBOX_PAYOUT_SECRETS", secrets.token_urlsafe(32))
    if "ENCRYPTION_KEYS" not in environment:
        environment["ENCRYPTION_KEYS"] = encryption_key(home)
    if "ANCHOR_KEY" not in environment:
        environment["ANCHOR_KEY"] = anchor_key(home)
    if "ANCHOR_FILE" not in environment:
        environment["ANCHOR_FILE"] = str(home / "anchors.jsonl")
    return environment


def without_owner(environment: Mapping[str, str]) -> dict[str, str]:
    """For the processes that serve: none of them may change the schema or the ledger's rows."""
    return {key: value for key, value in environment.items() if key != OWNER_URL}


def save(home: Path, environment: Mapping[str, str]) -> None:
    """For commands beside the running installation: `set -a; . .local/env; set +a`."""
    names = (
        "DJANGO_SETTINGS_MODULE",
        "DATABASE_URL",
        "REDIS_URL",
        "SECRET_KEY",
        "ENCRYPTION_KEYS",
        "ANCHOR_KEY",
        "ANCHOR_FILE",
        "SANDBOX_PAYOUT_URL",
        "SANDBOX_PAYOUT_SECRETS",
        "SITE_URL",
    )
    lines = [f"{name}={shlex.quote(environment[name])}\n" for name in names if name in environment]
    write_private(home / "env", "".join(lines))
