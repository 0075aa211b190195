"""Text messages."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from callsphere.calls.enums import Direction, TextState, TextWord
from callsphere.calls.models.calls import NEWEST, Call
from callsphere.calls.models.inbox import number_index
from tenants.models import Tenant, TenantOwned
from trunks.models import PhoneNumber

LONGEST_TEXT = 1_600
_TO_DO = [TextState.WAITING, TextState.SENDING]


class TextMessage(TenantOwned):
    """A text message that belongs to a call, or without one to a number of ours.

    A worker sends what waits: it is claimed before the provider is asked, and given up as `unknown` when the
    worker does not come back from there by `due_at`, since sending it again might send it twice. What comes
    in is `received`, and belongs to the call that it follows; `word` is set where all it says is such a word.
    """

    tenant = models.ForeignKey(
        Tenant, on_delete=models.CASCADE, related_name="+", editable=False, db_index=False
    )
    call = models.ForeignKey(
        Call, null=True, blank=True, on_delete=models.CASCADE, related_name="text_messages"
    )
    phone_number = models.ForeignKey(
        PhoneNumber, null=True, blank=True, on_delete=models.CASCADE, related_name="+"
    )
    direction = models.CharField(max_length=8, choices=Direction, default=Direction.OUTBOUND)
    to_number = models.CharField("to", max_length=16)
    from_number = models.CharField("from", max_length=16)
    body = models.TextField(max_length=LONGEST_TEXT)
    state = models.CharField(max_length=16, choices=TextState, default=TextState.WAITING)
    word = models.CharField(max_length=8, choices=TextWord, blank=True, default="")
    message_sid = models.CharField("id at the provider", max_length=34, blank=True)
    error_code = models.PositiveIntegerField("error of the provider", null=True)
    error = models.CharField(max_length=500, blank=True)
    due_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True, help_text="When it was clear what became of it")

    class Meta:
        ordering = ["-created_at", "-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(
                    direction__in=Direction.values,
                    state__in=TextState.values,
                    word__in=["", *TextWord.values],
                ),
                name="text_message_words_known",
            ),
            models.CheckConstraint(
                condition=Q(state__in=_TO_DO, due_at__isnull=False) | ~Q(state__in=_TO_DO) & Q(due_at=None),
                name="text_message_due_until_sent",
            ),
            models.CheckConstraint(
                condition=Q(direction=Direction.INBOUND, state=TextState.RECEIVED)
                | Q(direction=Direction.OUTBOUND, word="") & ~Q(state=TextState.RECEIVED),
                name="text_message_received_or_sent",
            ),
            models.CheckConstraint(
                condition=Q(call__isnull=False, phone_number=None) | Q(call=None, phone_number__isnull=False),
                name="text_message_of_call_or_number",
            ),
            models.UniqueConstraint(
                fields=["tenant", "message_sid"],
                condition=~Q(message_sid=""),
                name="text_message_sid_once",
            ),
        ]
        indexes = [
            models.Index(F("tenant"), F("created_at").desc(), F("id").desc(), name="text_message_newest"),
            # who wrote to whom, and whose number begins so
            models.Index(
                fields=["tenant", "from_number", "to_number"],
                opclasses=["uuid_ops", "text_pattern_ops", "text_pattern_ops"],
                name="text_message_between",
            ),
            models.Index(fields=["due_at"], condition=Q(due_at__isnull=False), name="text_message_due"),
            # the page of texts, newest first by key: of all, by state, by number
            models.Index(F("tenant"), NEWEST, name="text_message_log"),
            models.Index(F("tenant"), F("state"), NEWEST, name="text_message_by_state"),
            number_index("to_number", "text_message_by_number"),
        ]

    def __str__(self) -> str:
        return f"text message of {self.created_at:%Y-%m-%d %H:%M} UTC"
