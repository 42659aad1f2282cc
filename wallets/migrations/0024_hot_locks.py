from django.db import migrations

from common.sql_files import run_sql


class Migration(migrations.Migration):
    dependencies = [("wallets", "0023_withdrawal_resolutions")]

    operations = [run_sql(__file__, "hot_locks")]
