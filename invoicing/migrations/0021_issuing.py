from django.db import migrations

from common.sql_files import run_sql


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0008_copies"),
        ("gigs", "0014_settling"),
        ("invoicing", "0020_corrected_invoices"),
        ("outbox", "0002_room_for_updates"),
    ]

    operations = [run_sql(__file__, "issuing")]
