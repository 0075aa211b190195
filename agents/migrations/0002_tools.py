import callsphere.lib.ids
import django.contrib.postgres.fields
import django.core.validators
import django.db.models.deletion
import django.utils.timezone
import tenants.fields
from django.db import migrations, models


from tenants.rls import ROLES, CompositeForeignKey, EnableTenantRLS

# What was done is never told otherwise, but for a test that waits: the constraint tells the two apart for rows, these
# grants for columns.
AS_IT_WAS = f"""
    REVOKE UPDATE, TRUNCATE ON agents_toolinvocation FROM {ROLES};
    GRANT UPDATE (sealed_arguments, outcome, detail, status, answer, tries, duration_ms, due_at, claim, ended_at)
    ON agents_toolinvocation TO {ROLES};
"""


class Migration(migrations.Migration):
    dependencies = [
        ("agents", "0001_agents"),
        ("tenants", "0008_account_route"),
    ]

    operations = [
        migrations.CreateModel(
            name="Tool",
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
                ("name", models.CharField(max_length=64)),
                ("description", models.CharField(blank=True, max_length=1024)),
                ("parameters", models.JSONField(help_text="JSON Schema of an object")),
                ("endpoint", models.CharField(max_length=500)),
                (
                    "timeout_s",
                    models.PositiveSmallIntegerField(
                        default=5,
                        validators=[
                            django.core.validators.MinValueValidator(1),
                            django.core.validators.MaxValueValidator(20),
                        ],
                        verbose_name="time limit in seconds",
                    ),
                ),
                (
                    "is_idempotent",
                    models.BooleanField(
                        default=False,
                        help_text="Whether to call it twice does no more than to call it once",
                        verbose_name="may be repeated",
                    ),
                ),
                (
                    "header_names",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=64),
                        blank=True,
                        default=list,
                        editable=False,
                        size=None,
                    ),
                ),
                ("secret_headers", tenants.fields.EncryptedTextField(blank=True, default="", editable=False)),
                ("headers_set_at", models.DateTimeField(editable=False, null=True)),
                ("signing_secret", tenants.fields.EncryptedTextField(editable=False)),
                ("deleted_at", models.DateTimeField(editable=False, null=True)),
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
                "ordering": ["-created_at", "-id"],
            },
        ),
        migrations.CreateModel(
            name="AgentTool",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=callsphere.lib.ids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                (
                    "agent",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="tool_choices",
                        to="agents.agent",
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
                    "tool",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="agent_choices",
                        to="agents.tool",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="ToolInvocation",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=callsphere.lib.ids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                (
                    "kind",
                    models.CharField(choices=[("call", "In a call"), ("test", "As a test")], max_length=8),
                ),
                (
                    "reference",
                    models.CharField(blank=True, help_text="The call that it was for", max_length=64),
                ),
                (
                    "arguments",
                    models.JSONField(default=dict, help_text="Masked: what kind of values, not which"),
                ),
                (
                    "sealed_arguments",
                    tenants.fields.EncryptedTextField(blank=True, default="", editable=False),
                ),
                (
                    "outcome",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("ok", "Answered"),
                            ("wrong_arguments", "The arguments do not fit"),
                            ("unreachable", "The endpoint cannot be reached"),
                            ("timed_out", "The endpoint took too long"),
                            ("refused", "The endpoint refused"),
                            ("too_large", "The answer is too long"),
                            ("no_json", "The answer is no JSON"),
                            ("unusable", "The tool cannot be used"),
                            ("interrupted", "Interrupted, and not repeated"),
                        ],
                        max_length=16,
                    ),
                ),
                ("detail", models.CharField(blank=True, max_length=500)),
                ("status", models.PositiveSmallIntegerField(null=True, verbose_name="HTTP status")),
                ("answer", models.JSONField(help_text="Masked", null=True)),
                ("tries", models.PositiveSmallIntegerField(default=0)),
                (
                    "duration_ms",
                    models.PositiveIntegerField(null=True, verbose_name="duration in milliseconds"),
                ),
                ("due_at", models.DateTimeField(null=True)),
                ("claim", models.PositiveIntegerField(default=0)),
                ("ended_at", models.DateTimeField(null=True)),
                (
                    "tenant",
                    models.ForeignKey(
                        db_index=False,
                        editable=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="tenants.tenant",
                    ),
                ),
                (
                    "tool",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="invocations",
                        to="agents.tool",
                    ),
                ),
                (
                    "version",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="agents.agentversion",
                    ),
                ),
            ],
            options={
                "ordering": ["-created_at", "-id"],
            },
        ),
        migrations.CreateModel(
            name="VersionTool",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=callsphere.lib.ids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ("name", models.CharField(max_length=64)),
                ("description", models.CharField(max_length=1024)),
                ("parameters", models.JSONField()),
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
                    "tool",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="version_choices",
                        to="agents.tool",
                    ),
                ),
                (
                    "version",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="tools",
                        to="agents.agentversion",
                    ),
                ),
            ],
            options={
                "ordering": ["name"],
            },
        ),
        migrations.AddConstraint(
            model_name="tool",
            constraint=models.UniqueConstraint(
                condition=models.Q(("deleted_at", None)),
                fields=("tenant", "name"),
                name="tool_name_once",
                violation_error_message="You have a tool of this name.",
            ),
        ),
        migrations.AddConstraint(
            model_name="tool",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("name__regex", "^[a-zA-Z0-9_-]{1,64}$"),
                    models.Q(
                        (
                            "name__in",
                            [
                                "transfer_to_human",
                                "send_sms",
                                "take_message",
                                "check_business_hours",
                                "schedule_callback",
                                "look_up_last_calls",
                                "escalate",
                                "hang_up",
                            ],
                        ),
                        _negated=True,
                    ),
                ),
                name="tool_name_usable",
            ),
        ),
        migrations.AddConstraint(
            model_name="tool",
            constraint=models.CheckConstraint(
                condition=models.Q(("endpoint__regex", "^https?://")), name="tool_endpoint_http"
            ),
        ),
        migrations.AddConstraint(
            model_name="tool",
            constraint=models.CheckConstraint(
                condition=models.Q(("timeout_s__range", (1, 20))), name="tool_timeout_bounded"
            ),
        ),
        migrations.AddConstraint(
            model_name="tool",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("header_names", []), ("headers_set_at", None), ("secret_headers", "")),
                    models.Q(
                        models.Q(("header_names", []), _negated=True),
                        models.Q(("secret_headers", ""), _negated=True),
                        ("headers_set_at__isnull", False),
                    ),
                    _connector="OR",
                ),
                name="tool_headers_whole",
            ),
        ),
        migrations.AddConstraint(
            model_name="agenttool",
            constraint=models.UniqueConstraint(fields=("tenant", "agent", "tool"), name="agent_tool_once"),
        ),
        migrations.AddIndex(
            model_name="toolinvocation",
            index=models.Index(
                models.F("tool"),
                models.OrderBy(models.F("created_at"), descending=True),
                models.OrderBy(models.F("id"), descending=True),
                name="tool_invocation_newest",
            ),
        ),
        migrations.AddIndex(
            model_name="toolinvocation",
            index=models.Index(
                condition=models.Q(("due_at__isnull", False)), fields=["due_at"], name="tool_invocation_due"
            ),
        ),
        migrations.AddIndex(
            model_name="toolinvocation",
            index=models.Index(
                condition=models.Q(("ended_at__isnull", False)),
                fields=["ended_at"],
                name="tool_invocation_over",
            ),
        ),
        migrations.AddConstraint(
            model_name="toolinvocation",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("kind__in", ["call", "test"]),
                    (
                        "outcome__in",
                        [
                            "",
                            "ok",
                            "wrong_arguments",
                            "unreachable",
                            "timed_out",
                            "refused",
                            "too_large",
                            "no_json",
                            "unusable",
                            "interrupted",
                        ],
                    ),
                ),
                name="tool_invocation_words_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="toolinvocation",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("due_at__isnull", False), ("ended_at", None), ("kind", "test"), ("outcome", "")
                    ),
                    models.Q(
                        models.Q(("outcome", ""), _negated=True),
                        ("due_at", None),
                        ("ended_at__isnull", False),
                        ("sealed_arguments", ""),
                    ),
                    _connector="OR",
                ),
                name="tool_invocation_due_until_ended",
            ),
        ),
        migrations.AddConstraint(
            model_name="versiontool",
            constraint=models.UniqueConstraint(
                fields=("tenant", "version", "tool"), name="version_tool_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="versiontool",
            constraint=models.UniqueConstraint(
                fields=("tenant", "version", "name"), name="version_tool_name_once"
            ),
        ),
        EnableTenantRLS("Tool"),
        EnableTenantRLS("AgentTool"),
        EnableTenantRLS("VersionTool", append_only=True),
        EnableTenantRLS("ToolInvocation"),
        migrations.RunSQL(AS_IT_WAS, migrations.RunSQL.noop),
        CompositeForeignKey("AgentTool", "agent"),
        CompositeForeignKey("AgentTool", "tool"),
        CompositeForeignKey("VersionTool", "version"),
        CompositeForeignKey("VersionTool", "tool"),
        CompositeForeignKey("ToolInvocation", "tool"),
        CompositeForeignKey("ToolInvocation", "version"),
    ]
