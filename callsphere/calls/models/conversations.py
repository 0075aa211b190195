"""What is said and done in a call that one of our agents holds."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils import timezone

from agents.models import AgentVersion
from callsphere.calls.enums import SessionState, Speaker
from callsphere.calls.models.calls import Call
from callsphere.lib.ids import uuid7
from tenants.fields import EncryptedTextField
from tenants.models import Tenant, TenantOwned

LONGEST_LINE = 8_000
LONGEST_ID = 64
"""Characters of an id of OpenAI's."""


class RealtimeSession(TenantOwned):
    """A call's session with OpenAI Realtime, as a version of an agent.

    It is awaited when the call is sent there, and offered when OpenAI tells of it (`openai_call_id`). A
    worker accepts it and holds it by putting `due_at` off, when others may take it; `claim` is raised by each
    that does, and what another stores under a lower one counts no more. `greeted_at` is set before
    the greeting is asked for: nobody is greeted twice. `usage` sums tokens as OpenAI counts them,
    `cost` what they cost in USD by the prices of the moment; null where a price was not known.
    `counted_last` is the event that was added last, which is added once.
    """

    call = models.ForeignKey(Call, on_delete=models.CASCADE, related_name="sessions")
    version = models.ForeignKey(AgentVersion, on_delete=models.PROTECT, related_name="+")
    openai_call_id = models.CharField(max_length=128, blank=True)
    state = models.CharField(max_length=16, choices=SessionState, default=SessionState.AWAITED)
    why = models.CharField(max_length=255, blank=True)
    offered_at = models.DateTimeField(null=True)
    accepted_at = models.DateTimeField(null=True)
    greeted_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    due_at = models.DateTimeField(null=True, help_text="When a worker may take it")
    claim = models.PositiveIntegerField(default=0)
    usage = models.JSONField(default=dict)
    cost = models.DecimalField("cost at OpenAI", max_digits=14, decimal_places=8, null=True)
    counted_last = models.CharField(max_length=LONGEST_ID, blank=True, default="")

    class Meta:
        ordering = ["created_at", "id"]
        constraints = [
            models.UniqueConstraint(fields=["tenant", "call", "version"], name="realtime_session_once"),
            models.UniqueConstraint(
                fields=["tenant", "openai_call_id"],
                condition=~Q(openai_call_id=""),
                name="realtime_session_openai_once",
            ),
            models.CheckConstraint(
                condition=Q(state__in=SessionState.values), name="realtime_session_state_known"
            ),
            models.CheckConstraint(
                condition=Q(state__in=[SessionState.OFFERED, SessionState.ACCEPTED], due_at__isnull=False)
                | Q(state__in=[SessionState.AWAITED, SessionState.OVER, SessionState.REJECTED], due_at=None),
                name="realtime_session_due_while_held",
            ),
        ]
        indexes = [
            models.Index(fields=["due_at"], condition=Q(due_at__isnull=False), name="realtime_session_due")
        ]

    def __str__(self) -> str:
        return f"{self.get_state_display()} ({self.openai_call_id or 'no id yet'})"


class TranscriptLine(TenantOwned):
    """Something that was said. `item_id` is OpenAI's, which tells a line once however often it is heard.

    `is_keys`: the caller did not say it, but pressed keys, under an id of ours.
    """

    tenant = models.ForeignKey(
        Tenant, on_delete=models.CASCADE, related_name="+", editable=False, db_index=False
    )
    call = models.ForeignKey(Call, on_delete=models.CASCADE, related_name="transcript", db_index=False)
    item_id = models.CharField(max_length=64)
    speaker = models.CharField(max_length=8, choices=Speaker)
    text = models.TextField(max_length=LONGEST_LINE)
    is_keys = models.BooleanField(default=False)
    said_at = models.DateTimeField()

    class Meta:
        ordering = ["said_at", "id"]
        constraints = [
            models.UniqueConstraint(fields=["tenant", "call", "item_id"], name="transcript_line_once"),
            models.CheckConstraint(
                condition=Q(speaker__in=Speaker.values), name="transcript_line_speaker_known"
            ),
        ]
        indexes = [models.Index(fields=["call", "said_at"], name="transcript_of_call")]

    def __str__(self) -> str:
        return self.text[:40]


class CallNote(TenantOwned):
    """Something that we did or noticed in a call, for its timeline. `key` keeps it from being noted twice."""

    tenant = models.ForeignKey(
        Tenant, on_delete=models.CASCADE, related_name="+", editable=False, db_index=False
    )
    call = models.ForeignKey(Call, on_delete=models.CASCADE, related_name="notes", db_index=False)
    key = models.CharField(max_length=96)
    text = models.CharField(max_length=500)
    noted_at = models.DateTimeField()

    class Meta:
        ordering = ["noted_at", "id"]
        constraints = [models.UniqueConstraint(fields=["tenant", "call", "key"], name="call_note_once")]

    def __str__(self) -> str:
        return self.text


class FunctionCall(TenantOwned):
    """That a model called a function in a session: run once, however often it is told of.

    What it returned is kept sealed until the model has it: whoever takes the session over gives it then.
    `function_call_id` is OpenAI's.
    """

    session = models.ForeignKey(RealtimeSession, on_delete=models.CASCADE, related_name="function_calls")
    function_call_id = models.CharField(max_length=64)
    name = models.CharField(max_length=64)
    sealed_output = EncryptedTextField(blank=True, default="")
    ended_at = models.DateTimeField(null=True)
    answered_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["created_at", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "session", "function_call_id"], name="function_call_once"
            ),
            models.CheckConstraint(
                condition=Q(sealed_output="", answered_at=None, ended_at=None)
                | ~Q(sealed_output="") & Q(answered_at=None, ended_at__isnull=False)
                | Q(sealed_output="", answered_at__isnull=False, ended_at__isnull=False),
                name="function_call_output_until_answered",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class UnwantedCall(models.Model):
    """A call at OpenAI that is to be rejected with a SIP status. It may be nobody's, so it has no tenant.

    A worker rejects it and deletes the row.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    openai_call_id = models.CharField(max_length=128)
    status_code = models.PositiveSmallIntegerField("SIP code")
    tries = models.PositiveSmallIntegerField(default=0)
    due_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["openai_call_id"], name="unwanted_call_once"),
            models.CheckConstraint(condition=Q(status_code__range=(400, 699)), name="unwanted_call_code"),
        ]
        indexes = [models.Index(fields=["due_at"], name="unwanted_call_due")]

    def __str__(self) -> str:
        return self.openai_call_id
