"""A second subscription at Stripe is support's to see when it could not be ended by itself."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("billing", "0010_plan_wishes")]

    operations = [
        migrations.AddField(
            model_name="subscription",
            name="doubled",
            field=models.CharField(
                blank=True,
                default="",
                help_text="Another that is charged too, and could not be ended by itself. Support ends it at Stripe",
                max_length=255,
                verbose_name="second one at Stripe",
            ),
            preserve_default=False,
        ),
    ]
