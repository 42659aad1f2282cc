import os
import re
from collections.abc import Iterator

import psycopg
import pytest
from django.core.management import call_command
from django.db import connections
from django.db.migrations.executor import MigrationExecutor
from psycopg import sql

from config.devservices.places import REPOSITORY
from tests.template import template

SCRATCH = "backwards"
OUR_CODE = re.compile(
    r"^ *(?:from|import) ((?:accounts|common|config|gigs|invoicing|outbox|wallets)[\w.]*)", re.M
)


@pytest.mark.django_db
def test_no_migration_is_missing():
    call_command("makemigrations", check=True, dry_run=True, verbosity=0)


def test_migrations_import_nothing_that_changes_under_them():
    imported = {
        name
        for path in REPOSITORY.glob("*/migrations/*.py")
        for name in OUR_CODE.findall(path.read_text())
    }

    assert imported == {"common.currencies", "common.sql_files"}


@pytest.fixture
def scratch(django_db_setup) -> Iterator[str]:
    """The alias of a migrated database of the test's own."""
    name = f"tranche_{SCRATCH}_{os.getpid()}"
    with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as server:
        copy = sql.SQL("CREATE DATABASE {} TEMPLATE {}")
        server.execute(copy.format(sql.Identifier(name), sql.Identifier(template())))
        connections.databases[SCRATCH] = {**connections.databases["default"], "NAME": name}
        yield SCRATCH
        connections[SCRATCH].close()
        del connections[SCRATCH], connections.databases[SCRATCH]
        server.execute(sql.SQL("DROP DATABASE {}").format(sql.Identifier(name)))


@pytest.fixture
def unblocked(django_db_blocker) -> Iterator[None]:
    with django_db_blocker.unblock():
        yield


@pytest.mark.usefixtures("unblocked")
def test_the_ledger_migrates_backwards_and_leaves_nothing(scratch):
    executor = MigrationExecutor(connections[scratch])

    executor.migrate([("wallets", None), ("invoicing", None)])

    with connections[scratch].cursor() as cursor:
        cursor.execute(
            "SELECT (SELECT count(*) FROM pg_proc WHERE pronamespace = 'public'::regnamespace"
            " AND proname LIKE ANY (ARRAY['wallets%', 'invoicing%'])),"
            " (SELECT count(*) FROM pg_tables WHERE tablename LIKE ANY"
            " (ARRAY['wallets%', 'invoicing%']))"
        )
        assert cursor.fetchone() == (0, 0)
