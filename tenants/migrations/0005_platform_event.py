"""What was done to accounts and to mails: people read their own, the platform's role all, nobody changes any."""

import callsphere.lib.ids
import django.utils.timezone
from django.db import migrations, models

from tenants.rls import USER, EnablePlatformRLS


class Migration(migrations.Migration):
    dependencies = [
        ("tenants", "0004_outgoing_mail"),
    ]

    operations = [
        migrations.CreateModel(
            name="PlatformEvent",
            fields=[
                (
                    "actor_kind",
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
                ("actor_id", models.UUIDField(null=True)),
                ("actor_label", models.CharField(max_length=254)),
                ("verb", models.CharField(max_length=64)),
                ("object_kind", models.CharField(max_length=32)),
                ("object_id", models.UUIDField(null=True)),
                ("object_label", models.CharField(max_length=254)),
                ("changes", models.JSONField(default=dict)),
                ("reason", models.CharField(blank=True, max_length=254)),
                ("ip", models.GenericIPAddressField(null=True)),
                ("request_id", models.CharField(blank=True, max_length=64)),
                (
                    "id",
                    models.UUIDField(
                        default=callsphere.lib.ids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
            ],
            options={
                "verbose_name": "account event",
                "ordering": ["-created_at", "-id"],
                "indexes": [
                    models.Index(fields=["-created_at", "-id"], name="platform_event_newest"),
                    models.Index(fields=["object_id", "-created_at"], name="platform_event_of_object"),
                ],
            },
        ),
        EnablePlatformRLS("PlatformEvent", own_rows=f"object_id = {USER}", append_only=True),
    ]
