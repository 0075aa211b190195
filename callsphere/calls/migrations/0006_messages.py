import callsphere.lib.ids
import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models

from tenants.rls import CompositeForeignKey, EnableTenantRLS

TABLES = ("CallbackRequest", "CallerMessage", "TextMessage")


class Migration(migrations.Migration):
    dependencies = [
        ("calls", "0005_realtime"),
        ("tenants", "0008_account_route"),
    ]

    operations = [
        migrations.CreateModel(
            name="CallbackRequest",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=callsphere.lib.ids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ("number", models.CharField(max_length=16)),
                ("wanted_at", models.DateTimeField()),
                ("time_zone", models.CharField(max_length=64)),
                ("note", models.CharField(blank=True, max_length=500)),
                (
                    "state",
                    models.CharField(
                        choices=[("open", "Open"), ("done", "Done")], default="open", max_length=8
                    ),
                ),
                ("handled_at", models.DateTimeField(null=True)),
                ("handled_by", models.CharField(blank=True, max_length=254)),
                (
                    "call",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="callbacks", to="calls.call"
                    ),
                ),
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
            ],
            options={
                "verbose_name": "callback",
                "ordering": ["-created_at", "-id"],
                "indexes": [
                    models.Index(
                        models.F("tenant"),
                        models.OrderBy(models.F("created_at"), descending=True),
                        models.OrderBy(models.F("id"), descending=True),
                        name="callback_newest",
                    ),
                    models.Index(
                        condition=models.Q(("state", "open")),
                        fields=["tenant", "wanted_at"],
                        name="callback_open",
                    ),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("number__regex", "^(\\+[1-9][0-9]{6,14})?$"),
                            models.Q(("number", ""), _negated=True),
                            models.Q(("time_zone", ""), _negated=True),
                        ),
                        name="callback_usable",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("handled_at", None), ("handled_by", ""), ("state", "open")),
                            models.Q(("handled_at__isnull", False), ("state", "done")),
                            _connector="OR",
                        ),
                        name="callback_handled_whole",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="CallerMessage",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=callsphere.lib.ids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ("name", models.CharField(blank=True, max_length=100, verbose_name="caller")),
                ("number", models.CharField(blank=True, max_length=16)),
                ("text", models.TextField(max_length=2000)),
                ("is_urgent", models.BooleanField(default=False, verbose_name="urgent")),
                ("handled_at", models.DateTimeField(null=True)),
                ("handled_by", models.CharField(blank=True, max_length=254)),
                (
                    "call",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="caller_messages",
                        to="calls.call",
                    ),
                ),
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
            ],
            options={
                "verbose_name": "message of a caller",
                "verbose_name_plural": "messages of callers",
                "ordering": ["-created_at", "-id"],
                "indexes": [
                    models.Index(
                        models.F("tenant"),
                        models.OrderBy(models.F("created_at"), descending=True),
                        models.OrderBy(models.F("id"), descending=True),
                        name="caller_message_newest",
                    ),
                    models.Index(
                        models.F("tenant"),
                        models.OrderBy(models.F("created_at"), descending=True),
                        models.OrderBy(models.F("id"), descending=True),
                        condition=models.Q(("handled_at", None)),
                        name="caller_message_open",
                    ),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("number__regex", "^(\\+[1-9][0-9]{6,14})?$"),
                            models.Q(("text", ""), _negated=True),
                        ),
                        name="caller_message_usable",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("handled_at", None), ("handled_by", "")),
                            ("handled_at__isnull", False),
                            _connector="OR",
                        ),
                        name="caller_message_handled_whole",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="TextMessage",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=callsphere.lib.ids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                (
                    "direction",
                    models.CharField(
                        choices=[("inbound", "Inbound"), ("outbound", "Outbound")],
                        default="outbound",
                        max_length=8,
                    ),
                ),
                ("to_number", models.CharField(max_length=16, verbose_name="to")),
                ("from_number", models.CharField(max_length=16, verbose_name="from")),
                ("body", models.TextField(max_length=1600)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("waiting", "Waits to be sent"),
                            ("sending", "Being sent"),
                            ("sent", "Sent"),
                            ("delivered", "Delivered"),
                            ("undelivered", "Not delivered"),
                            ("failed", "Failed"),
                            ("unknown", "May have been sent"),
                        ],
                        default="waiting",
                        max_length=16,
                    ),
                ),
                (
                    "message_sid",
                    models.CharField(blank=True, max_length=34, verbose_name="id at the provider"),
                ),
                ("error_code", models.PositiveIntegerField(null=True, verbose_name="error of the provider")),
                ("error", models.CharField(blank=True, max_length=500)),
                ("due_at", models.DateTimeField(null=True)),
                (
                    "ended_at",
                    models.DateTimeField(help_text="When it was clear what became of it", null=True),
                ),
                (
                    "call",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="text_messages",
                        to="calls.call",
                    ),
                ),
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
            ],
            options={
                "ordering": ["-created_at", "-id"],
                "indexes": [
                    models.Index(
                        models.F("tenant"),
                        models.OrderBy(models.F("created_at"), descending=True),
                        models.OrderBy(models.F("id"), descending=True),
                        name="text_message_newest",
                    ),
                    models.Index(
                        condition=models.Q(("due_at__isnull", False)),
                        fields=["due_at"],
                        name="text_message_due",
                    ),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("direction__in", ["inbound", "outbound"]),
                            (
                                "state__in",
                                [
                                    "waiting",
                                    "sending",
                                    "sent",
                                    "delivered",
                                    "undelivered",
                                    "failed",
                                    "unknown",
                                ],
                            ),
                        ),
                        name="text_message_words_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("due_at__isnull", False), ("state__in", ["waiting", "sending"])),
                            models.Q(
                                models.Q(("state__in", ["waiting", "sending"]), _negated=True),
                                ("due_at", None),
                            ),
                            _connector="OR",
                        ),
                        name="text_message_due_until_sent",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("message_sid", ""), _negated=True),
                        fields=("tenant", "message_sid"),
                        name="text_message_sid_once",
                    ),
                ],
            },
        ),
        *(EnableTenantRLS(name) for name in TABLES),
        *(CompositeForeignKey(name, "call") for name in TABLES),
    ]
