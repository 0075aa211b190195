import callsphere.lib.ids
import django.core.validators
import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models

from tenants.rls import CompositeForeignKey, EnableTenantRLS


class Migration(migrations.Migration):
    dependencies = [
        ("tenants", "0006_check_share"),
        ("trunks", "0007_registration_retry_after"),
    ]

    operations = [
        migrations.CreateModel(
            name="HostAllowance",
            fields=[
                ("host", models.CharField(max_length=253, primary_key=True, serialize=False)),
                ("tokens", models.FloatField()),
                ("at", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="ReadinessCheck",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=callsphere.lib.ids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                (
                    "register",
                    models.BooleanField(default=False, help_text="Register, and remove the binding again"),
                ),
                ("call", models.CharField(blank=True, max_length=64, verbose_name="number to call")),
                ("caller", models.CharField(blank=True, max_length=64, verbose_name="number to call from")),
                (
                    "requested_kind",
                    models.CharField(
                        choices=[
                            ("user", "Member"),
                            ("staff", "CallSphere support"),
                            ("api_key", "API key"),
                            ("system", "CallSphere"),
                        ],
                        max_length=16,
                    ),
                ),
                ("requested_by", models.CharField(max_length=254)),
                (
                    "reason",
                    models.CharField(blank=True, help_text="Why support asked for it", max_length=254),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("queued", "Waiting"),
                            ("running", "Running"),
                            ("finished", "Finished"),
                            ("failed", "Not finished"),
                            ("cancelled", "Stopped"),
                        ],
                        default="queued",
                        max_length=16,
                    ),
                ),
                ("claim", models.BigIntegerField(default=0)),
                ("lease_until", models.DateTimeField(null=True)),
                ("cancel_requested", models.BooleanField(default=False)),
                ("started_at", models.DateTimeField(null=True)),
                ("finished_at", models.DateTimeField(null=True)),
                ("duration_ms", models.PositiveIntegerField(null=True)),
                (
                    "verdict",
                    models.CharField(
                        blank=True,
                        choices=[("pass", "Passed"), ("warn", "Passed with warnings"), ("fail", "Failed")],
                        max_length=8,
                    ),
                ),
                ("cause", models.CharField(blank=True, max_length=48)),
                ("target", models.CharField(blank=True, max_length=4000)),
                (
                    "problem",
                    models.CharField(blank=True, help_text="Why there is no whole report", max_length=255),
                ),
                ("steps", models.JSONField(default=list)),
                ("trace", models.JSONField(default=list)),
                ("runs", models.JSONField(default=list)),
                (
                    "gateway",
                    models.ForeignKey(
                        help_text="None: all of them",
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="trunks.gateway",
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
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="checks", to="trunks.trunk"
                    ),
                ),
            ],
            options={
                "ordering": ["-created_at", "-id"],
            },
        ),
        migrations.CreateModel(
            name="PlacedCall",
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
                            ("placed", "Placed"),
                            ("ringing", "Ringing"),
                            ("answered", "Answered"),
                            ("ended", "Ended"),
                        ],
                        max_length=16,
                    ),
                ),
                ("address", models.GenericIPAddressField()),
                ("port", models.PositiveIntegerField()),
                (
                    "transport",
                    models.CharField(choices=[("udp", "UDP"), ("tcp", "TCP"), ("tls", "TLS")], max_length=3),
                ),
                ("server_name", models.CharField(max_length=253)),
                ("call_id", models.CharField(max_length=64)),
                ("request_uri", models.TextField()),
                ("via", models.TextField()),
                ("local", models.TextField()),
                ("remote", models.TextField()),
                ("contact", models.TextField()),
                ("cseq", models.BigIntegerField()),
                ("remote_target", models.TextField(blank=True)),
                ("record_route", models.JSONField(default=list)),
                ("next_attempt_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("attempts", models.PositiveSmallIntegerField(default=0)),
                (
                    "outcome",
                    models.CharField(
                        blank=True, help_text="How it was ended after its worker's end", max_length=255
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
                    "readiness_check",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="placed_calls",
                        to="trunks.readinesscheck",
                    ),
                ),
            ],
            options={
                "ordering": ["created_at"],
            },
        ),
        migrations.CreateModel(
            name="CheckShare",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=callsphere.lib.ids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ("token_hash", models.BinaryField(max_length=32)),
                ("shared_by", models.CharField(max_length=254)),
                ("expires_at", models.DateTimeField()),
                ("revoked_at", models.DateTimeField(null=True)),
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
                    "readiness_check",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="shares",
                        to="trunks.readinesscheck",
                    ),
                ),
            ],
            options={
                "ordering": ["-created_at"],
            },
        ),
        migrations.CreateModel(
            name="CheckSchedule",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=callsphere.lib.ids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                (
                    "register",
                    models.BooleanField(default=False, help_text="Register, and remove the binding again"),
                ),
                ("call", models.CharField(blank=True, max_length=64, verbose_name="number to call")),
                ("caller", models.CharField(blank=True, max_length=64, verbose_name="number to call from")),
                (
                    "every_hours",
                    models.PositiveSmallIntegerField(
                        default=24,
                        validators=[
                            django.core.validators.MinValueValidator(1),
                            django.core.validators.MaxValueValidator(168),
                        ],
                    ),
                ),
                ("next_check_at", models.DateTimeField(default=django.utils.timezone.now)),
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
                        related_name="check_schedule",
                        to="trunks.trunk",
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["next_check_at"], name="check_schedule_due")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("every_hours__range", (1, 168))), name="check_schedule_hours"
                    )
                ],
            },
        ),
        migrations.AddIndex(
            model_name="readinesscheck",
            index=models.Index(
                models.F("tenant"),
                models.F("trunk"),
                models.OrderBy(models.F("created_at"), descending=True),
                name="readiness_check_of_trunk",
            ),
        ),
        migrations.AddIndex(
            model_name="readinesscheck",
            index=models.Index(
                condition=models.Q(("state", "queued")), fields=["created_at"], name="readiness_check_queue"
            ),
        ),
        migrations.AddIndex(
            model_name="readinesscheck",
            index=models.Index(
                condition=models.Q(("state", "running")),
                fields=["lease_until"],
                name="readiness_check_leases",
            ),
        ),
        migrations.AddConstraint(
            model_name="readinesscheck",
            constraint=models.UniqueConstraint(
                condition=models.Q(("state__in", ("queued", "running"))),
                fields=("tenant", "trunk"),
                name="readiness_check_one_open",
                violation_error_message="A check of this trunk is under way.",
            ),
        ),
        migrations.AddConstraint(
            model_name="readinesscheck",
            constraint=models.CheckConstraint(
                condition=models.Q(("state__in", ["queued", "running", "finished", "failed", "cancelled"])),
                name="readiness_check_state_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="readinesscheck",
            constraint=models.CheckConstraint(
                condition=models.Q(("verdict__in", ["", "pass", "warn", "fail"])),
                name="readiness_check_verdict_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="readinesscheck",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("finished_at", None), ("state__in", ("queued", "running"))),
                    models.Q(
                        models.Q(("state__in", ("queued", "running")), _negated=True),
                        ("finished_at__isnull", False),
                    ),
                    _connector="OR",
                ),
                name="readiness_check_ends_once",
            ),
        ),
        migrations.AddConstraint(
            model_name="readinesscheck",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state", "finished"), _negated=True),
                    models.Q(("verdict", ""), _negated=True),
                    _connector="OR",
                ),
                name="readiness_check_finished_says",
            ),
        ),
        migrations.AddIndex(
            model_name="placedcall",
            index=models.Index(
                condition=models.Q(("state", "ended"), _negated=True),
                fields=["next_attempt_at"],
                name="placed_call_open",
            ),
        ),
        migrations.AddConstraint(
            model_name="placedcall",
            constraint=models.UniqueConstraint(
                fields=("tenant", "readiness_check", "call_id"), name="placed_call_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="placedcall",
            constraint=models.CheckConstraint(
                condition=models.Q(("state__in", ["placed", "ringing", "answered", "ended"])),
                name="placed_call_state_known",
            ),
        ),
        EnableTenantRLS("ReadinessCheck"),
        EnableTenantRLS("PlacedCall"),
        EnableTenantRLS("CheckSchedule"),
        EnableTenantRLS("CheckShare"),
        CompositeForeignKey("ReadinessCheck", "trunk"),
        CompositeForeignKey("ReadinessCheck", "gateway"),
        CompositeForeignKey("PlacedCall", "readiness_check"),
        CompositeForeignKey("CheckSchedule", "trunk"),
        CompositeForeignKey("CheckShare", "readiness_check"),
    ]
