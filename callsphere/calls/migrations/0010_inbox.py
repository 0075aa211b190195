"""The inbox of what callers left, open first; the sound of voice messages."""

import callsphere.lib.ids
import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models
from django.db.models import F, Q

import tenants.fields
from tenants.rls import CompositeForeignKey, EnableTenantRLS

SOUND_STATES = [
    ("waiting", "Being fetched"),
    ("there", "There"),
    ("failed", "Not available"),
    ("forgotten", "Deleted"),
]
NEWEST = models.OrderBy(F("id"), descending=True, nulls_last=True)


def _is_open(model: str) -> migrations.AddField:
    is_open = models.GeneratedField(
        expression=Q(("handled_at__isnull", True)), output_field=models.BooleanField(), db_persist=True
    )
    return migrations.AddField(model, "is_open", is_open)


def _inbox(model: str, name: str) -> migrations.AddIndex:
    index = models.Index(
        F("tenant"),
        models.OrderBy(F("is_open"), descending=True),
        models.OrderBy(F("id"), descending=True),
        name=name,
    )
    return migrations.AddIndex(model, index)


def _by_number(model: str, column: str, name: str) -> migrations.AddIndex:
    index = models.Index(fields=["tenant", column], opclasses=["uuid_ops", "text_pattern_ops"], name=name)
    return migrations.AddIndex(model, index)


class Migration(migrations.Migration):
    dependencies = [("calls", "0009_store_event"), ("tenants", "0008_account_route")]

    operations = [
        migrations.RenameField("voicemessage", "heard_at", "handled_at"),
        migrations.RenameField("voicemessage", "heard_by", "handled_by"),
        migrations.AddField(
            "voicemessage",
            "sound_state",
            models.CharField(choices=SOUND_STATES, default="waiting", max_length=16),
        ),
        # what was left before is fetched too
        migrations.AddField(
            "voicemessage",
            "sound_due_at",
            models.DateTimeField(default=django.utils.timezone.now, null=True),
        ),
        migrations.AddField("voicemessage", "sound_tries", models.PositiveSmallIntegerField(default=0)),
        migrations.AddField("voicemessage", "sound_error", models.CharField(blank=True, max_length=300)),
        migrations.AddConstraint(
            "voicemessage",
            models.CheckConstraint(
                condition=Q(handled_at=None, handled_by="") | Q(handled_at__isnull=False),
                name="voice_message_handled_whole",
            ),
        ),
        migrations.AddConstraint(
            "voicemessage",
            models.CheckConstraint(
                condition=Q(sound_state="waiting", sound_due_at__isnull=False)
                | Q(sound_state__in=["there", "failed", "forgotten"]) & Q(sound_due_at=None),
                name="voice_message_sound_due_until_there",
            ),
        ),
        migrations.AddIndex(
            "voicemessage",
            models.Index(
                fields=["sound_due_at"],
                condition=Q(sound_due_at__isnull=False, duration_s__isnull=False),
                name="voice_message_sound_due",
            ),
        ),
        *map(_is_open, ("voicemessage", "callermessage", "callbackrequest")),
        _inbox("voicemessage", "voice_message_inbox"),
        _inbox("callermessage", "caller_message_inbox"),
        _inbox("callbackrequest", "callback_inbox"),
        _by_number("callermessage", "number", "caller_message_by_number"),
        _by_number("callbackrequest", "number", "callback_by_number"),
        _by_number("textmessage", "to_number", "text_message_by_number"),
        migrations.AddIndex("textmessage", models.Index(F("tenant"), NEWEST, name="text_message_log")),
        migrations.AddIndex(
            "textmessage", models.Index(F("tenant"), F("state"), NEWEST, name="text_message_by_state")
        ),
        migrations.CreateModel(
            name="VoiceSound",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=callsphere.lib.ids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ("key", tenants.fields.EncryptedTextField(editable=False)),
                ("content", models.BinaryField()),
                ("length", models.PositiveIntegerField(verbose_name="bytes")),
                (
                    "message",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="sound",
                        to="calls.voicemessage",
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
                "constraints": [
                    models.CheckConstraint(
                        condition=Q(("length__gt", 0), ("length__lte", 5 * 1024 * 1024)),
                        name="voice_sound_bounded",
                    )
                ],
            },
        ),
        EnableTenantRLS("VoiceSound"),
        CompositeForeignKey("VoiceSound", "message"),
    ]
