from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("tenants", "0005_platform_event"),
    ]

    operations = [
        migrations.AlterField(
            model_name="tenantroute",
            name="kind",
            field=models.CharField(
                choices=[
                    ("api_key", "API key"),
                    ("invitation", "Invitation"),
                    ("check_share", "Link to a report"),
                ],
                max_length=16,
            ),
        ),
    ]
