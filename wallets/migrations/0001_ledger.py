"""The ledger. Its tables and functions are the SQL files 0001_*; Django gets the rows to read."""

from pathlib import Path

import django.db.models.deletion
from django.db import migrations, models

from common.currencies import EXPONENTS

SQL = Path(__file__).parent.parent / "sql"
BIG_ID = models.BigAutoField(
    auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
)


def load(name: str) -> migrations.RunSQL:
    return migrations.RunSQL(
        (SQL / f"0001_{name}.sql").read_text(encoding="utf-8"),
        (SQL / f"0001_{name}_reverse.sql").read_text(encoding="utf-8"),
    )


def fill_currencies(apps, schema_editor):
    with schema_editor.connection.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO wallets_currency (code, exponent) VALUES (%s, %s)",
            list(EXPONENTS.items()),
        )


class Migration(migrations.Migration):
    initial = True
    dependencies = []

    operations = [
        load("tables"),
        migrations.RunPython(fill_currencies, migrations.RunPython.noop),
        load("chain"),
        load("guards"),
        load("posting"),
        load("reserves"),
        load("reads"),
        load("privileges"),
        migrations.CreateModel(
            name="Account",
            fields=[
                ("id", BIG_ID),
                ("owner", models.TextField()),
                (
                    "kind",
                    models.TextField(
                        choices=[
                            ("available", "Available"),
                            ("pending", "Pending"),
                            ("debt", "Debt"),
                            ("credit", "Credit"),
                            ("held", "Held"),
                            ("fees", "Fees"),
                            ("tax", "Tax"),
                            ("rounding", "Rounding"),
                            ("outside", "Outside"),
                        ]
                    ),
                ),
                ("currency", models.CharField(max_length=3)),
                ("shards", models.SmallIntegerField()),
                ("min_balance", models.BigIntegerField(null=True)),
                ("max_balance", models.BigIntegerField(null=True)),
            ],
            options={"db_table": "wallets_account", "managed": False},
        ),
        migrations.CreateModel(
            name="Balance",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "account_id",
                        "shard",
                        blank=True,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="balances",
                        to="wallets.account",
                    ),
                ),
                ("shard", models.SmallIntegerField()),
                ("posted", models.BigIntegerField()),
                ("held", models.BigIntegerField()),
                ("lifetime", models.BigIntegerField()),
                ("seq", models.BigIntegerField()),
                ("min_balance", models.BigIntegerField(null=True)),
                ("max_balance", models.BigIntegerField(null=True)),
                ("currency", models.CharField(max_length=3)),
                ("head", models.BinaryField()),
            ],
            options={"db_table": "wallets_balance", "managed": False},
        ),
        migrations.CreateModel(
            name="Journal",
            fields=[
                ("id", BIG_ID),
                ("about_id", models.BigIntegerField()),
                (
                    "reverses",
                    models.OneToOneField(
                        db_column="reverses",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="reversed_by",
                        to="wallets.journal",
                    ),
                ),
                ("posted_at", models.DateTimeField()),
                (
                    "kind",
                    models.TextField(
                        choices=[("settlement", "Settlement"), ("reversal", "Reversal")]
                    ),
                ),
                ("about_type", models.TextField()),
                ("key", models.TextField(unique=True)),
            ],
            options={"db_table": "wallets_journal", "managed": False},
        ),
        migrations.CreateModel(
            name="Entry",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "journal_id",
                        "leg",
                        blank=True,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                (
                    "journal",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="entries",
                        to="wallets.journal",
                    ),
                ),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="entries",
                        to="wallets.account",
                    ),
                ),
                ("seq", models.BigIntegerField()),
                ("amount", models.BigIntegerField()),
                ("balance_after", models.BigIntegerField()),
                ("leg", models.SmallIntegerField()),
                ("shard", models.SmallIntegerField()),
                ("currency", models.CharField(max_length=3)),
                ("hash", models.BinaryField()),
            ],
            options={"db_table": "wallets_entry", "managed": False},
        ),
    ]
