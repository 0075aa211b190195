from django.db import migrations, models

import tenants.time_zones


class Migration(migrations.Migration):
    dependencies = [
        ("tenants", "0008_account_route"),
    ]

    operations = [
        migrations.AddField(
            model_name="tenant",
            name="time_zone",
            field=models.CharField(
                db_default="UTC",
                default="UTC",
                help_text="IANA name, such as America/New_York: pages write times and days by it.",
                max_length=64,
                validators=[tenants.time_zones.validate_time_zone],
            ),
        ),
        migrations.AddConstraint(
            model_name="tenant",
            constraint=models.CheckConstraint(
                condition=models.Q(("time_zone", ""), _negated=True), name="tenant_time_zone_given"
            ),
        ),
    ]
