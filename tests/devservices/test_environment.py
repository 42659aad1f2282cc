from pathlib import Path

import pytest

from config.devservices.environment import (
    chosen_port,
    compose,
    save,
    secret_key,
    wants_demo,
    without_owner,
)
from config.devservices.exceptions import Refused

ADDRESS = "http://127.0.0.1:8000"
STARTED = {
    "DATABASE_URL": "postgresql://tranche_app@/tranche?host=/s",
    "DATABASE_OWNER_URL": "postgresql://tranche_owner@/tranche?host=/s",
    "REDIS_URL": "unix:///s/valkey.sock?db=0",
}


@pytest.fixture(autouse=True)
def _nothing_chosen(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (*STARTED, "PORT", "DEMO", "SECRET_KEY", "SITE_URL", "DJANGO_SETTINGS_MODULE"):
        monkeypatch.delenv(name, raising=False)


def test_the_secret_is_made_once_and_private(tmp_path: Path) -> None:
    first = secret_key(tmp_path)

    assert secret_key(tmp_path) == first
    assert len(first) >= 50
    assert (tmp_path / "secret_key").stat().st_mode & 0o777 == 0o600


def test_half_a_secret_is_replaced(tmp_path: Path) -> None:
    (tmp_path / "secret_key").write_text("abc")

    assert len(secret_key(tmp_path)) >= 50


def test_compose_tells_the_processes_where_the_started_servers_are(tmp_path: Path) -> None:
    environment = compose(tmp_path, ADDRESS, STARTED)

    assert environment.items() >= STARTED.items()
    assert environment["DJANGO_SETTINGS_MODULE"] == "config.settings.dev"
    assert environment["SITE_URL"] == ADDRESS
    assert environment["SECRET_KEY"] == secret_key(tmp_path)


def test_compose_keeps_what_somebody_chose(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://there/tranche")
    monkeypatch.setenv("SITE_URL", "https://tranche.example")
    monkeypatch.setenv("SECRET_KEY", "chosen")

    environment = compose(tmp_path, ADDRESS, {"REDIS_URL": STARTED["REDIS_URL"]})

    assert environment["DATABASE_URL"] == "postgresql://there/tranche"
    assert environment["SITE_URL"] == "https://tranche.example"
    assert environment["SECRET_KEY"] == "chosen"
    assert not (tmp_path / "secret_key").exists()


def test_serving_processes_never_learn_the_owners_url(tmp_path: Path) -> None:
    environment = compose(tmp_path, ADDRESS, STARTED)

    serving = without_owner(environment)
    save(tmp_path, environment)

    assert set(environment) - set(serving) == {"DATABASE_OWNER_URL"}
    assert "tranche_owner" not in (tmp_path / "env").read_text()
    assert (tmp_path / "env").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(("text", "port"), [("", 8000), ("1", 1), ("65535", 65535)])
def test_port_is_eight_thousand_unless_chosen(
    monkeypatch: pytest.MonkeyPatch, text: str, port: int
) -> None:
    monkeypatch.setenv("PORT", text)

    assert chosen_port() == port


@pytest.mark.parametrize("text", ["0", "65536", "-1", "80.5", "eight", "٨٠"])
def test_what_is_no_port_is_refused(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setenv("PORT", text)

    with pytest.raises(Refused, match="is no port"):
        chosen_port()


def test_demo_can_be_declined(monkeypatch: pytest.MonkeyPatch) -> None:
    assert wants_demo()

    monkeypatch.setenv("DEMO", "0")

    assert not wants_demo()
