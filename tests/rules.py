"""Breaking one rule of the database at a time, below every service."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from django.apps import apps
from django.db import DatabaseError, connection, models, transaction

DOMAIN = ("accounts", "gigs", "invoicing", "outbox", "wallets")
BESIDE_THE_MATTER = {"accounts_ratewindow"}
LEDGER = ["wallets_account", "wallets_balance", "wallets_entry", "wallets_journal"]


def domain_tables() -> list[str]:
    """Every table of money and of the domain."""
    declared = {
        model._meta.db_table
        for app in DOMAIN
        for model in apps.get_app_config(app).get_models(include_auto_created=True)
    }
    return sorted((declared | set(LEDGER)) - BESIDE_THE_MATTER)


def checksums() -> dict[str, str]:
    """What stands in each of those tables, as a hash of all its rows."""
    query = " UNION ALL ".join(
        f"SELECT '{table}', coalesce(md5(string_agg(t::text, ';' ORDER BY t::text)), '') FROM {table} t"
        for table in domain_tables()
    )
    with connection.cursor() as cursor:
        cursor.execute(query)
        return dict(cursor.fetchall())


@contextmanager
def refused_by(rule: str) -> Iterator[None]:
    """What happens within is refused by the constraint or trigger, and leaves nothing behind."""
    before = checksums()
    with pytest.raises(DatabaseError) as refusal, transaction.atomic():
        yield
    assert refusal.value.__cause__.diag.constraint_name == rule
    assert checksums() == before


def run(statement: str, *parameters: object) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters or None)


def rewrite(row: models.Model, changes: str) -> None:
    """UPDATE this one row."""
    run(f"UPDATE {row._meta.db_table} SET {changes} WHERE {row._meta.pk.column} = %s", row.pk)


def assert_refused(rule: str, row: models.Model, changes: str) -> None:
    """The constraint or trigger refuses these changes to the row."""
    with refused_by(rule):
        rewrite(row, changes)


def copy(row: models.Model, **changes: str) -> None:
    """INSERT the row a second time, with a key of its own and these expressions instead."""
    columns = {
        field.column: f'"{field.column}"'
        for field in row._meta.concrete_fields
        if field != row._meta.pk
    }
    if "uuid" in columns:
        columns["uuid"] = "gen_random_uuid()"
    columns |= changes
    names = ", ".join(f'"{name}"' for name in columns)
    run(
        f"INSERT INTO {row._meta.db_table} ({names}) SELECT {', '.join(columns.values())}"
        f" FROM {row._meta.db_table} WHERE {row._meta.pk.column} = %s",
        row.pk,
    )


REWRITES = ("UPDATE {0} SET {1} = {1}", "DELETE FROM {0}", "TRUNCATE {0} CASCADE")


def rewrite_all(statement: str, table: str, column: str) -> None:
    """Rewrite history as a test database's owner could, were flushing it not allowed."""
    run("SET CONSTRAINTS ALL IMMEDIATE")
    run("SET LOCAL tranche.allow_flush = off")
    run(statement.format(table, column))
