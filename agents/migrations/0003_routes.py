import callsphere.lib.ids
import django.core.validators
import django.db.models.deletion
import django.db.models.functions.text
import django.utils.timezone
from django.db import migrations, models


from tenants.rls import CompositeForeignKey, EnableTenantRLS

# What is pinned is a version of the agent that the route leads to.
OWN_VERSION = """
    ALTER TABLE agents_numberroute ADD CONSTRAINT agents_numberroute_pinned_own_version
    FOREIGN KEY (tenant_id, agent_id, pinned_id) REFERENCES agents_agentversion (tenant_id, agent_id, id)
    DEFERRABLE INITIALLY DEFERRED
"""
NO_OWN_VERSION = "ALTER TABLE agents_numberroute DROP CONSTRAINT agents_numberroute_pinned_own_version"


class Migration(migrations.Migration):
    dependencies = [
        ("agents", "0002_tools"),
        ("tenants", "0008_account_route"),
        ("trunks", "0016_farewell_slots"),
    ]

    operations = [
        migrations.CreateModel(
            name="BusinessHours",
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
                    "time_zone",
                    models.CharField(help_text="IANA name, such as America/New_York", max_length=64),
                ),
                ("weekly", models.JSONField(blank=True, default=list)),
                ("holidays", models.JSONField(blank=True, default=list)),
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
                "verbose_name": "business hours",
                "verbose_name_plural": "business hours",
                "ordering": ["-created_at", "-id"],
            },
        ),
        migrations.CreateModel(
            name="NumberRoute",
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
                    "most_calls",
                    models.PositiveSmallIntegerField(
                        blank=True,
                        null=True,
                        validators=[
                            django.core.validators.MinValueValidator(1),
                            django.core.validators.MaxValueValidator(1000),
                        ],
                        verbose_name="calls at a time",
                    ),
                ),
                (
                    "closed_action",
                    models.CharField(
                        choices=[
                            ("voicemail", "Voicemail"),
                            ("human", "Call a person"),
                            ("agent", "Another agent"),
                            ("hang_up", "Say so, and hang up"),
                        ],
                        default="voicemail",
                        max_length=16,
                    ),
                ),
                ("closed_number", models.CharField(blank=True, max_length=16)),
                (
                    "overflow_action",
                    models.CharField(
                        choices=[
                            ("voicemail", "Voicemail"),
                            ("human", "Call a person"),
                            ("agent", "Another agent"),
                            ("hang_up", "Say so, and hang up"),
                        ],
                        default="voicemail",
                        max_length=16,
                    ),
                ),
                ("overflow_number", models.CharField(blank=True, max_length=16)),
                (
                    "fallback_action",
                    models.CharField(
                        choices=[
                            ("voicemail", "Voicemail"),
                            ("human", "Call a person"),
                            ("agent", "Another agent"),
                            ("hang_up", "Say so, and hang up"),
                        ],
                        default="voicemail",
                        max_length=16,
                    ),
                ),
                ("fallback_number", models.CharField(blank=True, max_length=16)),
                (
                    "agent",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="routes", to="agents.agent"
                    ),
                ),
                (
                    "closed_agent",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="agents.agent",
                    ),
                ),
                (
                    "fallback_agent",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="agents.agent",
                    ),
                ),
                (
                    "hours",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="routes",
                        to="agents.businesshours",
                    ),
                ),
                (
                    "overflow_agent",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="agents.agent",
                    ),
                ),
                (
                    "phone_number",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="routes",
                        to="trunks.phonenumber",
                    ),
                ),
                (
                    "pinned",
                    models.ForeignKey(
                        blank=True,
                        help_text="None: whichever version is published",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="agents.agentversion",
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
                "ordering": ["-created_at", "-id"],
            },
        ),
        migrations.AddConstraint(
            model_name="businesshours",
            constraint=models.UniqueConstraint(
                models.F("tenant"),
                django.db.models.functions.text.Lower("name"),
                name="business_hours_name_once",
                violation_error_message="You have business hours of this name.",
            ),
        ),
        migrations.AddConstraint(
            model_name="businesshours",
            constraint=models.CheckConstraint(
                condition=models.Q(("time_zone", ""), _negated=True), name="business_hours_zone_given"
            ),
        ),
        migrations.AddConstraint(
            model_name="numberroute",
            constraint=models.UniqueConstraint(
                fields=("tenant", "phone_number"),
                name="number_route_once",
                violation_error_message="Calls to this number are routed already. Change that route.",
            ),
        ),
        migrations.AddConstraint(
            model_name="numberroute",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("closed_action__in", ["voicemail", "hang_up"]),
                        ("closed_agent", None),
                        ("closed_number", ""),
                    ),
                    models.Q(
                        ("closed_action", "human"),
                        ("closed_agent", None),
                        ("closed_number__regex", "^\\+[1-9][0-9]{6,14}$"),
                    ),
                    models.Q(
                        ("closed_action", "agent"), ("closed_agent__isnull", False), ("closed_number", "")
                    ),
                    _connector="OR",
                ),
                name="number_route_closed_whole",
            ),
        ),
        migrations.AddConstraint(
            model_name="numberroute",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("overflow_action__in", ["voicemail", "hang_up"]),
                        ("overflow_agent", None),
                        ("overflow_number", ""),
                    ),
                    models.Q(
                        ("overflow_action", "human"),
                        ("overflow_agent", None),
                        ("overflow_number__regex", "^\\+[1-9][0-9]{6,14}$"),
                    ),
                    models.Q(
                        ("overflow_action", "agent"),
                        ("overflow_agent__isnull", False),
                        ("overflow_number", ""),
                    ),
                    _connector="OR",
                ),
                name="number_route_overflow_whole",
            ),
        ),
        migrations.AddConstraint(
            model_name="numberroute",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("fallback_action__in", ["voicemail", "hang_up"]),
                        ("fallback_agent", None),
                        ("fallback_number", ""),
                    ),
                    models.Q(
                        ("fallback_action", "human"),
                        ("fallback_agent", None),
                        ("fallback_number__regex", "^\\+[1-9][0-9]{6,14}$"),
                    ),
                    models.Q(
                        ("fallback_action", "agent"),
                        ("fallback_agent__isnull", False),
                        ("fallback_number", ""),
                    ),
                    _connector="OR",
                ),
                name="number_route_fallback_whole",
            ),
        ),
        migrations.AddConstraint(
            model_name="numberroute",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("fallback_agent", None),
                    models.Q(("fallback_agent", models.F("agent")), _negated=True),
                    _connector="OR",
                ),
                name="number_route_fallback_other",
                violation_error_message="Choose another agent: this one is what cannot be reached.",
            ),
        ),
        migrations.AddConstraint(
            model_name="numberroute",
            constraint=models.CheckConstraint(
                condition=models.Q(("most_calls", None), ("most_calls__range", (1, 1000)), _connector="OR"),
                name="number_route_most_calls",
            ),
        ),
        EnableTenantRLS("BusinessHours"),
        EnableTenantRLS("NumberRoute"),
        CompositeForeignKey("NumberRoute", "phone_number"),
        CompositeForeignKey("NumberRoute", "agent"),
        CompositeForeignKey("NumberRoute", "pinned"),
        CompositeForeignKey("NumberRoute", "hours"),
        CompositeForeignKey("NumberRoute", "closed_agent"),
        CompositeForeignKey("NumberRoute", "overflow_agent"),
        CompositeForeignKey("NumberRoute", "fallback_agent"),
        migrations.RunSQL(OWN_VERSION, NO_OWN_VERSION),
    ]
