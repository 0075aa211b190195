"""What callers left to be heard."""

from __future__ import annotations

from django.db import models

from callsphere.calls.models.calls import Call
from tenants.models import TenantOwned


class VoiceMessage(TenantOwned):
    """A message that a caller left. The sound stays with the provider.

    `duration_s` is known once it is there.
    """

    call = models.ForeignKey(Call, on_delete=models.CASCADE, related_name="voice_messages")
    recording_sid = models.CharField(max_length=34)
    duration_s = models.PositiveIntegerField("duration in seconds", null=True)
    heard_at = models.DateTimeField(null=True)
    heard_by = models.CharField(max_length=254, blank=True)

    class Meta:
        ordering = ["created_at", "id"]
        constraints = [
            models.UniqueConstraint(fields=["tenant", "call", "recording_sid"], name="voice_message_once")
        ]

    def __str__(self) -> str:
        return f"message of {self.duration_s if self.duration_s is not None else 'unknown'} seconds"
