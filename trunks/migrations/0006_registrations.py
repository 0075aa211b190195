import callsphere.lib.ids
import django.core.validators
import django.db.models.deletion
import django.utils.timezone
import tenants.fields
from django.db import migrations, models

from tenants.rls import CompositeForeignKey, EnableTenantRLS


class Migration(migrations.Migration):
    dependencies = [
        ("tenants", "0002_row_level_security"),
        ("trunks", "0005_gateway_moves"),
    ]

    operations = [
        migrations.CreateModel(
            name="RegistrarPace",
            fields=[
                ("host", models.CharField(max_length=253, primary_key=True, serialize=False)),
                ("free_at", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="Registration",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=callsphere.lib.ids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ("version", models.PositiveIntegerField(default=1, editable=False)),
                ("updated_at", models.DateTimeField(auto_now=True)),
                (
                    "registrar",
                    models.CharField(
                        help_text="Your carrier's registrar, such as sip:sip.example.com", max_length=255
                    ),
                ),
                ("host", models.CharField(editable=False, max_length=253)),
                (
                    "transport",
                    models.CharField(
                        choices=[("udp", "UDP"), ("tcp", "TCP"), ("tls", "TLS")], editable=False, max_length=3
                    ),
                ),
                (
                    "username",
                    models.CharField(
                        help_text="The user part of the address that is registered",
                        max_length=128,
                        verbose_name="user",
                    ),
                ),
                (
                    "expires_s",
                    models.PositiveIntegerField(
                        default=3600,
                        help_text="How long the carrier is asked to keep it. It is refreshed in time.",
                        validators=[
                            django.core.validators.MinValueValidator(60),
                            django.core.validators.MaxValueValidator(86400),
                        ],
                        verbose_name="interval in seconds",
                    ),
                ),
                ("is_paused", models.BooleanField(default=False, verbose_name="paused")),
                (
                    "credential",
                    models.ForeignKey(
                        blank=True,
                        help_text="The user name and password that answer the registrar's challenge",
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="registrations",
                        to="trunks.digestcredential",
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
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="registration",
                        to="trunks.trunk",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="RegistrationAttempt",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=callsphere.lib.ids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ("slot", models.PositiveSmallIntegerField()),
                ("at", models.DateTimeField()),
                (
                    "step",
                    models.CharField(
                        choices=[("register", "Register"), ("refresh", "Refresh"), ("remove", "Remove")],
                        max_length=16,
                    ),
                ),
                ("code", models.PositiveSmallIntegerField(null=True)),
                ("cause", models.CharField(blank=True, max_length=48)),
                ("detail", models.CharField(blank=True, max_length=255)),
                ("granted_s", models.PositiveIntegerField(null=True)),
                ("duration_ms", models.PositiveIntegerField()),
                ("target", models.CharField(blank=True, max_length=64)),
                (
                    "messages",
                    models.JSONField(default=list, help_text="What was sent and answered, secrets taken out"),
                ),
                (
                    "registration",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="attempts",
                        to="trunks.registration",
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
                "ordering": ["-at"],
            },
        ),
        migrations.CreateModel(
            name="RegistrationChange",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=callsphere.lib.ids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                (
                    "from_state",
                    models.CharField(
                        choices=[
                            ("registering", "Registering"),
                            ("registered", "Registered"),
                            ("refreshing", "Refreshing"),
                            ("rejected", "Rejected"),
                            ("unreachable", "Unreachable"),
                            ("throttled", "Throttled"),
                            ("expired", "Expired"),
                            ("paused", "Paused"),
                        ],
                        max_length=16,
                    ),
                ),
                (
                    "to_state",
                    models.CharField(
                        choices=[
                            ("registering", "Registering"),
                            ("registered", "Registered"),
                            ("refreshing", "Refreshing"),
                            ("rejected", "Rejected"),
                            ("unreachable", "Unreachable"),
                            ("throttled", "Throttled"),
                            ("expired", "Expired"),
                            ("paused", "Paused"),
                        ],
                        max_length=16,
                    ),
                ),
                ("at", models.DateTimeField()),
                ("cause", models.CharField(blank=True, max_length=48)),
                ("detail", models.CharField(blank=True, max_length=255)),
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
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="registration_changes",
                        to="trunks.trunk",
                    ),
                ),
            ],
            options={
                "ordering": ["-at", "-id"],
            },
        ),
        migrations.CreateModel(
            name="RegistrationFarewell",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=callsphere.lib.ids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ("registrar", models.CharField(max_length=255)),
                ("username", models.CharField(max_length=128)),
                ("contact", models.CharField(max_length=255)),
                ("call_id", models.CharField(max_length=64)),
                ("from_tag", models.CharField(max_length=32)),
                ("cseq", models.BigIntegerField()),
                ("auth_username", models.CharField(blank=True, max_length=128)),
                ("realm", models.CharField(blank=True, max_length=128)),
                ("secret", tenants.fields.EncryptedTextField(editable=False, null=True)),
                ("expires_at", models.DateTimeField()),
                ("next_attempt_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("attempts", models.PositiveSmallIntegerField(default=0)),
                ("claim", models.BigIntegerField(default=0)),
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
        migrations.CreateModel(
            name="RegistrationStatus",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=callsphere.lib.ids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("registering", "Registering"),
                            ("registered", "Registered"),
                            ("refreshing", "Refreshing"),
                            ("rejected", "Rejected"),
                            ("unreachable", "Unreachable"),
                            ("throttled", "Throttled"),
                            ("expired", "Expired"),
                            ("paused", "Paused"),
                        ],
                        default="registering",
                        max_length=16,
                    ),
                ),
                ("since", models.DateTimeField(default=django.utils.timezone.now)),
                ("cause", models.CharField(blank=True, max_length=48)),
                ("detail", models.CharField(blank=True, max_length=255)),
                (
                    "code",
                    models.PositiveSmallIntegerField(help_text="Status code of the last answer", null=True),
                ),
                ("call_id", models.CharField(max_length=64)),
                ("from_tag", models.CharField(max_length=32)),
                (
                    "contact",
                    models.CharField(blank=True, help_text="As first sent; empty until then", max_length=255),
                ),
                (
                    "cseq",
                    models.BigIntegerField(default=0, help_text="The highest number that may have been sent"),
                ),
                ("granted_s", models.PositiveIntegerField(null=True)),
                ("min_expires_s", models.PositiveIntegerField(help_text="What a 423 asked for", null=True)),
                ("registered_at", models.DateTimeField(null=True)),
                (
                    "expires_at",
                    models.DateTimeField(
                        help_text="When the carrier forgets us, unless refreshed", null=True
                    ),
                ),
                ("next_attempt_at", models.DateTimeField(default=django.utils.timezone.now, null=True)),
                (
                    "has_slot",
                    models.BooleanField(
                        default=False,
                        help_text="`next_attempt_at` is a time that the registrar's pace allows",
                    ),
                ),
                (
                    "removing",
                    models.BooleanField(default=False, help_text="The next attempt takes the binding away"),
                ),
                ("failures", models.PositiveSmallIntegerField(default=0, help_text="In a row")),
                (
                    "refusals",
                    models.PositiveSmallIntegerField(default=0, help_text="Of the credentials, in a row"),
                ),
                ("claim", models.BigIntegerField(default=0)),
                ("attempt_count", models.BigIntegerField(default=0)),
                ("attempted_at", models.DateTimeField(null=True)),
                (
                    "registration",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="status",
                        to="trunks.registration",
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
        migrations.AddIndex(
            model_name="registration",
            index=models.Index(fields=["host"], name="registration_host"),
        ),
        migrations.AddConstraint(
            model_name="registration",
            constraint=models.CheckConstraint(
                condition=models.Q(("expires_s__range", (60, 86400))), name="registration_interval"
            ),
        ),
        migrations.AddConstraint(
            model_name="registration",
            constraint=models.CheckConstraint(
                condition=models.Q(("transport__in", ["udp", "tcp", "tls"])),
                name="registration_transport_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="registration",
            constraint=models.CheckConstraint(
                condition=models.Q(("username", ""), _negated=True), name="registration_user_named"
            ),
        ),
        migrations.AddConstraint(
            model_name="registrationattempt",
            constraint=models.UniqueConstraint(
                fields=("tenant", "registration", "slot"), name="registration_attempt_slot"
            ),
        ),
        migrations.AddIndex(
            model_name="registrationchange",
            index=models.Index(
                models.F("tenant"),
                models.F("trunk"),
                models.OrderBy(models.F("at"), descending=True),
                name="registration_change_of_trunk",
            ),
        ),
        migrations.AddIndex(
            model_name="registrationfarewell",
            index=models.Index(fields=["next_attempt_at"], name="registration_farewell_due"),
        ),
        migrations.AddIndex(
            model_name="registrationstatus",
            index=models.Index(
                condition=models.Q(("next_attempt_at__isnull", False)),
                fields=["next_attempt_at"],
                name="registration_status_due",
            ),
        ),
        migrations.AddConstraint(
            model_name="registrationstatus",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "state__in",
                        [
                            "registering",
                            "registered",
                            "refreshing",
                            "rejected",
                            "unreachable",
                            "throttled",
                            "expired",
                            "paused",
                        ],
                    )
                ),
                name="registration_status_state_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="registrationstatus",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state", "registered"), _negated=True),
                    ("expires_at__isnull", False),
                    _connector="OR",
                ),
                name="registration_status_registered_until",
            ),
        ),
        EnableTenantRLS("Registration"),
        EnableTenantRLS("RegistrationStatus"),
        EnableTenantRLS("RegistrationChange"),
        EnableTenantRLS("RegistrationAttempt"),
        EnableTenantRLS("RegistrationFarewell"),
        CompositeForeignKey("Registration", "trunk"),
        CompositeForeignKey("Registration", "credential"),
        CompositeForeignKey("RegistrationStatus", "registration"),
        CompositeForeignKey("RegistrationChange", "trunk"),
        CompositeForeignKey("RegistrationAttempt", "registration"),
    ]
