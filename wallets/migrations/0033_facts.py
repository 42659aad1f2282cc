from django.db import migrations

from common.sql_files import run_sql


class Migration(migrations.Migration):
    dependencies = [("wallets", "0032_fewer_steps")]

    operations = [run_sql(__file__, "facts")]
