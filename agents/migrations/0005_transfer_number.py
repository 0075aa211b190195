from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("agents", "0004_builtin_invocations"),
        ("tenants", "0008_account_route"),
    ]

    operations = [
        migrations.AddField(
            model_name="agent",
            name="transfer_number",
            field=models.CharField(
                blank=True,
                help_text="E.164",
                max_length=16,
                verbose_name="number for callers who want a person",
            ),
        ),
        migrations.AddField(
            model_name="agentversion",
            name="transfer_number",
            field=models.CharField(
                blank=True,
                help_text="E.164",
                max_length=16,
                verbose_name="number for callers who want a person",
            ),
        ),
        migrations.AddConstraint(
            model_name="agent",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("transfer_number", ""),
                    ("transfer_number__regex", "^\\+[1-9][0-9]{6,14}$"),
                    _connector="OR",
                ),
                name="agent_transfer_number",
            ),
        ),
        migrations.AddConstraint(
            model_name="agentversion",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("transfer_number", ""),
                    ("transfer_number__regex", "^\\+[1-9][0-9]{6,14}$"),
                    _connector="OR",
                ),
                name="agentversion_transfer_number",
            ),
        ),
    ]
