"""Trunks at Twilio: what is wanted, what was seen last, and whose turn it is to ask."""

import callsphere.lib.ids
import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models

from tenants.rls import CompositeForeignKey, EnableTenantRLS


class Migration(migrations.Migration):
    dependencies = [
        ("tenants", "0007_entitlements"),
        ("trunks", "0021_number_refreshes"),
    ]

    operations = [
        migrations.CreateModel(
            name="ProviderPace",
            fields=[
                ("name", models.CharField(max_length=40, primary_key=True, serialize=False)),
                ("free_at", models.DateTimeField()),
            ],
        ),
        migrations.AddField(
            model_name="provideraccount",
            name="held_until",
            field=models.DateTimeField(
                help_text="Until when a worker has its trunks to itself: one at a time asks for them",
                null=True,
            ),
        ),
        migrations.CreateModel(
            name="TrunkProvision",
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
                    "kind",
                    models.CharField(
                        choices=[
                            ("byoc", "SIP domain and BYOC trunk: calls run between your carrier and us"),
                            (
                                "elastic",
                                "Elastic SIP trunk: calls run between your numbers at Twilio and your gateways",
                            ),
                        ],
                        max_length=16,
                    ),
                ),
                (
                    "domain_label",
                    models.CharField(
                        blank=True,
                        help_text="The first part of the domain at Twilio; empty: one is made up of your organisation's name",
                        max_length=40,
                        verbose_name="domain name",
                    ),
                ),
                ("secure", models.BooleanField(default=False, verbose_name="TLS with SRTP alone")),
                (
                    "transfer_mode",
                    models.CharField(
                        choices=[
                            ("disable-all", "None"),
                            ("enable-all", "All"),
                            ("sip-only", "To SIP addresses"),
                        ],
                        default="disable-all",
                        max_length=16,
                    ),
                ),
                (
                    "auto_apply",
                    models.BooleanField(
                        default=False,
                        help_text="Edits of the trunk are put to Twilio at once, unless something was changed there",
                        verbose_name="apply edits by themselves",
                    ),
                ),
                ("domain_name", models.CharField(blank=True, editable=False, max_length=80)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("new", "Being looked at"),
                            ("planned", "Plan to be looked at"),
                            ("applying", "Being applied"),
                            ("in_sync", "In sync"),
                            ("drifted", "Changed at Twilio"),
                            ("failed", "Failed"),
                            ("removing", "Being removed"),
                        ],
                        default="new",
                        editable=False,
                        max_length=16,
                    ),
                ),
                (
                    "task",
                    models.CharField(
                        choices=[
                            ("look", "Look"),
                            ("apply", "Apply the plan"),
                            ("undo", "Undo a first set-up that failed"),
                            ("remove", "Remove everything"),
                        ],
                        default="look",
                        editable=False,
                        max_length=16,
                    ),
                ),
                (
                    "is_awaited",
                    models.BooleanField(default=True, editable=False, help_text="Somebody waits for it"),
                ),
                (
                    "is_set_up",
                    models.BooleanField(
                        default=False, editable=False, help_text="A plan was applied as a whole"
                    ),
                ),
                ("plan", models.JSONField(default=list, editable=False)),
                ("notes", models.JSONField(default=list, editable=False)),
                ("plan_fingerprint", models.CharField(blank=True, editable=False, max_length=64)),
                (
                    "chosen_keys",
                    models.JSONField(
                        default=list,
                        editable=False,
                        help_text="Which differences are applied; none named: all",
                    ),
                ),
                ("requested_at", models.DateTimeField(editable=False, null=True)),
                (
                    "begun_fingerprint",
                    models.CharField(
                        blank=True,
                        editable=False,
                        help_text="Of what was wanted when applying began",
                        max_length=64,
                    ),
                ),
                (
                    "put_fingerprint",
                    models.CharField(
                        blank=True,
                        editable=False,
                        help_text="Of what was wanted when all was put last",
                        max_length=64,
                    ),
                ),
                (
                    "put_passwords",
                    models.JSONField(
                        default=dict,
                        editable=False,
                        help_text="A keyed hash of each password that was put there",
                    ),
                ),
                (
                    "sids",
                    models.JSONField(default=dict, editable=False, help_text="What is ours there, by part"),
                ),
                (
                    "unsure_at",
                    models.DateTimeField(
                        editable=False,
                        help_text="When something was written last whose end nobody knows",
                        null=True,
                    ),
                ),
                ("observed_at", models.DateTimeField(editable=False, null=True)),
                ("applied_at", models.DateTimeField(editable=False, null=True)),
                (
                    "account",
                    models.ForeignKey(
                        editable=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="trunks.provideraccount",
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
                (
                    "trunk",
                    models.OneToOneField(
                        editable=False,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="provision",
                        to="trunks.trunk",
                    ),
                ),
            ],
            options={
                "verbose_name": "set-up at Twilio",
                "verbose_name_plural": "set-ups at Twilio",
                "ordering": ["-created_at", "-id"],
            },
        ),
        migrations.CreateModel(
            name="TrunkNumber",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=callsphere.lib.ids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                (
                    "phone_number",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="trunks.phonenumber"
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
                (
                    "provision",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="numbers",
                        to="trunks.trunkprovision",
                    ),
                ),
            ],
            options={
                "ordering": ["created_at", "id"],
            },
        ),
        migrations.AddIndex(
            model_name="trunkprovision",
            index=models.Index(
                condition=models.Q(("due_at__isnull", False)),
                fields=["is_awaited", "due_at"],
                name="trunk_provision_due",
            ),
        ),
        migrations.AddConstraint(
            model_name="trunkprovision",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("kind__in", ["byoc", "elastic"]),
                    ("transfer_mode__in", ["disable-all", "enable-all", "sip-only"]),
                ),
                name="trunk_provision_kind_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="trunkprovision",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("state__in", ["new", "planned", "applying", "in_sync", "drifted", "failed", "removing"]),
                    ("task__in", ["look", "apply", "undo", "remove"]),
                ),
                name="trunk_provision_state_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="trunkprovision",
            constraint=models.CheckConstraint(
                condition=models.Q(("domain_label__regex", "^([a-z0-9]([a-z0-9-]*[a-z0-9])?)?$")),
                name="trunk_provision_domain_letters",
                violation_error_message="Use small letters, digits and hyphens, and no hyphen at the ends.",
            ),
        ),
        migrations.AddConstraint(
            model_name="trunkprovision",
            constraint=models.CheckConstraint(
                condition=models.Q(("trunk__isnull", False), ("task", "remove"), _connector="OR"),
                name="trunk_provision_outlives_to_be_removed",
            ),
        ),
        migrations.AddConstraint(
            model_name="trunkprovision",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state", "removing"), ("task", "remove")),
                    models.Q(
                        models.Q(("task", "remove"), _negated=True),
                        models.Q(("state", "removing"), _negated=True),
                    ),
                    _connector="OR",
                ),
                name="trunk_provision_removing_whole",
            ),
        ),
        migrations.AddConstraint(
            model_name="trunkprovision",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("is_set_up", False), ("task", "look")),
                    ("due_at__isnull", False),
                    _connector="OR",
                ),
                name="trunk_provision_followed",
            ),
        ),
        migrations.AddConstraint(
            model_name="trunknumber",
            constraint=models.UniqueConstraint(
                fields=("tenant", "phone_number"),
                name="trunk_number_once",
                violation_error_message="This number is on a trunk already.",
            ),
        ),
        EnableTenantRLS("TrunkProvision"),
        EnableTenantRLS("TrunkNumber"),
        CompositeForeignKey("TrunkProvision", "trunk"),
        CompositeForeignKey("TrunkProvision", "account"),
        CompositeForeignKey("TrunkNumber", "provision"),
        CompositeForeignKey("TrunkNumber", "phone_number"),
    ]
