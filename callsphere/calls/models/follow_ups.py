"""What callers asked for and people have yet to do: messages that agents took, and calls to return."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from callsphere.calls.enums import CallbackState
from callsphere.calls.models.calls import Call
from callsphere.calls.models.inbox import HANDLED_WHOLE, inbox_index, is_open_field, number_index
from callsphere.lib.e164 import WHOLE_E164_OR_EMPTY
from tenants.models import Tenant, TenantOwned

LONGEST_MESSAGE = 2_000
LONGEST_CALLER_NAME = 100
LONGEST_NOTE = 500


class CallerMessage(TenantOwned):
    """A message that an agent took for people. `number` is where to call back, empty when nobody knows."""

    tenant = models.ForeignKey(
        Tenant, on_delete=models.CASCADE, related_name="+", editable=False, db_index=False
    )
    call = models.ForeignKey(Call, on_delete=models.CASCADE, related_name="caller_messages")
    name = models.CharField("caller", max_length=LONGEST_CALLER_NAME, blank=True)
    number = models.CharField(max_length=16, blank=True)
    text = models.TextField(max_length=LONGEST_MESSAGE)
    is_urgent = models.BooleanField("urgent", default=False)
    handled_at = models.DateTimeField(null=True)
    handled_by = models.CharField(max_length=254, blank=True)
    is_open = is_open_field()

    class Meta:
        verbose_name = "message of a caller"
        verbose_name_plural = "messages of callers"
        ordering = ["-created_at", "-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(number__regex=WHOLE_E164_OR_EMPTY) & ~Q(text=""), name="caller_message_usable"
            ),
            models.CheckConstraint(condition=HANDLED_WHOLE, name="caller_message_handled_whole"),
        ]
        indexes = [
            models.Index(F("tenant"), F("created_at").desc(), F("id").desc(), name="caller_message_newest"),
            models.Index(
                F("tenant"),
                F("created_at").desc(),
                F("id").desc(),
                condition=Q(handled_at=None),
                name="caller_message_open",
            ),
            inbox_index("caller_message_inbox"),
            number_index("number", "caller_message_by_number"),
        ]

    def __str__(self) -> str:
        return f"of {self.created_at:%Y-%m-%d %H:%M} UTC"


class CallbackRequest(TenantOwned):
    """A caller wants to be called at a time. `time_zone` is the one that the time was agreed on in."""

    tenant = models.ForeignKey(
        Tenant, on_delete=models.CASCADE, related_name="+", editable=False, db_index=False
    )
    call = models.ForeignKey(Call, on_delete=models.CASCADE, related_name="callbacks")
    number = models.CharField(max_length=16)
    wanted_at = models.DateTimeField()
    time_zone = models.CharField(max_length=64)
    note = models.CharField(max_length=LONGEST_NOTE, blank=True)
    state = models.CharField(max_length=8, choices=CallbackState, default=CallbackState.OPEN)
    handled_at = models.DateTimeField(null=True)
    handled_by = models.CharField(max_length=254, blank=True)
    is_open = is_open_field()

    class Meta:
        verbose_name = "callback"
        ordering = ["-created_at", "-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(number__regex=WHOLE_E164_OR_EMPTY) & ~Q(number="") & ~Q(time_zone=""),
                name="callback_usable",
            ),
            models.CheckConstraint(
                condition=Q(state=CallbackState.OPEN, handled_at=None, handled_by="")
                | Q(state=CallbackState.DONE, handled_at__isnull=False),
                name="callback_handled_whole",
            ),
        ]
        indexes = [
            models.Index(F("tenant"), F("created_at").desc(), F("id").desc(), name="callback_newest"),
            models.Index(
                fields=["tenant", "wanted_at"],
                condition=Q(state=CallbackState.OPEN),
                name="callback_open",
            ),
            inbox_index("callback_inbox"),
            number_index("number", "callback_by_number"),
        ]

    def __str__(self) -> str:
        return f"for {self.wanted_at:%Y-%m-%d %H:%M} UTC"
