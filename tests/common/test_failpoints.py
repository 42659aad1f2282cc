import os
import signal
import subprocess
import sys
import time

import pytest
from django.core.checks import run_checks
from django.db import OperationalError

from common import failpoints
from common.failpoints import Action, failpoint, from_folder, from_table
from config.devservices.places import REPOSITORY

REACH = "from common.failpoints import failpoint; failpoint('a.b'); failpoint('c.d'); print('on')"


def process(code, **environment):
    return subprocess.run(
        [sys.executable, "-c", code], cwd=REPOSITORY, env={"PATH": os.environ["PATH"], **environment},
        capture_output=True, text=True, check=False,
    )  # fmt: skip


@pytest.fixture
def wanted(monkeypatch):
    """Sets the two variables of this process."""

    def set_both(what, allowed):
        monkeypatch.setenv("FAILPOINTS", what)
        monkeypatch.setenv("ALLOW_FAILPOINTS", allowed)

    return set_both


def test_nothing_happens_where_nothing_is_wanted():
    assert failpoints.armed() is None
    assert failpoint("approve.saved") is None


def test_nothing_happens_where_it_is_not_allowed(wanted):
    wanted("approve.saved=kill9", "")

    assert failpoints.armed() is None


def test_a_process_dies_where_it_is_told_to():
    died = process(REACH, FAILPOINTS="c.d=kill9", ALLOW_FAILPOINTS="1")

    assert (died.returncode, died.stdout) == (-signal.SIGKILL, "")


def test_a_process_that_is_not_allowed_to_die_lives():
    lived = process(REACH, FAILPOINTS="c.d=kill9")

    assert (lived.returncode, lived.stdout) == (0, "on\n")


def test_a_table_names_what_is_raised_where():
    reach = from_table("a.b=raise:OperationalError, c.d=raise:KeyError@p0")

    with pytest.raises(OperationalError, match="a failpoint"):
        reach("a.b")
    assert reach("c.d") is None
    assert reach("e.f") is None


def test_a_file_in_the_folder_counts_once(tmp_path):
    reach = from_folder(tmp_path)
    (tmp_path / "a.b").write_text("raise:RuntimeError")

    with pytest.raises(RuntimeError):
        reach("a.b")
    assert reach("a.b") is None
    assert [path.name for path in tmp_path.iterdir()] == ["a.b.fired"]


def test_waiting_takes_its_time():
    began = time.monotonic()

    Action.parse("sleep:0.05").act()

    assert time.monotonic() - began >= 0.05


@pytest.mark.parametrize("text", ["", "kill", "sleep:", "kill9@p2", "raise:os.system", "sleep:-1"])
def test_what_is_no_action_is_refused(text):
    with pytest.raises(ValueError, match="nothing that a failpoint can do"):
        Action.parse(text)


@pytest.mark.parametrize("name", ["Nobody", "len", "KeyboardInterrupt"])
def test_what_is_no_exception_is_refused(name):
    with pytest.raises(ValueError, match="there is no exception"):
        Action.parse(f"raise:{name}").act()


@pytest.mark.parametrize(
    ("what", "allowed", "found"),
    [
        ("", "", []),
        ("a.b=kill9", "", ["common.E001", "common.E002"]),
        ("", "1", ["common.E002"]),
        ("a.b=kill9", "1", ["common.E002"]),
    ],
)
def test_checks_name_failpoints_that_should_not_be(wanted, what, allowed, found):
    wanted(what, allowed)

    ids = [message.id for message in run_checks(include_deployment_checks=True)]

    assert [name for name in ids if name.startswith("common.E00")] == found


def test_production_refuses_to_start_with_them():
    refused = process("import config.settings.prod", **production(), ALLOW_FAILPOINTS="1")

    assert refused.returncode == 1
    assert "FAILPOINTS and ALLOW_FAILPOINTS must be unset in production." in refused.stderr
    assert process("import config.settings.prod", **production()).returncode == 0


def production():
    return {
        "SECRET_KEY": "x" * 60,
        "ENCRYPTION_KEYS": "dGVzdHMtb25seS10ZXN0cy1vbmx5LXRlc3RzLW9ubHk=",
        "ANCHOR_KEY": "YW4gYW5jaG9yIGtleSBmb3IgdGVzdHMgb25seSAhISE=",
        "ANCHOR_FILE": "/var/lib/tranche/anchors.jsonl",
        "ALLOWED_HOSTS": "tranche.example",
        "DATABASE_URL": "postgresql://tranche_app@/tranche",
        "REDIS_URL": "redis://127.0.0.1:6379/0",
        "EMAIL_URL": "smtp://127.0.0.1:25",
    }
