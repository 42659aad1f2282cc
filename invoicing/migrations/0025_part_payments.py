from django.db import migrations, models
from django.db.models import F, Q

from common.sql_files import run_sql


class Migration(migrations.Migration):
    dependencies = [("invoicing", "0024_request_keys")]

    operations = [
        migrations.AddField(
            model_name="invoice",
            name="part_paid",
            field=models.DecimalField(
                db_default=0,
                decimal_places=4,
                default=0,
                max_digits=19,
                verbose_name="paid while the rest is open",
            ),
        ),
        migrations.AddConstraint(
            model_name="invoice",
            constraint=models.CheckConstraint(
                condition=Q(part_paid=0)
                | Q(part_paid__gt=0, part_paid__lt=F("total"))
                & (
                    ~Q(status__in=["sent", "overdue", "on_hold"])
                    | Q(part_paid__lt=F("total") - F("credited") - F("credited_tax"))
                ),
                name="invoicing_invoice_part_paid_leaves_something_open",
            ),
        ),
        run_sql(__file__, "part_payments"),
    ]
