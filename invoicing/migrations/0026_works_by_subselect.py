from django.db import migrations

from common.sql_files import run_sql


class Migration(migrations.Migration):
    dependencies = [("invoicing", "0025_part_payments")]

    operations = [run_sql(__file__, "works_by_subselect")]
