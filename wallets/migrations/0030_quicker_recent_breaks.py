from django.db import migrations

from common.sql_files import run_sql


class Migration(migrations.Migration):
    dependencies = [("wallets", "0029_every_due")]

    operations = [run_sql(__file__, "quicker_recent_breaks")]
