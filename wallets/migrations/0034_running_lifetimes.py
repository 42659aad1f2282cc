from django.db import migrations

from common.sql_files import run_sql


class Migration(migrations.Migration):
    dependencies = [("wallets", "0033_facts")]

    operations = [run_sql(__file__, "running_lifetimes")]
