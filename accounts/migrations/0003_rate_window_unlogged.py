"""Counters of the running minute need not survive a crash: their table writes no WAL."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("accounts", "0002_append_only")]

    operations = [
        migrations.RunSQL(
            "ALTER TABLE accounts_ratewindow SET UNLOGGED",
            "ALTER TABLE accounts_ratewindow SET LOGGED",
        )
    ]
