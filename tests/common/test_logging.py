"""What stands in a log line, and what never does."""

import json
import logging
import logging.config
import subprocess
import sys
from io import StringIO

import pytest
import structlog
from django.test import Client

from common import context
from common.logging import logging_config
from tests.factories import PASSWORD, FreelancerFactory

SECRET = "trn_do-not-write-me-down"


@pytest.fixture
def lines(monkeypatch):
    """Lines that were logged as in production, as a list of what each says."""
    structlog.contextvars.clear_contextvars()
    written = StringIO()
    config = logging_config(as_json=True, level="INFO")
    handler = config["handlers"]["stderr"] | {"stream": written}
    root = logging.getLogger()
    before = root.handlers[:], root.level
    logging.config.dictConfig({**config, "handlers": {"stderr": handler}})
    yield lambda: [json.loads(line) for line in written.getvalue().splitlines()]
    root.handlers[:], root.level = before
    logging.getLogger("django_structlog").setLevel(logging.CRITICAL)


def test_a_line_says_when_where_and_how_bad(lines):
    logging.getLogger("gigs.services").warning("the queue is %s", "long", extra={"length": 7})

    [line] = lines()
    assert line["timestamp"].endswith("Z")
    del line["timestamp"]
    assert line == {
        "event": "the queue is long",
        "level": "warning",
        "logger": "gigs.services",
        "length": 7,
    }


def test_a_line_of_a_request_has_its_id(lines):
    token = context.request_id.set("0123456789abcdef")
    logging.getLogger("x").warning("seen")
    context.request_id.reset(token)
    logging.getLogger("x").warning("unseen")

    first, second = lines()
    assert first["request_id"] == "0123456789abcdef"
    assert "request_id" not in second


def test_a_failure_has_its_traceback_without_the_values_of_variables(lines):
    def fail(password):
        raise ValueError("this failed")

    try:
        fail(SECRET)
    except ValueError:
        logging.getLogger("x").exception("it failed")

    [line] = lines()
    assert "ValueError: this failed" in line["exception"]
    assert SECRET not in json.dumps(line)


@pytest.mark.django_db
def test_requests_leave_lines_without_secrets(lines):
    user = FreelancerFactory()
    client = Client(raise_request_exception=False)

    client.post("/accounts/login/", {"login": user.email, "password": PASSWORD})
    client.post(
        "/api/v1/auth/token/",
        {"email": user.email, "password": PASSWORD},
        content_type="application/json",
    )
    client.get(
        "/api/v1/me/",
        headers={"authorization": f"Bearer {SECRET}", "cookie": f"sessionid={SECRET}"},
    )
    client.get(f"/api/v1/me/?token={SECRET}")
    client.get(f"/?next={SECRET}")

    said = json.dumps(lines())
    assert lines()
    assert SECRET not in said
    assert PASSWORD not in said
    assert user.email not in said


@pytest.mark.django_db
@pytest.mark.parametrize("headers", [{}, {"X-Request-ID": "the-callers-own-id"}])
def test_the_lines_of_a_request_have_the_id_that_its_answer_names(lines, headers):
    answer = Client().get("/api/v1/me/", headers=headers)

    started, finished = (line for line in lines() if line["logger"].startswith("django_structlog"))
    assert (started["event"], finished["event"]) == ("request_started", "request_finished")
    assert (started["request"], started["ip"]) == ("GET /api/v1/me/", "127.0.0.1")
    assert started["request_id"] == finished["request_id"] == answer["X-Request-ID"]
    assert answer["X-Request-ID"] == headers.get("X-Request-ID", answer["X-Request-ID"])


@pytest.mark.django_db
@pytest.mark.parametrize(
    "address",
    [
        "/accounts/password/reset/key/1-cx2k9v-5f2e/",
        "/accounts/confirm-email/1-cx2k9v-5f2e/",
        "/gigs/?q=1-cx2k9v-5f2e",
    ],
)
def test_keys_of_mailed_links_and_queries_are_not_written_down(lines, address):
    Client().get(address)

    assert lines()
    assert "1-cx2k9v-5f2e" not in json.dumps(lines())


def test_readable_lines_name_no_variables_either():
    script = (
        "import logging, logging.config\n"
        "from common.logging import logging_config\n"
        "logging.config.dictConfig(logging_config(as_json=False, level='INFO'))\n"
        "def fail(password):\n    raise ValueError('this failed')\n"
        f"try:\n    fail({SECRET[:8]!r} + {SECRET[8:]!r})\n"
        "except ValueError:\n    logging.getLogger('x').exception('it failed')\n"
    )

    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )

    assert "it failed" in done.stderr
    assert "ValueError: this failed" in done.stderr
    assert SECRET not in done.stderr
