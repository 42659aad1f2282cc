import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models
from django.db.models import F, Q

from common.sql_files import run_sql

CAUSES = ["given_back", "refund_agreed", "refund_unanswered", "credited", "approved_in_part"]
BY_SOMEBODY = ["given_back", "refund_agreed", "credited", "approved_in_part"]


class Migration(migrations.Migration):
    dependencies = [
        ("wallets", "0018_released_by_credit"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

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
                    ("approved_in_part", "A part was approved"),
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
        migrations.AddField(
            model_name="milestonefunding",
            name="added_minor",
            field=models.BigIntegerField(db_default=0, default=0),
        ),
        migrations.RemoveConstraint(
            model_name="milestonefunding", name="wallets_milestone_funding_returned_fits_status"
        ),
        migrations.AddConstraint(
            model_name="milestonefunding",
            constraint=models.CheckConstraint(
                condition=(Q(returned_minor=0) & ~Q(status="returned"))
                | Q(
                    status="held",
                    returned_minor__gt=0,
                    returned_minor__lt=F("amount_minor") + F("added_minor"),
                )
                | Q(status="returned", returned_minor=F("amount_minor") + F("added_minor")),
                name="wallets_milestone_funding_returned_fits_status",
            ),
        ),
        migrations.AddConstraint(
            model_name="milestonefunding",
            constraint=models.CheckConstraint(
                condition=Q(added_minor=0) | Q(status__in=["held", "returned"], added_minor__gt=0),
                name="wallets_milestone_funding_grows_only_while_held",
            ),
        ),
        migrations.CreateModel(
            name="Addition",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("number", models.PositiveSmallIntegerField()),
                ("amount_minor", models.BigIntegerField()),
                (
                    "cause",
                    models.CharField(
                        choices=[
                            ("bonus", "Bonus"),
                            ("remainder", "Remainder of an earlier milestone"),
                        ],
                        max_length=20,
                    ),
                ),
                ("created_at", models.DateTimeField()),
                (
                    "by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "funding",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="additions",
                        to="wallets.milestonefunding",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=["funding", "number"], name="wallets_addition_number_unique"
                    ),
                    models.CheckConstraint(
                        condition=Q(cause__in=["bonus", "remainder"]),
                        name="wallets_addition_cause_valid",
                    ),
                    models.CheckConstraint(
                        condition=Q(amount_minor__gt=0, amount_minor__lte=1000000000000),
                        name="wallets_addition_amount_positive",
                    ),
                ]
            },
        ),
        run_sql(__file__, "additions"),
    ]
