from django.db import migrations, models
from django.db.models import Q

CAUSES = ["given_back", "refund_agreed", "refund_unanswered", "credited"]
BY_SOMEBODY = ["given_back", "refund_agreed", "credited"]


class Migration(migrations.Migration):
    dependencies = [("wallets", "0017_funding_returns_by_status")]

    operations = [
        migrations.RemoveConstraint(model_name="release", name="wallets_release_cause_valid"),
        migrations.RemoveConstraint(
            model_name="release", name="wallets_release_by_nobody_iff_unanswered"
        ),
        migrations.AlterField(
            model_name="release",
            name="cause",
            field=models.CharField(
                choices=[
                    ("given_back", "Given back by the freelancer"),
                    ("refund_agreed", "Refund agreed"),
                    ("refund_unanswered", "Refund request not answered"),
                    ("credited", "Invoice credited before it was paid"),
                ],
                max_length=20,
            ),
        ),
        migrations.AddConstraint(
            model_name="release",
            constraint=models.CheckConstraint(
                condition=Q(cause__in=CAUSES), name="wallets_release_cause_valid"
            ),
        ),
        migrations.AddConstraint(
            model_name="release",
            constraint=models.CheckConstraint(
                condition=(Q(cause__in=BY_SOMEBODY) & Q(by__isnull=False))
                | (~Q(cause__in=BY_SOMEBODY) & Q(by__isnull=True)),
                name="wallets_release_by_nobody_iff_unanswered",
            ),
        ),
    ]
