from django.db import migrations

from common.sql_files import run_sql


class Migration(migrations.Migration):
    dependencies = [("invoicing", "0027_fewer_steps")]

    operations = [run_sql(__file__, "issuer_frozen")]
