import django.db.models.deletion
import django.db.models.functions.math
import djmoney.models.fields
from django.conf import settings
from django.db import migrations, models

from common.sql_files import run_sql


class Migration(migrations.Migration):
    dependencies = [
        ("gigs", "0005_clearing"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name="milestone",
            name="amendment_count",
            field=models.PositiveSmallIntegerField(default=0),
        ),
        migrations.CreateModel(
            name="Amendment",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("number", models.PositiveSmallIntegerField()),
                (
                    "currency",
                    djmoney.models.fields.CurrencyField(
                        choices=[
                            ("AUD", "Australian Dollar"),
                            ("BRL", "Brazilian Real"),
                            ("GBP", "British Pound"),
                            ("CAD", "Canadian Dollar"),
                            ("CZK", "Czech Koruna"),
                            ("DKK", "Danish Krone"),
                            ("EUR", "Euro"),
                            ("HKD", "Hong Kong Dollar"),
                            ("HUF", "Hungarian Forint"),
                            ("INR", "Indian Rupee"),
                            ("JPY", "Japanese Yen"),
                            ("KWD", "Kuwaiti Dinar"),
                            ("MXN", "Mexican Peso"),
                            ("NZD", "New Zealand Dollar"),
                            ("NOK", "Norwegian Krone"),
                            ("PLN", "Polish Zloty"),
                            ("SGD", "Singapore Dollar"),
                            ("ZAR", "South African Rand"),
                            ("SEK", "Swedish Krona"),
                            ("CHF", "Swiss Franc"),
                            ("USD", "US Dollar"),
                        ],
                        default=None,
                        editable=False,
                        max_length=3,
                    ),
                ),
                (
                    "before",
                    djmoney.models.fields.MoneyField(
                        currency_field_name="currency", decimal_places=4, max_digits=19
                    ),
                ),
                (
                    "after",
                    djmoney.models.fields.MoneyField(
                        currency_field_name="currency", decimal_places=4, max_digits=19
                    ),
                ),
                (
                    "reason",
                    models.CharField(
                        choices=[
                            ("approved_in_part", "Approved in part"),
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
                    "milestone",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="amendments",
                        to="gigs.milestone",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("milestone", "number"), name="gigs_amendment_number_unique"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("reason__in", ["approved_in_part", "remainder"])),
                        name="gigs_amendment_reason_valid",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("before__gt", 0), ("before__lte", 1000000000000)),
                        name="gigs_amendment_before_positive",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("after__gt", 0), ("after__lte", 1000000000000)),
                        name="gigs_amendment_after_positive",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "before",
                                models.Case(
                                    models.When(
                                        models.Q(("currency__in", ["JPY"])),
                                        then=django.db.models.functions.math.Round(
                                            models.F("before"), precision=0
                                        ),
                                    ),
                                    models.When(
                                        models.Q(("currency__in", ["KWD"])),
                                        then=django.db.models.functions.math.Round(
                                            models.F("before"), precision=3
                                        ),
                                    ),
                                    default=django.db.models.functions.math.Round(
                                        models.F("before"), precision=2
                                    ),
                                ),
                            ),
                            (
                                "after",
                                models.Case(
                                    models.When(
                                        models.Q(("currency__in", ["JPY"])),
                                        then=django.db.models.functions.math.Round(
                                            models.F("after"), precision=0
                                        ),
                                    ),
                                    models.When(
                                        models.Q(("currency__in", ["KWD"])),
                                        then=django.db.models.functions.math.Round(
                                            models.F("after"), precision=3
                                        ),
                                    ),
                                    default=django.db.models.functions.math.Round(
                                        models.F("after"), precision=2
                                    ),
                                ),
                            ),
                        ),
                        name="gigs_amendment_in_sub_units",
                    ),
                ],
            },
        ),
        run_sql(__file__, "amendments"),
    ]
