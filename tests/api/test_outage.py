"""While PostgreSQL is away every door says so, and says when to come back."""

import re
from contextlib import contextmanager

import pytest
from django.db import InterfaceError, OperationalError, connection
from django.test import Client
from psycopg import errors

from common.outage import is_outage, through_outage
from tests.builders import sent_invoice
from tests.factories import UserFactory
from wallets import integrity
from wallets.api import paying
from wallets.models import Payment
from wallets.services import payment_ask

AWAY = "temporarily_unavailable"


@contextmanager
def away(monkeypatch):
    """No PostgreSQL listens where the settings say."""
    connection.close()
    with monkeypatch.context() as patched:
        patched.setitem(connection.settings_dict, "HOST", "/nowhere")
        yield
    connection.close()


@pytest.mark.django_db(transaction=True)
def test_every_door_is_503_while_the_database_is_away(api, refused, monkeypatch):
    user = UserFactory()
    program, browser = api(user), Client(raise_request_exception=False)
    program.handler.raise_request_exception = False
    browser.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")

    with away(monkeypatch):
        read = program.get("/api/v1/me/")
        written = program.post("/api/gigs/post", {}, format="json")
        session = browser.get("/api/v1/me/")
        page = browser.get("/dashboard/", headers={"X-Request-ID": "away-page-1"})
        nothing = browser.get("/nowhere/")
        ready = Client().get("/readyz")
        alive = Client().get("/healthz")

    for answer in (read, written, session):
        refused(answer, 503, AWAY)
        assert answer["Retry-After"] == "2"
    assert (page.status_code, page["Retry-After"]) == (503, "2")
    assert page["Content-Type"] == "text/html; charset=utf-8"
    assert "We cannot answer just now" in page.content.decode()
    assert "<code>away-page-1</code>" in page.content.decode()
    assert (nothing.status_code, nothing["Retry-After"]) == (503, "2")
    assert (ready.status_code, ready.json()) == (
        503,
        {"status": "unavailable", "checks": {"database": "down"}},
    )
    assert alive.status_code == 200
    assert program.get("/api/v1/me/").status_code == 200
    assert browser.get("/dashboard/").status_code == 200


@pytest.mark.django_db(transaction=True)
def test_a_payment_is_answered_though_the_connection_is_lost_in_the_middle(api, monkeypatch):
    invoice = sent_invoice()
    order = {"invoice_id": invoice.public_id, "payment_method": "test_ok"}

    def ask_and_lose(payment):
        answer = payment_ask(payment)
        connection.connection.close()
        return answer

    monkeypatch.setattr(paying, "payment_ask", ask_and_lose)
    paid = api(invoice.buyer).post(
        "/api/payments/execute", order, format="json", headers={"Idempotency-Key": "k"}
    )

    assert (paid.status_code, paid.json()["payment"]["status"]) == (200, "succeeded")
    assert Payment.objects.count() == 1
    assert integrity.differences() == []


def failed(cause: Exception | None = None) -> OperationalError:
    error = OperationalError("words")
    error.__cause__ = cause
    return error


@pytest.mark.parametrize(
    "error",
    [
        failed(),
        failed(errors.AdminShutdown()),
        failed(errors.CrashShutdown()),
        failed(errors.CannotConnectNow()),
        failed(errors.ConnectionFailure()),
        failed(errors.TooManyConnections()),
        InterfaceError("the connection is closed"),
    ],
)
def test_a_lost_connection_is_an_outage(error):
    assert is_outage(error)


@pytest.mark.parametrize(
    "error",
    [
        failed(errors.LockNotAvailable()),
        failed(errors.DeadlockDetected()),
        failed(errors.QueryCanceled()),
        ValueError("another one"),
        None,
    ],
)
def test_a_refused_query_is_none(error):
    assert not is_outage(error)


@pytest.mark.django_db
def test_what_met_an_outage_is_done_once_it_is_over():
    tries = iter([failed(), InterfaceError("closed"), None])

    def call() -> str:
        if problem := next(tries):
            raise problem
        return "done"

    assert through_outage(call, seconds=60) == "done"


@pytest.mark.parametrize(
    ("error", "seconds"), [(failed(), 0), (failed(errors.DeadlockDetected()), 5)]
)
def test_patience_has_an_end_and_other_errors_have_none(error, seconds):
    calls = []

    def call() -> None:
        calls.append(1)
        raise error

    with pytest.raises(OperationalError, match=re.escape("words")):
        through_outage(call, seconds=seconds)
    assert len(calls) == 1
