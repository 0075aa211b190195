"""Calls that verify numbers, and the work of withdrawing what they proved."""

import callsphere.lib.ids
import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models

from tenants.rls import CompositeForeignKey, EnableTenantRLS


class Migration(migrations.Migration):
    dependencies = [
        ("tenants", "0007_entitlements"),
        ("trunks", "0016_farewell_slots"),
    ]

    operations = [
        migrations.CreateModel(
            name="NumberVerification",
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
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("waiting", "To be called"),
                            ("calling", "Being called"),
                            ("done", "Verified"),
                            ("failed", "Not verified"),
                        ],
                        default="waiting",
                        max_length=16,
                    ),
                ),
                (
                    "extension",
                    models.CharField(blank=True, help_text="Dialled when somebody answers", max_length=8),
                ),
                ("code", models.CharField(blank=True, max_length=12)),
                ("called_at", models.DateTimeField(null=True)),
                ("actor_label", models.CharField(blank=True, max_length=254)),
                ("ended_at", models.DateTimeField(null=True)),
            ],
            options={
                "verbose_name": "verification of a number",
                "verbose_name_plural": "verifications of numbers",
                "ordering": ["-created_at", "-id"],
            },
        ),
        migrations.RemoveConstraint(
            model_name="numberjob",
            name="number_job_kind_known",
        ),
        migrations.AlterField(
            model_name="numberjob",
            name="kind",
            field=models.CharField(
                choices=[("buy", "Buy"), ("release", "Release"), ("forget", "Withdraw the proof")],
                max_length=16,
            ),
        ),
        migrations.AddConstraint(
            model_name="numberjob",
            constraint=models.CheckConstraint(
                condition=models.Q(("kind__in", ["buy", "release", "forget"])), name="number_job_kind_known"
            ),
        ),
        migrations.AddField(
            model_name="numberverification",
            name="phone_number",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="verifications",
                to="trunks.phonenumber",
            ),
        ),
        migrations.AddField(
            model_name="numberverification",
            name="tenant",
            field=models.ForeignKey(
                editable=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="+",
                to="tenants.tenant",
            ),
        ),
        migrations.AddIndex(
            model_name="numberverification",
            index=models.Index(
                condition=models.Q(("due_at__isnull", False)),
                fields=["due_at"],
                name="number_verification_due",
            ),
        ),
        migrations.AddConstraint(
            model_name="numberverification",
            constraint=models.UniqueConstraint(
                condition=models.Q(("state__in", ("waiting", "calling"))),
                fields=("phone_number",),
                name="number_verification_one_open",
            ),
        ),
        migrations.AddConstraint(
            model_name="numberverification",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("due_at__isnull", False), ("ended_at", None), ("state__in", ("waiting", "calling"))
                    ),
                    models.Q(
                        ("due_at", None), ("ended_at__isnull", False), ("state__in", ["done", "failed"])
                    ),
                    _connector="OR",
                ),
                name="number_verification_due_while_open",
            ),
        ),
        migrations.AddConstraint(
            model_name="numberverification",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("called_at__isnull", False),
                        ("state", "calling"),
                        models.Q(("code", ""), _negated=True),
                    ),
                    models.Q(models.Q(("state", "calling"), _negated=True), ("code", "")),
                    _connector="OR",
                ),
                name="number_verification_code_while_calling",
            ),
        ),
        migrations.AddConstraint(
            model_name="numberverification",
            constraint=models.CheckConstraint(
                condition=models.Q(("extension__regex", "^[0-9]{0,8}$")),
                name="number_verification_extension_digits",
            ),
        ),
        EnableTenantRLS("NumberVerification"),
        CompositeForeignKey("NumberVerification", "phone_number"),
    ]
