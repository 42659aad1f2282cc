from django.db import migrations

from common.sql_files import run_sql


class Migration(migrations.Migration):
    dependencies = [("invoicing", "0014_number_patterns")]

    operations = [run_sql(__file__, "fill_number_patterns")]
