import django.db.models.deletion
import tenants.fields
from django.db import migrations, models

from tenants.rls import ROLES


# What came of an invocation may be written; what was asked stays as it was.
ANSWERS = f"GRANT UPDATE (sealed_answer) ON agents_toolinvocation TO {ROLES}"
NO_ANSWERS = f"REVOKE UPDATE (sealed_answer) ON agents_toolinvocation FROM {ROLES}"


class Migration(migrations.Migration):
    dependencies = [
        ("agents", "0003_routes"),
        ("tenants", "0008_account_route"),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name="toolinvocation",
            name="tool_invocation_words_known",
        ),
        migrations.RemoveConstraint(
            model_name="toolinvocation",
            name="tool_invocation_due_until_ended",
        ),
        migrations.AddField(
            model_name="toolinvocation",
            name="builtin",
            field=models.CharField(
                blank=True,
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
                verbose_name="built-in tool",
            ),
        ),
        migrations.AddField(
            model_name="toolinvocation",
            name="function_call_id",
            field=models.CharField(blank=True, help_text="The model's id of its request", max_length=128),
        ),
        migrations.AddField(
            model_name="toolinvocation",
            name="sealed_answer",
            field=tenants.fields.EncryptedTextField(blank=True, default="", editable=False),
        ),
        migrations.AlterField(
            model_name="toolinvocation",
            name="outcome",
            field=models.CharField(
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
                    ("declined", "It could not be done"),
                ],
                max_length=16,
            ),
        ),
        migrations.AlterField(
            model_name="toolinvocation",
            name="tool",
            field=models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="invocations",
                to="agents.tool",
            ),
        ),
        migrations.AddIndex(
            model_name="toolinvocation",
            index=models.Index(
                condition=models.Q(
                    models.Q(("sealed_answer", ""), _negated=True), ("outcome", ""), _connector="OR"
                ),
                fields=["created_at"],
                name="tool_invocation_sealed",
            ),
        ),
        migrations.AddConstraint(
            model_name="toolinvocation",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "builtin__in",
                        [
                            "",
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
                            "declined",
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
                        ("builtin", ""),
                        ("function_call_id", ""),
                        ("sealed_answer", ""),
                        ("tool__isnull", False),
                    ),
                    models.Q(
                        ("kind", "call"),
                        ("tool", None),
                        models.Q(("builtin", ""), _negated=True),
                        models.Q(("function_call_id", ""), _negated=True),
                        models.Q(("reference", ""), _negated=True),
                    ),
                    _connector="OR",
                ),
                name="tool_invocation_one_tool",
            ),
        ),
        migrations.AddConstraint(
            model_name="toolinvocation",
            constraint=models.UniqueConstraint(
                condition=models.Q(("function_call_id", ""), _negated=True),
                fields=("tenant", "reference", "function_call_id"),
                name="tool_invocation_once",
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
                    models.Q(
                        models.Q(("builtin", ""), _negated=True),
                        ("due_at", None),
                        ("ended_at", None),
                        ("outcome", ""),
                        ("sealed_arguments", ""),
                    ),
                    _connector="OR",
                ),
                name="tool_invocation_due_until_ended",
            ),
        ),
        migrations.RunSQL(ANSWERS, NO_ANSWERS),
    ]
