"""Statements with bound parameters and kept plans."""

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from common.arrays import bigints
from common.database import fetch_rows

pytestmark = pytest.mark.django_db

SUM = "SELECT sum(n)::bigint, %s::text FROM unnest(%s::bigint[]) AS numbers (n)"


def test_rows_come_back():
    assert fetch_rows(SUM, ["a'; --", bigints([1, 2, 2**62])]) == [(2**62 + 3, "a'; --")]


def test_a_statement_without_rows_returns_none():
    assert fetch_rows("SET LOCAL application_name = 'tests'", []) == []


def test_the_plan_is_kept_for_the_connection():
    for number in range(3):
        fetch_rows(SUM, ["kept", bigints([number])])

    kept = "SELECT count(*), sum(generic_plans + custom_plans)::int FROM pg_prepared_statements"
    with connection.cursor() as cursor:
        cursor.execute(f"{kept} WHERE statement LIKE 'SELECT sum(n)%'")
        assert cursor.fetchone()[0] == 1


def test_it_fails_with_the_errors_of_django():
    wrong = "INSERT INTO outbox_heartbeat (name, at) VALUES (%s::text, NULL)"
    with pytest.raises(IntegrityError), transaction.atomic():
        fetch_rows(wrong, ["relay"])


def test_it_is_in_the_log_of_queries():
    with CaptureQueriesContext(connection) as queries:
        fetch_rows(SUM, ["seen", bigints([1])])

    assert [query["sql"] for query in queries] == [SUM]


@pytest.mark.django_db(transaction=True)
def test_a_connection_that_broke_between_two_requests_is_replaced(monkeypatch):
    (old,) = fetch_rows("SELECT pg_backend_pid()", [])
    other = connection.copy()
    with other.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(%s, 30000)", old)
    other.close()
    monkeypatch.setattr(connection, "close_at", None)
    connection.close_if_unusable_or_obsolete()

    (new,) = fetch_rows("SELECT pg_backend_pid()", [])

    assert new != old
