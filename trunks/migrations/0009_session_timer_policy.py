import callsphere.lib.ids
import django.core.validators
import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models

from tenants.rls import CompositeForeignKey, EnableTenantRLS


# Trunks that exist get the policy that new ones get. The owner sees the trunks only while row-level security is not
# forced on it.
MAKE_POLICIES = [
    "ALTER TABLE trunks_trunk NO FORCE ROW LEVEL SECURITY",
    """
    INSERT INTO trunks_sessiontimerpolicy (id, created_at, version, updated_at, tenant_id, trunk_id, mode,
                                           session_interval_s, min_se_s, refresher, refresh_method)
    SELECT gen_random_uuid(), now(), 1, now(), tenant_id, id, 'supported', 1800, 90, 'peer', 'auto'
    FROM trunks_trunk
    """,
    "ALTER TABLE trunks_trunk FORCE ROW LEVEL SECURITY",
]


class Migration(migrations.Migration):
    dependencies = [
        ("tenants", "0006_check_share"),
        ("trunks", "0008_readiness"),
    ]

    operations = [
        migrations.CreateModel(
            name="SessionTimerPolicy",
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
                    "mode",
                    models.CharField(
                        choices=[("off", "Off"), ("supported", "Supported"), ("required", "Required")],
                        default="supported",
                        max_length=16,
                    ),
                ),
                (
                    "session_interval_s",
                    models.PositiveIntegerField(
                        default=1800,
                        validators=[
                            django.core.validators.MinValueValidator(
                                90, "Use at least 90 seconds: RFC 4028 allows no shorter interval."
                            ),
                            django.core.validators.MaxValueValidator(86400),
                        ],
                        verbose_name="session interval in seconds",
                    ),
                ),
                (
                    "min_se_s",
                    models.PositiveIntegerField(
                        default=90,
                        validators=[
                            django.core.validators.MinValueValidator(
                                90, "Use at least 90 seconds: RFC 4028 allows no shorter interval."
                            ),
                            django.core.validators.MaxValueValidator(86400),
                        ],
                        verbose_name="shortest interval accepted in seconds",
                    ),
                ),
                (
                    "refresher",
                    models.CharField(
                        choices=[
                            ("uac", "The side that calls"),
                            ("uas", "The side that is called"),
                            ("peer", "The carrier chooses"),
                        ],
                        default="peer",
                        max_length=8,
                        verbose_name="who refreshes",
                    ),
                ),
                (
                    "refresh_method",
                    models.CharField(
                        choices=[
                            ("auto", "UPDATE, else re-INVITE"),
                            ("update", "UPDATE"),
                            ("invite", "re-INVITE"),
                        ],
                        default="auto",
                        max_length=8,
                    ),
                ),
                (
                    "longest_call_s",
                    models.PositiveIntegerField(
                        blank=True,
                        null=True,
                        validators=[
                            django.core.validators.MinValueValidator(60),
                            django.core.validators.MaxValueValidator(86400),
                        ],
                        verbose_name="longest call in seconds",
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
                        related_name="session_timer_policy",
                        to="trunks.trunk",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("mode__in", ["off", "supported", "required"])),
                        name="session_timer_policy_mode_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("session_interval_s__range", (90, 86400))),
                        name="session_timer_policy_interval",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("min_se_s__range", (90, 86400))),
                        name="session_timer_policy_min_se",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("min_se_s__lte", models.F("session_interval_s"))),
                        name="session_timer_policy_min_se_within",
                        violation_error_message="Use at most the session interval: we would refuse our own.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("refresher__in", ["uac", "uas", "peer"])),
                        name="session_timer_policy_refresher_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("refresh_method__in", ["auto", "update", "invite"])),
                        name="session_timer_policy_method_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("longest_call_s", None), ("longest_call_s__range", (60, 86400)), _connector="OR"
                        ),
                        name="session_timer_policy_longest_call",
                    ),
                ],
            },
        ),
        migrations.RunSQL(MAKE_POLICIES, migrations.RunSQL.noop),
        EnableTenantRLS("SessionTimerPolicy"),
        CompositeForeignKey("SessionTimerPolicy", "trunk"),
    ]
