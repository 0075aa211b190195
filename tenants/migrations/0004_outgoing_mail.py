"""Mails as rows: everybody may add one, the platform's role alone reads, sends and erases them."""

import callsphere.lib.ids
import django.utils.timezone
import tenants.fields
from django.db import migrations, models

from tenants.rls import EnablePlatformRLS


class Migration(migrations.Migration):
    dependencies = [
        ("tenants", "0003_tenant_version"),
    ]

    operations = [
        migrations.CreateModel(
            name="OutgoingMail",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=callsphere.lib.ids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("sender", models.CharField(max_length=320, verbose_name="from")),
                ("recipient", models.CharField(max_length=320, verbose_name="to")),
                ("subject", models.CharField(max_length=255)),
                (
                    "content",
                    tenants.fields.EncryptedTextField(
                        blank=True, default="", editable=False, help_text="The whole mail, headers included"
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[("waiting", "Waiting"), ("sent", "Sent"), ("failed", "Given up")],
                        default="waiting",
                        max_length=16,
                    ),
                ),
                (
                    "created_at",
                    models.DateTimeField(
                        default=django.utils.timezone.now, editable=False, verbose_name="written"
                    ),
                ),
                (
                    "due_at",
                    models.DateTimeField(
                        help_text="While one is under way: when its lease ends",
                        null=True,
                        verbose_name="next attempt",
                    ),
                ),
                ("give_up_at", models.DateTimeField(verbose_name="given up after")),
                (
                    "claim",
                    models.PositiveBigIntegerField(
                        default=0, help_text="Raised by each worker that takes the mail"
                    ),
                ),
                ("attempts", models.PositiveIntegerField(default=0)),
                ("last_error", models.CharField(blank=True, max_length=255)),
                ("ended_at", models.DateTimeField(null=True, verbose_name="sent or given up")),
            ],
            options={
                "verbose_name": "mail",
                "ordering": ["-created_at", "-id"],
                "indexes": [
                    models.Index(
                        condition=models.Q(("state", "waiting")), fields=["due_at"], name="outgoing_mail_due"
                    ),
                    models.Index(fields=["-created_at", "-id"], name="outgoing_mail_newest"),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("state__in", ["waiting", "sent", "failed"])),
                        name="outgoing_mail_state_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("due_at__isnull", False), ("ended_at", None), ("state", "waiting")),
                            models.Q(
                                ("due_at", None),
                                ("ended_at__isnull", False),
                                models.Q(("state", "waiting"), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="outgoing_mail_due_while_waiting",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state", "sent"), _negated=True), ("content", ""), _connector="OR"
                        ),
                        name="outgoing_mail_erased_when_sent",
                    ),
                ],
            },
        ),
        EnablePlatformRLS("OutgoingMail", may_add="state = 'waiting' AND attempts = 0"),
    ]
