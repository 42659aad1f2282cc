from django.db import migrations, models

from common.sql_files import run_sql


class Migration(migrations.Migration):
    dependencies = [("accounts", "0010_organisation_logos")]

    operations = [
        migrations.AddField(
            model_name="user",
            name="contact_phone",
            field=models.CharField(
                blank=True, default="", max_length=30, verbose_name="phone number on invoices"
            ),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="user",
            name="contact_email",
            field=models.CharField(
                blank=True, default="", max_length=150, verbose_name="e-mail address on invoices"
            ),
            preserve_default=False,
        ),
        run_sql(__file__, "contacts"),
    ]
