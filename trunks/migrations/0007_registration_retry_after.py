"""What a carrier asked us to wait before the next REGISTER."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("trunks", "0006_registrations")]

    operations = [
        migrations.AddField(
            model_name="registrationstatus",
            name="retry_after_s",
            field=models.PositiveIntegerField(help_text="What the carrier asked us to wait", null=True),
        ),
    ]
