from django.conf import settings
from django.db import migrations, models

from common.sql_files import run_sql

CLOCKS = """
UPDATE gigs_milestone
SET review_ends_at = greatest(submitted_at, now()) + interval '14 days'
WHERE status = 'in_review'
"""


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0003_rate_window_unlogged"),
        ("gigs", "0002_frozen_terms"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name="milestone",
            name="gigs_milestone_approved_at_iff_approved",
        ),
        migrations.AddField(
            model_name="milestone",
            name="review_ends_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="milestone",
            name="review_extended_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="project",
            name="review_days",
            field=models.PositiveSmallIntegerField(default=14),
            preserve_default=False,
        ),
        migrations.RunSQL(CLOCKS, migrations.RunSQL.noop),
        run_sql(__file__, "frozen_review_days"),
        migrations.AddConstraint(
            model_name="milestone",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("status__in", ["approved", "settled"]), ("approved_at__isnull", False)
                    ),
                    models.Q(
                        models.Q(("status__in", ["approved", "settled"]), _negated=True),
                        ("approved_at__isnull", True),
                    ),
                    _connector="OR",
                ),
                name="gigs_milestone_approved_at_iff_approved",
            ),
        ),
        migrations.AddConstraint(
            model_name="milestone",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("approved_by__isnull", True), ("approved_at__isnull", False), _connector="OR"
                ),
                name="gigs_milestone_approved_by_only_if_approved",
            ),
        ),
        migrations.AddConstraint(
            model_name="milestone",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("status__in", ["in_review"]), ("review_ends_at__isnull", False)),
                    models.Q(
                        models.Q(("status__in", ["in_review"]), _negated=True),
                        ("review_ends_at__isnull", True),
                    ),
                    _connector="OR",
                ),
                name="gigs_milestone_review_ends_at_iff_in_review",
            ),
        ),
        migrations.AddConstraint(
            model_name="milestone",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("review_ends_at__isnull", True),
                    ("review_ends_at__gt", models.F("submitted_at")),
                    _connector="OR",
                ),
                name="gigs_milestone_review_ends_after_submission",
            ),
        ),
        migrations.AddConstraint(
            model_name="milestone",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("review_extended_at__isnull", True),
                    models.Q(
                        ("review_extended_at__gte", models.F("submitted_at")),
                        ("submitted_at__isnull", False),
                    ),
                    _connector="OR",
                ),
                name="gigs_milestone_review_extended_after_submission",
            ),
        ),
        migrations.AddConstraint(
            model_name="project",
            constraint=models.CheckConstraint(
                condition=models.Q(("review_days__gte", 1), ("review_days__lte", 90)),
                name="gigs_project_review_days_valid",
            ),
        ),
    ]
