from django.db import migrations

from common.sql_files import run_sql


class Migration(migrations.Migration):
    dependencies = [("invoicing", "0026_works_by_subselect")]

    operations = [run_sql(__file__, "fewer_steps")]
