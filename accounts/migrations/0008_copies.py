from django.db import migrations

from common.sql_files import run_sql


class Migration(migrations.Migration):
    dependencies = [("accounts", "0007_logos")]

    operations = [run_sql(__file__, "copies")]
