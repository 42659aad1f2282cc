from django.db import migrations, models
from django.db.models import Q

from common.sql_files import run_sql


class Migration(migrations.Migration):
    dependencies = [("invoicing", "0019_drafts")]

    operations = [
        migrations.RemoveConstraint(
            model_name="invoice", name="invoicing_invoice_one_by_hand_per_milestone"
        ),
        migrations.RemoveConstraint(
            model_name="invoice", name="invoicing_invoice_one_upfront_and_one_final"
        ),
        migrations.AddConstraint(
            model_name="invoice",
            constraint=models.UniqueConstraint(
                fields=["milestone"],
                condition=Q(kind="manual") & ~Q(status="credited"),
                name="invoicing_invoice_one_by_hand_per_milestone",
            ),
        ),
        migrations.AddConstraint(
            model_name="invoice",
            constraint=models.UniqueConstraint(
                fields=["project", "kind"],
                condition=Q(kind__in=("upfront", "final")) & ~Q(status="credited"),
                name="invoicing_invoice_one_upfront_and_one_final",
            ),
        ),
        run_sql(__file__, "corrected_by_hand"),
    ]
