"""When a tenant's bought numbers are looked at again."""

import callsphere.lib.ids
import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models

from tenants.rls import EnableTenantRLS


class Migration(migrations.Migration):
    dependencies = [
        ("tenants", "0007_entitlements"),
        ("trunks", "0020_number_verifications"),
    ]

    operations = [
        migrations.CreateModel(
            name="NumberRefresh",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=callsphere.lib.ids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                (
                    "due_at",
                    models.DateTimeField(
                        help_text="While one is under way: when its lease ends",
                        null=True,
                        verbose_name="next attempt",
                    ),
                ),
                ("claim", models.PositiveBigIntegerField(default=0)),
                ("attempts", models.PositiveIntegerField(default=0)),
                ("error", models.CharField(blank=True, max_length=500)),
                ("error_code", models.CharField(blank=True, max_length=48)),
                ("looked_at", models.DateTimeField(null=True)),
                (
                    "tenant",
                    models.ForeignKey(
                        editable=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="tenants.tenant",
                    ),
                ),
            ],
            options={
                "verbose_name": "look at numbers",
                "verbose_name_plural": "looks at numbers",
                "indexes": [
                    models.Index(
                        condition=models.Q(("due_at__isnull", False)),
                        fields=["due_at"],
                        name="number_refresh_due",
                    )
                ],
                "constraints": [models.UniqueConstraint(fields=("tenant",), name="number_refresh_once")],
            },
        ),
        EnableTenantRLS("NumberRefresh"),
    ]
