"""What an agent's tools did in one call is found by the call."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("agents", "0003_routes")]

    operations = [
        migrations.AddIndex(
            model_name="toolinvocation",
            index=models.Index(
                condition=models.Q(("reference", ""), _negated=True),
                fields=["tenant", "reference"],
                name="tool_invocation_for_call",
            ),
        ),
    ]
