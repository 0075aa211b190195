from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("calls", "0013_text_replies"),
    ]

    operations = [
        migrations.AddField(
            model_name="realtimesession",
            name="cost",
            field=models.DecimalField(
                decimal_places=8, max_digits=14, null=True, verbose_name="cost at OpenAI"
            ),
        ),
    ]
