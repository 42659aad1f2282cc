import re
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
READS = re.compile(r"""(?:env(?:\.\w+)?\(|environ(?:\.get\(|\[))\s*"([A-Z_]+)\"""")
PACKAGES = ("config", "common", "outbox", "accounts", "gigs", "invoicing", "wallets")


def test_env_example_names_every_variable_that_is_read() -> None:
    read = {
        name
        for package in PACKAGES
        for path in (REPOSITORY / package).rglob("*.py")
        for name in READS.findall(path.read_text())
    }
    text = (REPOSITORY / ".env.example").read_text()
    named = set(re.findall(r"^(?:# )?([A-Z][A-Z_]+)(?:=|,)", text, re.MULTILINE)) | {"REDIS_URL"}

    assert read - named == set()
    assert named - read == {"DJANGO_SETTINGS_MODULE"}


def test_values_are_what_an_environment_file_takes() -> None:
    """systemd takes all that follows the first = as the value, comments too."""
    lines = (REPOSITORY / ".env.example").read_text().splitlines()
    values = [line for line in lines if re.match(r"[A-Z_]+=", line)]

    assert [line for line in values if " " in line or "#" in line] == []
