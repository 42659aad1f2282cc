from django.db import migrations

from common.sql_files import run_sql


class Migration(migrations.Migration):
    dependencies = [
        ("gigs", "0014_settling"),
        ("invoicing", "0021_issuing"),
        ("wallets", "0020_credit_requests"),
    ]

    operations = [run_sql(__file__, "settling")]
