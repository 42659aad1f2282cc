from django.db import migrations

from common.sql_files import run_sql


class Migration(migrations.Migration):
    dependencies = [("invoicing", "0001_initial"), ("accounts", "0002_append_only")]

    operations = [run_sql(__file__, "immutable")]
