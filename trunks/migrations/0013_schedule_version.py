"""Scheduled checks are edited by people: a version tells two edits made at once apart."""

import django.utils.timezone
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("trunks", "0012_certificates")]

    operations = [
        migrations.AddField(
            model_name="checkschedule",
            name="version",
            field=models.PositiveIntegerField(default=1, editable=False),
        ),
        migrations.AddField(
            model_name="checkschedule",
            name="updated_at",
            field=models.DateTimeField(auto_now=True, default=django.utils.timezone.now),
            preserve_default=False,
        ),
    ]
