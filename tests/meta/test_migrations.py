import pytest
from django.core.management import call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

OURS = ("wallets", "invoicing", "gigs", "accounts", "outbox")


@pytest.mark.django_db
def test_no_migration_is_missing():
    call_command("makemigrations", check=True, dry_run=True, verbosity=0)


@pytest.mark.django_db(transaction=True)
def test_the_ledger_migrates_backwards_and_forwards():
    executor = MigrationExecutor(connection)
    leaves = executor.loader.graph.leaf_nodes()
    try:
        for app in ("wallets", "invoicing"):
            executor = MigrationExecutor(connection)
            executor.migrate([(app, None)])
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT count(*) FROM pg_proc WHERE pronamespace = 'public'::regnamespace"
                " AND proname LIKE ANY (ARRAY['wallets%%', 'invoicing%%'])"
            )
            assert cursor.fetchone() == (0,)
    finally:
        MigrationExecutor(connection).migrate(leaves)
