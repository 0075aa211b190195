import callsphere.lib.ids
import django.contrib.postgres.fields
import django.core.validators
import django.db.models.deletion
import django.db.models.functions.text
import django.utils.timezone
import tenants.fields
from django.db import migrations, models


from tenants.rls import ROLES, CompositeForeignKey, EnableTenantRLS

# Versions are never changed; only their passwords are sealed anew when the tenant's data key is replaced.
SEALED_ANEW = f"GRANT UPDATE (sip_secret) ON agents_agentversion TO {ROLES}"

# An agent answers as a version of its own says.
OWN_VERSION = [
    "ALTER TABLE agents_agentversion ADD CONSTRAINT agents_agentversion_of_agent UNIQUE (tenant_id, agent_id, id)",
    """
    ALTER TABLE agents_agent ADD CONSTRAINT agents_agent_published_own_version
    FOREIGN KEY (tenant_id, id, published_id) REFERENCES agents_agentversion (tenant_id, agent_id, id)
    DEFERRABLE INITIALLY DEFERRED
    """,
]
NO_OWN_VERSION = [
    "ALTER TABLE agents_agent DROP CONSTRAINT agents_agent_published_own_version",
    "ALTER TABLE agents_agentversion DROP CONSTRAINT agents_agentversion_of_agent",
]


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("tenants", "0008_account_route"),
    ]

    operations = [
        migrations.CreateModel(
            name="Agent",
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
                    "runtime",
                    models.CharField(
                        choices=[
                            ("openai_realtime", "OpenAI Realtime over SIP"),
                            ("media_stream", "Media stream to your own runtime"),
                            ("sip_uri", "Your own agent at a SIP URI"),
                        ],
                        default="openai_realtime",
                        max_length=16,
                    ),
                ),
                ("instructions", models.TextField(blank=True, max_length=16000)),
                ("safety_rules", models.TextField(blank=True, max_length=4000)),
                ("greeting", models.TextField(blank=True, max_length=1000)),
                ("consent_text", models.TextField(blank=True, max_length=1000)),
                (
                    "language",
                    models.CharField(default="en-US", help_text="BCP 47 tag, such as en-US", max_length=16),
                ),
                (
                    "voice",
                    models.CharField(
                        choices=[
                            ("alloy", "Alloy"),
                            ("ash", "Ash"),
                            ("ballad", "Ballad"),
                            ("cedar", "Cedar"),
                            ("coral", "Coral"),
                            ("echo", "Echo"),
                            ("marin", "Marin"),
                            ("sage", "Sage"),
                            ("shimmer", "Shimmer"),
                            ("verse", "Verse"),
                        ],
                        default="marin",
                        max_length=16,
                    ),
                ),
                (
                    "model",
                    models.CharField(
                        choices=[
                            ("gpt-realtime-2.1", "gpt-realtime-2.1"),
                            ("gpt-realtime-2.1-mini", "gpt-realtime-2.1-mini"),
                            ("gpt-realtime-2", "gpt-realtime-2"),
                            ("gpt-realtime-1.5", "gpt-realtime-1.5"),
                        ],
                        default="gpt-realtime-2.1",
                        max_length=32,
                    ),
                ),
                (
                    "turn_detection",
                    models.CharField(
                        choices=[("semantic_vad", "By what the caller says"), ("server_vad", "By silence")],
                        default="semantic_vad",
                        max_length=16,
                    ),
                ),
                (
                    "eagerness",
                    models.CharField(
                        choices=[
                            ("auto", "Automatic"),
                            ("low", "Patient"),
                            ("medium", "Medium"),
                            ("high", "Quick"),
                        ],
                        default="auto",
                        max_length=8,
                    ),
                ),
                (
                    "vad_threshold",
                    models.FloatField(
                        default=0.5,
                        validators=[
                            django.core.validators.MinValueValidator(0.0),
                            django.core.validators.MaxValueValidator(1.0),
                        ],
                        verbose_name="loudness taken for speech",
                    ),
                ),
                (
                    "prefix_padding_ms",
                    models.PositiveIntegerField(
                        default=300,
                        validators=[
                            django.core.validators.MinValueValidator(0),
                            django.core.validators.MaxValueValidator(5000),
                        ],
                        verbose_name="sound kept before speech in milliseconds",
                    ),
                ),
                (
                    "silence_duration_ms",
                    models.PositiveIntegerField(
                        default=500,
                        validators=[
                            django.core.validators.MinValueValidator(0),
                            django.core.validators.MaxValueValidator(5000),
                        ],
                        verbose_name="silence that ends a turn in milliseconds",
                    ),
                ),
                (
                    "idle_timeout_ms",
                    models.PositiveIntegerField(
                        blank=True,
                        null=True,
                        validators=[
                            django.core.validators.MinValueValidator(5000),
                            django.core.validators.MaxValueValidator(30000),
                        ],
                        verbose_name="silence after which the agent asks in milliseconds",
                    ),
                ),
                ("can_be_interrupted", models.BooleanField(default=True)),
                (
                    "longest_call_s",
                    models.PositiveIntegerField(
                        default=1800,
                        validators=[
                            django.core.validators.MinValueValidator(30),
                            django.core.validators.MaxValueValidator(14400),
                        ],
                        verbose_name="longest call in seconds",
                    ),
                ),
                (
                    "builtin_tools",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(
                            choices=[
                                ("transfer_to_human", "Transfer to a human"),
                                ("send_sms", "Send an SMS"),
                                ("take_message", "Take a message"),
                                ("check_business_hours", "Check business hours"),
                                ("schedule_callback", "Schedule a callback"),
                                ("look_up_last_calls", "Look up the caller's last calls"),
                                ("escalate", "Escalate"),
                                ("hang_up", "Hang up"),
                            ],
                            max_length=32,
                        ),
                        blank=True,
                        default=list,
                        size=None,
                    ),
                ),
                ("stream_url", models.CharField(blank=True, max_length=255)),
                ("sip_uri", models.CharField(blank=True, max_length=255, verbose_name="SIP URI")),
                ("sip_username", models.CharField(blank=True, max_length=128, verbose_name="SIP user name")),
                ("sip_secret", tenants.fields.EncryptedTextField(blank=True, default="", editable=False)),
                (
                    "sip_sign_in_set_at",
                    models.DateTimeField(editable=False, null=True, verbose_name="SIP password set at"),
                ),
                (
                    "name",
                    models.CharField(
                        max_length=100,
                        validators=[
                            django.core.validators.RegexValidator(
                                "^[^\\x00-\\x1f\\x7f]*$", "Write it on one line, without control characters."
                            )
                        ],
                    ),
                ),
                (
                    "template",
                    models.CharField(
                        blank=True,
                        editable=False,
                        help_text="What it was made from; empty for nothing",
                        max_length=40,
                    ),
                ),
                ("published_at", models.DateTimeField(editable=False, null=True)),
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
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="AgentVersion",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=callsphere.lib.ids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                (
                    "runtime",
                    models.CharField(
                        choices=[
                            ("openai_realtime", "OpenAI Realtime over SIP"),
                            ("media_stream", "Media stream to your own runtime"),
                            ("sip_uri", "Your own agent at a SIP URI"),
                        ],
                        default="openai_realtime",
                        max_length=16,
                    ),
                ),
                ("instructions", models.TextField(blank=True, max_length=16000)),
                ("safety_rules", models.TextField(blank=True, max_length=4000)),
                ("greeting", models.TextField(blank=True, max_length=1000)),
                ("consent_text", models.TextField(blank=True, max_length=1000)),
                (
                    "language",
                    models.CharField(default="en-US", help_text="BCP 47 tag, such as en-US", max_length=16),
                ),
                (
                    "voice",
                    models.CharField(
                        choices=[
                            ("alloy", "Alloy"),
                            ("ash", "Ash"),
                            ("ballad", "Ballad"),
                            ("cedar", "Cedar"),
                            ("coral", "Coral"),
                            ("echo", "Echo"),
                            ("marin", "Marin"),
                            ("sage", "Sage"),
                            ("shimmer", "Shimmer"),
                            ("verse", "Verse"),
                        ],
                        default="marin",
                        max_length=16,
                    ),
                ),
                (
                    "model",
                    models.CharField(
                        choices=[
                            ("gpt-realtime-2.1", "gpt-realtime-2.1"),
                            ("gpt-realtime-2.1-mini", "gpt-realtime-2.1-mini"),
                            ("gpt-realtime-2", "gpt-realtime-2"),
                            ("gpt-realtime-1.5", "gpt-realtime-1.5"),
                        ],
                        default="gpt-realtime-2.1",
                        max_length=32,
                    ),
                ),
                (
                    "turn_detection",
                    models.CharField(
                        choices=[("semantic_vad", "By what the caller says"), ("server_vad", "By silence")],
                        default="semantic_vad",
                        max_length=16,
                    ),
                ),
                (
                    "eagerness",
                    models.CharField(
                        choices=[
                            ("auto", "Automatic"),
                            ("low", "Patient"),
                            ("medium", "Medium"),
                            ("high", "Quick"),
                        ],
                        default="auto",
                        max_length=8,
                    ),
                ),
                (
                    "vad_threshold",
                    models.FloatField(
                        default=0.5,
                        validators=[
                            django.core.validators.MinValueValidator(0.0),
                            django.core.validators.MaxValueValidator(1.0),
                        ],
                        verbose_name="loudness taken for speech",
                    ),
                ),
                (
                    "prefix_padding_ms",
                    models.PositiveIntegerField(
                        default=300,
                        validators=[
                            django.core.validators.MinValueValidator(0),
                            django.core.validators.MaxValueValidator(5000),
                        ],
                        verbose_name="sound kept before speech in milliseconds",
                    ),
                ),
                (
                    "silence_duration_ms",
                    models.PositiveIntegerField(
                        default=500,
                        validators=[
                            django.core.validators.MinValueValidator(0),
                            django.core.validators.MaxValueValidator(5000),
                        ],
                        verbose_name="silence that ends a turn in milliseconds",
                    ),
                ),
                (
                    "idle_timeout_ms",
                    models.PositiveIntegerField(
                        blank=True,
                        null=True,
                        validators=[
                            django.core.validators.MinValueValidator(5000),
                            django.core.validators.MaxValueValidator(30000),
                        ],
                        verbose_name="silence after which the agent asks in milliseconds",
                    ),
                ),
                ("can_be_interrupted", models.BooleanField(default=True)),
                (
                    "longest_call_s",
                    models.PositiveIntegerField(
                        default=1800,
                        validators=[
                            django.core.validators.MinValueValidator(30),
                            django.core.validators.MaxValueValidator(14400),
                        ],
                        verbose_name="longest call in seconds",
                    ),
                ),
                (
                    "builtin_tools",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(
                            choices=[
                                ("transfer_to_human", "Transfer to a human"),
                                ("send_sms", "Send an SMS"),
                                ("take_message", "Take a message"),
                                ("check_business_hours", "Check business hours"),
                                ("schedule_callback", "Schedule a callback"),
                                ("look_up_last_calls", "Look up the caller's last calls"),
                                ("escalate", "Escalate"),
                                ("hang_up", "Hang up"),
                            ],
                            max_length=32,
                        ),
                        blank=True,
                        default=list,
                        size=None,
                    ),
                ),
                ("stream_url", models.CharField(blank=True, max_length=255)),
                ("sip_uri", models.CharField(blank=True, max_length=255, verbose_name="SIP URI")),
                ("sip_username", models.CharField(blank=True, max_length=128, verbose_name="SIP user name")),
                ("sip_secret", tenants.fields.EncryptedTextField(blank=True, default="", editable=False)),
                (
                    "sip_sign_in_set_at",
                    models.DateTimeField(editable=False, null=True, verbose_name="SIP password set at"),
                ),
                ("number", models.PositiveIntegerField()),
                ("note", models.CharField(blank=True, help_text="What is new in it", max_length=200)),
                ("published_by", models.CharField(blank=True, max_length=254)),
                (
                    "agent",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="versions",
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
            ],
            options={
                "ordering": ["-number"],
                "abstract": False,
            },
        ),
        migrations.AddField(
            model_name="agent",
            name="published",
            field=models.ForeignKey(
                editable=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="agents.agentversion",
            ),
        ),
        migrations.AddConstraint(
            model_name="agentversion",
            constraint=models.CheckConstraint(
                condition=models.Q(("runtime__in", ["openai_realtime", "media_stream", "sip_uri"])),
                name="agentversion_runtime_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="agentversion",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "voice__in",
                        [
                            "alloy",
                            "ash",
                            "ballad",
                            "cedar",
                            "coral",
                            "echo",
                            "marin",
                            "sage",
                            "shimmer",
                            "verse",
                        ],
                    )
                ),
                name="agentversion_voice_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="agentversion",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("eagerness__in", ["auto", "low", "medium", "high"]),
                    ("turn_detection__in", ["semantic_vad", "server_vad"]),
                ),
                name="agentversion_turns_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="agentversion",
            constraint=models.CheckConstraint(
                condition=models.Q(("vad_threshold__range", (0, 1))), name="agentversion_vad_threshold"
            ),
        ),
        migrations.AddConstraint(
            model_name="agentversion",
            constraint=models.CheckConstraint(
                condition=models.Q(("longest_call_s__range", (30, 14400))), name="agentversion_longest_call"
            ),
        ),
        migrations.AddConstraint(
            model_name="agentversion",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("runtime", "openai_realtime"), _negated=True),
                    ("longest_call_s__lte", 3500),
                    _connector="OR",
                ),
                name="agentversion_longest_realtime_call",
                violation_error_message="Use at most 3500 seconds: OpenAI ends a session after 60 minutes, and we end the call before that.",
            ),
        ),
        migrations.AddConstraint(
            model_name="agentversion",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "builtin_tools__contained_by",
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
                    )
                ),
                name="agentversion_tools_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="agentversion",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("sip_secret", ""), ("sip_sign_in_set_at", None)),
                    models.Q(
                        models.Q(("sip_secret", ""), _negated=True),
                        models.Q(("sip_uri", ""), _negated=True),
                        models.Q(("sip_username", ""), _negated=True),
                        ("sip_sign_in_set_at__isnull", False),
                    ),
                    _connector="OR",
                ),
                name="agentversion_secret_whole",
            ),
        ),
        migrations.AddConstraint(
            model_name="agentversion",
            constraint=models.UniqueConstraint(
                fields=("tenant", "agent", "number"), name="agentversion_number_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="agentversion",
            constraint=models.CheckConstraint(
                condition=models.Q(("number__gte", 1)), name="agentversion_number_from_one"
            ),
        ),
        migrations.AddConstraint(
            model_name="agentversion",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("runtime", "openai_realtime"), _negated=True),
                    models.Q(("instructions", ""), _negated=True),
                    _connector="OR",
                ),
                name="agentversion_realtime_whole",
            ),
        ),
        migrations.AddConstraint(
            model_name="agentversion",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("runtime", "media_stream"), _negated=True),
                    ("stream_url__startswith", "wss://"),
                    _connector="OR",
                ),
                name="agentversion_stream_whole",
            ),
        ),
        migrations.AddConstraint(
            model_name="agentversion",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("runtime", "sip_uri"), _negated=True),
                    ("sip_uri__regex", "^sips?:"),
                    _connector="OR",
                ),
                name="agentversion_sip_whole",
            ),
        ),
        migrations.AddConstraint(
            model_name="agentversion",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("sip_username", ""), models.Q(("sip_secret", ""), _negated=True), _connector="OR"
                ),
                name="agentversion_sign_in_whole",
            ),
        ),
        migrations.AddConstraint(
            model_name="agent",
            constraint=models.CheckConstraint(
                condition=models.Q(("runtime__in", ["openai_realtime", "media_stream", "sip_uri"])),
                name="agent_runtime_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="agent",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "voice__in",
                        [
                            "alloy",
                            "ash",
                            "ballad",
                            "cedar",
                            "coral",
                            "echo",
                            "marin",
                            "sage",
                            "shimmer",
                            "verse",
                        ],
                    )
                ),
                name="agent_voice_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="agent",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("eagerness__in", ["auto", "low", "medium", "high"]),
                    ("turn_detection__in", ["semantic_vad", "server_vad"]),
                ),
                name="agent_turns_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="agent",
            constraint=models.CheckConstraint(
                condition=models.Q(("vad_threshold__range", (0, 1))), name="agent_vad_threshold"
            ),
        ),
        migrations.AddConstraint(
            model_name="agent",
            constraint=models.CheckConstraint(
                condition=models.Q(("longest_call_s__range", (30, 14400))), name="agent_longest_call"
            ),
        ),
        migrations.AddConstraint(
            model_name="agent",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("runtime", "openai_realtime"), _negated=True),
                    ("longest_call_s__lte", 3500),
                    _connector="OR",
                ),
                name="agent_longest_realtime_call",
                violation_error_message="Use at most 3500 seconds: OpenAI ends a session after 60 minutes, and we end the call before that.",
            ),
        ),
        migrations.AddConstraint(
            model_name="agent",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "builtin_tools__contained_by",
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
                    )
                ),
                name="agent_tools_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="agent",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("sip_secret", ""), ("sip_sign_in_set_at", None)),
                    models.Q(
                        models.Q(("sip_secret", ""), _negated=True),
                        models.Q(("sip_uri", ""), _negated=True),
                        models.Q(("sip_username", ""), _negated=True),
                        ("sip_sign_in_set_at__isnull", False),
                    ),
                    _connector="OR",
                ),
                name="agent_secret_whole",
            ),
        ),
        migrations.AddConstraint(
            model_name="agent",
            constraint=models.UniqueConstraint(
                models.F("tenant"),
                django.db.models.functions.text.Lower("name"),
                condition=models.Q(("deleted_at", None)),
                name="agent_name_once",
                violation_error_message="You have an agent of this name.",
            ),
        ),
        migrations.AddConstraint(
            model_name="agent",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("published", None), ("published_at", None)),
                    models.Q(("published__isnull", False), ("published_at__isnull", False)),
                    _connector="OR",
                ),
                name="agent_published_whole",
            ),
        ),
        migrations.AddConstraint(
            model_name="agent",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("deleted_at", None), models.Q(("published", None), ("sip_secret", "")), _connector="OR"
                ),
                name="agent_deleted_whole",
            ),
        ),
        EnableTenantRLS("Agent"),
        EnableTenantRLS("AgentVersion", append_only=True),
        migrations.RunSQL(SEALED_ANEW, migrations.RunSQL.noop),
        CompositeForeignKey("Agent", "published"),
        CompositeForeignKey("AgentVersion", "agent"),
        migrations.RunSQL(OWN_VERSION, NO_OWN_VERSION),
    ]
