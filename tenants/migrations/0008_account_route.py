from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("tenants", "0007_entitlements"),
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
                    ("provider_account", "Account for phone numbers"),
                ],
                max_length=16,
            ),
        ),
    ]
