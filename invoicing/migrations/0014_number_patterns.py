from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("invoicing", "0013_fee_invoices")]

    operations = [
        migrations.AddField(
            model_name="invoiceseries",
            name="prefix",
            field=models.CharField(
                default="", max_length=24, verbose_name="what its numbers begin with"
            ),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="invoiceseries",
            name="digits",
            field=models.PositiveSmallIntegerField(
                default=5, verbose_name="least digits of its numbers"
            ),
            preserve_default=False,
        ),
    ]
