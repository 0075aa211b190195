"""A version for tenants, so that two people who edit one at once do not overwrite each other."""

import django.utils.timezone
from django.db import migrations, models

# The release before this one makes tenants without naming these columns.
DEFAULTS = [
    "ALTER TABLE tenants_tenant ALTER COLUMN version SET DEFAULT 1",
    "ALTER TABLE tenants_tenant ALTER COLUMN updated_at SET DEFAULT now()",
]


class Migration(migrations.Migration):
    dependencies = [("tenants", "0002_row_level_security")]

    operations = [
        migrations.AddField("Tenant", "version", models.PositiveIntegerField(default=1, editable=False)),
        migrations.AddField(
            "Tenant",
            "updated_at",
            models.DateTimeField(auto_now=True, default=django.utils.timezone.now),
            preserve_default=False,
        ),
        migrations.RunSQL(DEFAULTS, migrations.RunSQL.noop),
    ]
