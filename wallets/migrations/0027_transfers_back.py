import django.db.models.deletion
from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    dependencies = [("wallets", "0026_settling_rights")]

    operations = [
        migrations.AddField(
            model_name="bankstatementline",
            name="sealed",
            field=models.TextField(blank=True, db_default="", default=""),
        ),
        migrations.AddConstraint(
            model_name="bankstatementline",
            constraint=models.CheckConstraint(
                condition=Q(sealed="") | Q(sealed__startswith="gAAAA", amount_minor__gt=0),
                name="wallets_bank_line_account_is_sealed",
            ),
        ),
        migrations.AddField(
            model_name="withdrawal",
            name="payment",
            field=models.ForeignKey(
                blank=True,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="transfers_back",
                to="wallets.payment",
            ),
        ),
        migrations.AddConstraint(
            model_name="withdrawal",
            constraint=models.CheckConstraint(
                condition=Q(payment__isnull=True) | Q(rail="bank_file", fee_minor=0),
                name="wallets_withdrawal_back_by_bank_without_fee",
            ),
        ),
        migrations.AddIndex(
            model_name="withdrawal",
            index=models.Index(
                condition=Q(payment__isnull=False),
                fields=["payment"],
                name="wallets_withdrawal_of_payment",
            ),
        ),
    ]
