from django.db import migrations

from common.sql_files import run_sql


class Migration(migrations.Migration):
    dependencies = [("gigs", "0001_initial")]

    operations = [run_sql(__file__, "frozen_terms")]
