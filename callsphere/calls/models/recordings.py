"""What callers left to be heard."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from callsphere.calls.enums import SoundState
from callsphere.calls.models.calls import Call
from callsphere.calls.models.inbox import HANDLED_WHOLE, inbox_index, is_open_field
from tenants.fields import EncryptedTextField
from tenants.models import TenantOwned

LONGEST_SOUND = 5 * 1024 * 1024
"""Bytes. A WAV file of 8,000 samples a second and 16 bits takes 16,000 a second: five and a half minutes."""


class VoiceMessage(TenantOwned):
    """A message that a caller left.

    `duration_s` is known once the provider has it. A worker then fetches its sound, from `sound_due_at` on,
    and says in `sound_error` why there is none.
    """

    call = models.ForeignKey(Call, on_delete=models.CASCADE, related_name="voice_messages")
    recording_sid = models.CharField(max_length=34)
    duration_s = models.PositiveIntegerField("duration in seconds", null=True)
    handled_at = models.DateTimeField(null=True)
    handled_by = models.CharField(max_length=254, blank=True)
    is_open = is_open_field()
    sound_state = models.CharField(max_length=16, choices=SoundState, default=SoundState.WAITING)
    sound_due_at = models.DateTimeField(null=True, default=timezone.now)
    sound_tries = models.PositiveSmallIntegerField(default=0)
    sound_error = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering = ["created_at", "id"]
        constraints = [
            models.UniqueConstraint(fields=["tenant", "call", "recording_sid"], name="voice_message_once"),
            models.CheckConstraint(condition=HANDLED_WHOLE, name="voice_message_handled_whole"),
            models.CheckConstraint(
                condition=Q(sound_state=SoundState.WAITING, sound_due_at__isnull=False)
                | Q(sound_state__in=[SoundState.THERE, SoundState.FAILED, SoundState.FORGOTTEN])
                & Q(sound_due_at=None),
                name="voice_message_sound_due_until_there",
            ),
        ]
        indexes = [
            inbox_index("voice_message_inbox"),
            # the API, newest first
            models.Index(F("tenant"), F("created_at").desc(), F("id").desc(), name="voice_message_newest"),
            # what a worker has to fetch
            models.Index(
                fields=["sound_due_at"],
                condition=Q(sound_due_at__isnull=False, duration_s__isnull=False),
                name="voice_message_sound_due",
            ),
        ]

    def __str__(self) -> str:
        return f"message of {self.duration_s if self.duration_s is not None else 'unknown'} seconds"


class VoiceSound(TenantOwned):
    """How a voice message sounds: a WAV file, encrypted by a key of its own that the tenant's key seals.

    So another data key for the tenant means another seal on a few bytes, whatever sounds are kept.
    """

    message = models.OneToOneField(VoiceMessage, on_delete=models.CASCADE, related_name="sound")
    key = EncryptedTextField()
    content = models.BinaryField()
    length = models.PositiveIntegerField("bytes")

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(length__gt=0, length__lte=LONGEST_SOUND), name="voice_sound_bounded"
            )
        ]

    def __str__(self) -> str:
        return f"{self.length} bytes"
