"""When a gateway was led elsewhere, and where it led when its state changed."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("trunks", "0004_secret_hosts")]

    operations = [
        migrations.AddField(
            model_name="gateway",
            name="moved_at",
            field=models.DateTimeField(
                editable=False,
                help_text="When host, port or transport changed last: figures count from then",
                null=True,
            ),
        ),
        migrations.AddField(
            model_name="statuschange",
            name="uri",
            field=models.CharField(
                blank=True, default="", help_text="Where the gateway led then", max_length=255
            ),
            preserve_default=False,
        ),
    ]
