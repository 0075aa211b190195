"""How long each tenant keeps its calls."""

import callsphere.lib.ids
import django.core.validators
import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models

from tenants.rls import EnableTenantRLS


class Migration(migrations.Migration):
    dependencies = [("calls", "0006_log_indexes"), ("tenants", "0008_account_route")]

    operations = [
        migrations.CreateModel(
            name="CallRetention",
            fields=[
                ("version", models.PositiveIntegerField(default=1, editable=False)),
                ("updated_at", models.DateTimeField(auto_now=True)),
                (
                    "id",
                    models.UUIDField(
                        default=callsphere.lib.ids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                (
                    "calls_kept_days",
                    models.PositiveSmallIntegerField(
                        default=365,
                        validators=[
                            django.core.validators.MinValueValidator(30),
                            django.core.validators.MaxValueValidator(1095),
                        ],
                        verbose_name="days that calls are kept",
                    ),
                ),
                (
                    "transcripts_kept_days",
                    models.PositiveSmallIntegerField(
                        default=90,
                        validators=[
                            django.core.validators.MinValueValidator(1),
                            django.core.validators.MaxValueValidator(1095),
                        ],
                        verbose_name="days that transcripts are kept",
                    ),
                ),
                (
                    "tenant",
                    models.OneToOneField(
                        editable=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="tenants.tenant",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("calls_kept_days__range", (30, 1095)),
                            ("transcripts_kept_days__range", (1, 1095)),
                        ),
                        name="call_retention_days_within",
                    )
                ],
            },
        ),
        EnableTenantRLS("CallRetention"),
    ]
