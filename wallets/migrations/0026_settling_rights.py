from django.db import migrations

from common.sql_files import run_sql


class Migration(migrations.Migration):
    dependencies = [("wallets", "0025_request_keys")]

    operations = [run_sql(__file__, "settling_rights")]
