from django.db import migrations

from common.sql_files import run_sql


class Migration(migrations.Migration):
    dependencies = [("wallets", "0028_part_payments")]

    operations = [run_sql(__file__, "every_due")]
