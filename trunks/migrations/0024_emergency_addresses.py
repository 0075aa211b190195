"""Where help is sent when an emergency number is called from a bought number."""

import callsphere.lib.ids
import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models

from tenants.rls import CompositeForeignKey, EnableTenantRLS


class Migration(migrations.Migration):
    dependencies = [
        ("tenants", "0008_account_route"),
        ("trunks", "0023_provider_account_business"),
    ]

    operations = [
        migrations.CreateModel(
            name="EmergencyAddress",
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
                ("customer_name", models.CharField(help_text="Who is found there", max_length=100)),
                ("street", models.CharField(max_length=100)),
                ("street_more", models.CharField(blank=True, max_length=100)),
                ("city", models.CharField(max_length=100)),
                ("region", models.CharField(max_length=100)),
                ("postal_code", models.CharField(max_length=20)),
                ("provider_sid", models.CharField(blank=True, max_length=34)),
                (
                    "phone_number",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="emergency_address",
                        to="trunks.phonenumber",
                    ),
                ),
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
                "verbose_name": "emergency address",
                "verbose_name_plural": "emergency addresses",
                "indexes": [
                    models.Index(
                        condition=models.Q(("due_at__isnull", False)),
                        fields=["due_at"],
                        name="emergency_address_due",
                    )
                ],
            },
        ),
        EnableTenantRLS("EmergencyAddress"),
        CompositeForeignKey("EmergencyAddress", "phone_number"),
    ]
