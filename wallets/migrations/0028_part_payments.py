import django.db.models.deletion
from django.db import migrations, models
from django.db.models import F, Q

from common.sql_files import run_sql

OUTCOMES = [
    ("exact", "As asked"),
    ("over", "Too much"),
    ("short", "Too little"),
    ("late", "Too late"),
    ("double", "Paid already"),
    ("part", "A part, the rest is open"),
]


class Migration(migrations.Migration):
    dependencies = [
        ("invoicing", "0025_part_payments"),
        ("wallets", "0027_transfers_back"),
    ]

    operations = [
        migrations.AlterField(
            model_name="payment",
            name="outcome",
            field=models.CharField(blank=True, choices=OUTCOMES, max_length=12),
        ),
        migrations.RemoveConstraint(
            model_name="payment", name="wallets_payment_outcome_fits_received"
        ),
        migrations.AddConstraint(
            model_name="payment",
            constraint=models.CheckConstraint(
                condition=Q(outcome="", received_minor__isnull=True)
                | Q(outcome__in=["exact", "part"], received_minor=F("amount_minor"))
                | Q(outcome="over", received_minor__gt=F("amount_minor"))
                | Q(outcome="short", received_minor__lt=F("amount_minor"), received_minor__gt=0)
                | Q(outcome__in=["late", "double"], received_minor__gt=0),
                name="wallets_payment_outcome_fits_received",
            ),
        ),
        migrations.AlterField(
            model_name="clearing",
            name="invoice",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="clearings",
                to="invoicing.invoice",
            ),
        ),
        migrations.AddField(
            model_name="clearing",
            name="part",
            field=models.ForeignKey(
                blank=True,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="clearings",
                to="wallets.payment",
            ),
        ),
        migrations.AddConstraint(
            model_name="clearing",
            constraint=models.UniqueConstraint(
                fields=["invoice", "part"],
                nulls_distinct=False,
                name="wallets_clearing_one_per_payment",
            ),
        ),
        run_sql(__file__, "part_payments"),
    ]
