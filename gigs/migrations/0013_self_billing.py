from django.db import migrations, models

from common.sql_files import run_sql


class Migration(migrations.Migration):
    dependencies = [("gigs", "0012_extras")]

    operations = [
        migrations.AddField(
            model_name="gig",
            name="is_self_billed",
            field=models.BooleanField(db_default=False, default=False),
        ),
        migrations.AddField(
            model_name="project",
            name="is_self_billed",
            field=models.BooleanField(db_default=False, default=False),
        ),
        run_sql(__file__, "self_billing"),
    ]
