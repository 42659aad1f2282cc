"""A job is updated three times on its way: room on its page spares the indexes most of that."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("outbox", "0001_initial")]

    operations = [
        migrations.RunSQL(
            "ALTER TABLE outbox_job SET (fillfactor = 60)",
            "ALTER TABLE outbox_job RESET (fillfactor)",
        ),
    ]
