from django.db import migrations, models

from common.sql_files import run_sql


class Migration(migrations.Migration):
    dependencies = [("accounts", "0009_platform_logo")]

    operations = [
        migrations.AddField(
            model_name="organisation",
            name="logo_digest",
            field=models.CharField(
                blank=True,
                default="",
                max_length=64,
                verbose_name="SHA-256 of the logo on invoices that it writes",
            ),
            preserve_default=False,
        ),
        run_sql(__file__, "organisation_logos"),
    ]
