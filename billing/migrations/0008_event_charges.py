"""Refunds and disputes name a charge in place of a customer."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("billing", "0007_click_rules")]

    operations = [
        migrations.AddField(
            model_name="stripeevent",
            name="charge",
            field=models.CharField(
                blank=True, default="", help_text="Of a refund or dispute", max_length=255
            ),
            preserve_default=False,
        ),
    ]
