from django.conf import settings
from django.db import migrations, models

from common.sql_files import run_sql


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0005_withdrawals_scope"),
        ("gigs", "0004_bonus"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name="project",
            name="clearing_days",
            field=models.PositiveSmallIntegerField(default=0),
            preserve_default=False,
        ),
        migrations.AddConstraint(
            model_name="project",
            constraint=models.CheckConstraint(
                condition=models.Q(("clearing_days__gte", 0), ("clearing_days__lte", 90)),
                name="gigs_project_clearing_days_valid",
            ),
        ),
        run_sql(__file__, "frozen_clearing_days"),
    ]
