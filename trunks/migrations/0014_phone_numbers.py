"""Phone numbers, what is to be done to them at the provider, and the account that holds them there."""

import callsphere.lib.ids
import django.db.models.deletion
import django.utils.timezone
import tenants.fields
from django.db import migrations, models

from tenants.rls import CompositeForeignKey, EnableTenantRLS


class Migration(migrations.Migration):
    dependencies = [
        ("tenants", "0007_entitlements"),
        ("trunks", "0013_schedule_version"),
    ]

    operations = [
        migrations.CreateModel(
            name="PhoneNumber",
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
                ("number", models.CharField(max_length=16)),
                ("label", models.CharField(blank=True, max_length=64)),
                (
                    "source",
                    models.CharField(
                        choices=[("bought", "Bought here"), ("own", "Your own, on a trunk")], max_length=16
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("ordered", "Being bought"),
                            ("unverified", "Not verified"),
                            ("active", "Active"),
                            ("releasing", "Being released"),
                            ("failed", "Not bought"),
                            ("released", "Released"),
                        ],
                        editable=False,
                        max_length=16,
                    ),
                ),
                (
                    "country",
                    models.CharField(
                        blank=True, help_text="ISO 3166 code; empty for no country's", max_length=2
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("local", "Local"),
                            ("toll_free", "Toll-free"),
                            ("mobile", "Mobile"),
                            ("national", "National"),
                        ],
                        max_length=16,
                    ),
                ),
                (
                    "verified_by",
                    models.CharField(
                        blank=True,
                        choices=[("call", "A verification call"), ("support", "Decided by support")],
                        editable=False,
                        max_length=16,
                    ),
                ),
                ("verified_at", models.DateTimeField(editable=False, null=True)),
                ("provider_sid", models.CharField(blank=True, editable=False, max_length=34)),
                (
                    "address_sid",
                    models.CharField(blank=True, help_text="The address it is bought with", max_length=34),
                ),
                (
                    "bundle_sid",
                    models.CharField(blank=True, help_text="The papers it is bought with", max_length=34),
                ),
                ("has_voice", models.BooleanField(default=True, editable=False)),
                ("has_sms", models.BooleanField(default=False, editable=False)),
                ("has_mms", models.BooleanField(default=False, editable=False)),
                (
                    "attestation",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("A", "A: we vouch for caller and number"),
                            ("B", "B: we vouch for the caller"),
                            ("C", "C: nobody vouches"),
                        ],
                        editable=False,
                        max_length=1,
                    ),
                ),
                (
                    "emergency_state",
                    models.CharField(
                        choices=[
                            ("none", "Not registered"),
                            ("pending", "Pending"),
                            ("registered", "Registered"),
                            ("failed", "Refused"),
                        ],
                        default="none",
                        editable=False,
                        max_length=16,
                    ),
                ),
                (
                    "messaging_state",
                    models.CharField(
                        choices=[
                            ("none", "Not registered"),
                            ("pending", "Pending"),
                            ("registered", "Registered"),
                            ("failed", "Refused"),
                        ],
                        default="none",
                        editable=False,
                        max_length=16,
                    ),
                ),
                ("messaging_detail", models.CharField(blank=True, editable=False, max_length=500)),
                ("active_at", models.DateTimeField(editable=False, null=True)),
                ("over_at", models.DateTimeField(editable=False, null=True)),
                ("error", models.CharField(blank=True, editable=False, max_length=500)),
                (
                    "tenant",
                    models.ForeignKey(
                        editable=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="tenants.tenant",
                    ),
                ),
                (
                    "trunk",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="phone_numbers",
                        to="trunks.trunk",
                    ),
                ),
            ],
            options={
                "ordering": ["-created_at", "-id"],
            },
        ),
        migrations.CreateModel(
            name="NumberJob",
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
                ("kind", models.CharField(choices=[("buy", "Buy"), ("release", "Release")], max_length=16)),
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
                ("unsure_at", models.DateTimeField(null=True)),
                ("actor_label", models.CharField(blank=True, max_length=254)),
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
                (
                    "phone_number",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="jobs",
                        to="trunks.phonenumber",
                    ),
                ),
            ],
            options={
                "ordering": ["-created_at", "-id"],
            },
        ),
        migrations.CreateModel(
            name="ProviderAccount",
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
                ("sid", models.CharField(blank=True, max_length=34)),
                ("auth_token", tenants.fields.EncryptedTextField(blank=True, default="", editable=False)),
                ("key_sid", models.CharField(blank=True, max_length=34)),
                ("key_secret", tenants.fields.EncryptedTextField(blank=True, default="", editable=False)),
                (
                    "status",
                    models.CharField(
                        choices=[("active", "Active"), ("suspended", "Suspended"), ("closed", "Closed")],
                        default="closed",
                        max_length=16,
                    ),
                ),
                (
                    "wanted",
                    models.CharField(
                        choices=[("active", "Active"), ("suspended", "Suspended"), ("closed", "Closed")],
                        default="active",
                        max_length=16,
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
        ),
        migrations.AddConstraint(
            model_name="phonenumber",
            constraint=models.UniqueConstraint(
                condition=models.Q(("state__in", ("failed", "released")), _negated=True),
                fields=("tenant", "number"),
                name="phone_number_once",
                violation_error_message="You have this number.",
            ),
        ),
        migrations.AddConstraint(
            model_name="phonenumber",
            constraint=models.UniqueConstraint(
                condition=models.Q(("state", "active")),
                fields=("number",),
                name="phone_number_of_one_tenant",
                violation_error_message="Another organisation has this number. Ask support.",
            ),
        ),
        migrations.AddConstraint(
            model_name="phonenumber",
            constraint=models.CheckConstraint(
                condition=models.Q(("number__regex", "^\\+[1-9][0-9]{6,14}$")), name="phone_number_e164"
            ),
        ),
        migrations.AddConstraint(
            model_name="phonenumber",
            constraint=models.CheckConstraint(
                condition=models.Q(("country__regex", "^([A-Z]{2})?$")), name="phone_number_country_letters"
            ),
        ),
        migrations.AddConstraint(
            model_name="phonenumber",
            constraint=models.CheckConstraint(
                condition=models.Q(("kind__in", ["", "local", "toll_free", "mobile", "national"])),
                name="phone_number_kind_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="phonenumber",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("source", "bought"), ("trunk", None), ("verified_at", None), ("verified_by", "")
                    ),
                    models.Q(
                        ("attestation", ""), ("provider_sid", ""), ("source", "own"), ("trunk__isnull", False)
                    ),
                    _connector="OR",
                ),
                name="phone_number_source_whole",
            ),
        ),
        migrations.AddConstraint(
            model_name="phonenumber",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("source", "bought"),
                        ("state__in", ["ordered", "active", "releasing", "failed", "released"]),
                    ),
                    models.Q(("source", "own"), ("state__in", ["unverified", "active", "released"])),
                    _connector="OR",
                ),
                name="phone_number_state_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="phonenumber",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("over_at__isnull", False), ("state__in", ("failed", "released"))),
                    models.Q(
                        models.Q(("state__in", ("failed", "released")), _negated=True), ("over_at", None)
                    ),
                    _connector="OR",
                ),
                name="phone_number_over_whole",
            ),
        ),
        migrations.AddConstraint(
            model_name="phonenumber",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state", "active"), _negated=True),
                    models.Q(
                        ("active_at__isnull", False),
                        models.Q(
                            models.Q(("provider_sid", ""), _negated=True),
                            ("verified_at__isnull", False),
                            _connector="OR",
                        ),
                    ),
                    _connector="OR",
                ),
                name="phone_number_active_whole",
            ),
        ),
        migrations.AddConstraint(
            model_name="phonenumber",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("verified_at", None), ("verified_by", "")),
                    models.Q(("verified_at__isnull", False), ("verified_by__in", ["call", "support"])),
                    _connector="OR",
                ),
                name="phone_number_verified_whole",
            ),
        ),
        migrations.AddConstraint(
            model_name="phonenumber",
            constraint=models.CheckConstraint(
                condition=models.Q(("attestation__in", ["", "A", "B", "C"])),
                name="phone_number_attestation_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="phonenumber",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("emergency_state__in", ["none", "pending", "registered", "failed"]),
                    ("messaging_state__in", ["none", "pending", "registered", "failed"]),
                ),
                name="phone_number_papers_known",
            ),
        ),
        migrations.AddIndex(
            model_name="numberjob",
            index=models.Index(
                condition=models.Q(("due_at__isnull", False)), fields=["due_at"], name="number_job_due"
            ),
        ),
        migrations.AddConstraint(
            model_name="numberjob",
            constraint=models.UniqueConstraint(
                condition=models.Q(("state__in", ("waiting", "undoing"))),
                fields=("phone_number",),
                name="number_job_one_open",
            ),
        ),
        migrations.AddConstraint(
            model_name="numberjob",
            constraint=models.CheckConstraint(
                condition=models.Q(("kind__in", ["buy", "release"])), name="number_job_kind_known"
            ),
        ),
        migrations.AddConstraint(
            model_name="numberjob",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("due_at__isnull", False), ("ended_at", None), ("state__in", ("waiting", "undoing"))
                    ),
                    models.Q(
                        ("due_at", None), ("ended_at__isnull", False), ("state__in", ["done", "failed"])
                    ),
                    _connector="OR",
                ),
                name="number_job_due_while_open",
            ),
        ),
        migrations.AddConstraint(
            model_name="numberjob",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state", "undoing"), _negated=True), ("kind", "buy"), _connector="OR"
                ),
                name="number_job_undoes_purchases",
            ),
        ),
        migrations.AddIndex(
            model_name="provideraccount",
            index=models.Index(
                condition=models.Q(("due_at__isnull", False)), fields=["due_at"], name="provider_account_due"
            ),
        ),
        migrations.AddConstraint(
            model_name="provideraccount",
            constraint=models.UniqueConstraint(fields=("tenant",), name="provider_account_once"),
        ),
        migrations.AddConstraint(
            model_name="provideraccount",
            constraint=models.UniqueConstraint(
                condition=models.Q(("sid", ""), _negated=True),
                fields=("sid",),
                name="provider_account_of_one_tenant",
            ),
        ),
        migrations.AddConstraint(
            model_name="provideraccount",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("status__in", ["active", "suspended", "closed"]),
                    ("wanted__in", ["active", "suspended", "closed"]),
                ),
                name="provider_account_states_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="provideraccount",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("auth_token", ""), ("key_sid", ""), ("sid", ""), ("status", "closed")),
                    models.Q(
                        models.Q(("sid", ""), _negated=True), models.Q(("auth_token", ""), _negated=True)
                    ),
                    _connector="OR",
                ),
                name="provider_account_whole",
            ),
        ),
        migrations.AddConstraint(
            model_name="provideraccount",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("key_secret", ""), ("key_sid", "")),
                    models.Q(
                        models.Q(("key_sid", ""), _negated=True), models.Q(("key_secret", ""), _negated=True)
                    ),
                    _connector="OR",
                ),
                name="provider_account_key_whole",
            ),
        ),
        migrations.AddConstraint(
            model_name="provideraccount",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("status", models.F("wanted")), ("due_at__isnull", False), _connector="OR"
                ),
                name="provider_account_followed",
            ),
        ),
        EnableTenantRLS("ProviderAccount"),
        EnableTenantRLS("PhoneNumber"),
        EnableTenantRLS("NumberJob"),
        CompositeForeignKey("PhoneNumber", "trunk"),
        CompositeForeignKey("NumberJob", "phone_number"),
    ]
