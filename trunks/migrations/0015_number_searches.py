"""Searches among the numbers for sale: what was asked for, and what a worker found."""

import callsphere.lib.ids
import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models

from tenants.rls import EnableTenantRLS


class Migration(migrations.Migration):
    dependencies = [
        ("tenants", "0007_entitlements"),
        ("trunks", "0014_phone_numbers"),
    ]

    operations = [
        migrations.CreateModel(
            name="NumberSearch",
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
                ("country", models.CharField(help_text="ISO 3166 code", max_length=2)),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("local", "Local"),
                            ("toll_free", "Toll-free"),
                            ("mobile", "Mobile"),
                            ("national", "National"),
                        ],
                        default="local",
                        max_length=16,
                    ),
                ),
                ("area_code", models.CharField(blank=True, help_text="In the US and Canada", max_length=3)),
                (
                    "contains",
                    models.CharField(
                        blank=True, help_text="Digits, letters and * for any digit", max_length=16
                    ),
                ),
                ("needs_voice", models.BooleanField(default=True)),
                ("needs_sms", models.BooleanField(default=False)),
                ("needs_mms", models.BooleanField(default=False)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("waiting", "Waiting"),
                            ("undoing", "Being undone"),
                            ("done", "Done"),
                            ("failed", "Failed"),
                        ],
                        default="waiting",
                        max_length=16,
                    ),
                ),
                ("found", models.JSONField(default=list)),
                ("regulations", models.JSONField(default=list)),
                ("ended_at", models.DateTimeField(null=True)),
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
                "verbose_name": "search for numbers",
                "verbose_name_plural": "searches for numbers",
                "ordering": ["-created_at", "-id"],
                "indexes": [
                    models.Index(
                        condition=models.Q(("due_at__isnull", False)),
                        fields=["due_at"],
                        name="number_search_due",
                    ),
                    models.Index(
                        condition=models.Q(("ended_at__isnull", False)),
                        fields=["ended_at"],
                        name="number_search_over",
                    ),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("country__regex", "^[A-Z]{2}$")),
                        name="number_search_country_letters",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("kind__in", ["local", "toll_free", "mobile", "national"])),
                        name="number_search_kind_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("area_code__regex", "^([2-9][0-9]{2})?$")),
                        name="number_search_area_code_digits",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("contains__regex", "^([0-9A-Za-z*]{2,16})?$")),
                        name="number_search_contains_digits",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("area_code", ""), ("country__in", ["US", "CA"]), _connector="OR"),
                        name="number_search_area_code_in_america",
                        violation_error_message="Only numbers of the US and Canada are searched by area code.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("due_at__isnull", False), ("ended_at", None), ("state", "waiting")),
                            models.Q(
                                ("due_at", None),
                                ("ended_at__isnull", False),
                                ("state__in", ["done", "failed"]),
                            ),
                            _connector="OR",
                        ),
                        name="number_search_due_while_open",
                    ),
                ],
            },
        ),
        EnableTenantRLS("NumberSearch"),
    ]
