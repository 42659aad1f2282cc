from django.conf import settings
from django.db import migrations, models

from common.sql_files import run_sql


class Migration(migrations.Migration):
    dependencies = [
        ("gigs", "0003_review_clock"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name="milestone",
            name="bonus_minor",
            field=models.BigIntegerField(default=0),
        ),
        migrations.AddConstraint(
            model_name="milestone",
            constraint=models.CheckConstraint(
                condition=models.Q(("bonus_minor__gte", 0), ("bonus_minor__lte", 1000000000000)),
                name="gigs_milestone_bonus_not_negative",
            ),
        ),
        migrations.AddConstraint(
            model_name="milestone",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("bonus_minor", 0), ("approved_by__isnull", False), _connector="OR"
                ),
                name="gigs_milestone_bonus_by_somebody",
            ),
        ),
        run_sql(__file__, "frozen_bonus"),
    ]
