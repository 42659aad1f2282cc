from django.db import migrations

from common.sql_files import run_sql


class Migration(migrations.Migration):
    dependencies = [("accounts", "0008_copies"), ("gigs", "0013_self_billing")]

    operations = [run_sql(__file__, "settling")]
