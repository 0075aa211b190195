"""An agent as it is being edited, and its versions as they were published."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower

from agents.enums import BuiltinTool, Eagerness, RealtimeModel, Runtime, TurnDetection, Voice
from callsphere.lib.e164 import WHOLE_E164
from tenants.fields import EncryptedTextField
from tenants.models import TenantOwned, VersionedOwned, one_line

SHORTEST_CALL_S = 30
LONGEST_CALL_S = 4 * 3600
"""The longest call that can be asked for, in seconds: what Twilio's <Dial> allows unless told otherwise."""
LONGEST_REALTIME_CALL_S = 3500
"""OpenAI ends a Realtime session after 60 minutes: we end the call ourselves before that, in seconds."""
LONGEST_NAME = 100
LONGEST_INSTRUCTIONS = 16_000
LONGEST_RULES = 4_000
LONGEST_SPOKEN = 1_000
"""Of greeting and consent text, in characters: about a minute of speech."""
LONGEST_ADDRESS = 255
"""Twilio takes no longer address in <Sip>, in characters."""

_MILLISECONDS = [MinValueValidator(0), MaxValueValidator(5_000)]
_REALTIME_LIMIT = (
    f"Use at most {LONGEST_REALTIME_CALL_S} seconds: OpenAI ends a session after 60 minutes, and we end the"
    " call before that."
)


class Configuration(models.Model):
    """How an agent behaves and where it runs: what a version freezes."""

    runtime = models.CharField(max_length=16, choices=Runtime, default=Runtime.OPENAI_REALTIME)
    instructions = models.TextField(blank=True, max_length=LONGEST_INSTRUCTIONS)
    safety_rules = models.TextField(blank=True, max_length=LONGEST_RULES)
    greeting = models.TextField(blank=True, max_length=LONGEST_SPOKEN)
    consent_text = models.TextField(blank=True, max_length=LONGEST_SPOKEN)
    language = models.CharField(max_length=16, default="en-US", help_text="BCP 47 tag, such as en-US")
    voice = models.CharField(max_length=16, choices=Voice, default=Voice.MARIN)
    model = models.CharField(max_length=32, choices=RealtimeModel, default=RealtimeModel.GPT_REALTIME_2_1)
    turn_detection = models.CharField(
        max_length=16, choices=TurnDetection, default=TurnDetection.SEMANTIC_VAD
    )
    eagerness = models.CharField(max_length=8, choices=Eagerness, default=Eagerness.AUTO)
    vad_threshold = models.FloatField(
        "loudness taken for speech", default=0.5, validators=[MinValueValidator(0.0), MaxValueValidator(1.0)]
    )
    prefix_padding_ms = models.PositiveIntegerField(
        "sound kept before speech in milliseconds", default=300, validators=_MILLISECONDS
    )
    silence_duration_ms = models.PositiveIntegerField(
        "silence that ends a turn in milliseconds", default=500, validators=_MILLISECONDS
    )
    idle_timeout_ms = models.PositiveIntegerField(
        "silence after which the agent asks in milliseconds",
        null=True,
        blank=True,
        validators=[MinValueValidator(5_000), MaxValueValidator(30_000)],
    )
    can_be_interrupted = models.BooleanField(default=True)
    longest_call_s = models.PositiveIntegerField(
        "longest call in seconds",
        default=1800,
        validators=[MinValueValidator(SHORTEST_CALL_S), MaxValueValidator(LONGEST_CALL_S)],
    )
    builtin_tools = ArrayField(models.CharField(max_length=32, choices=BuiltinTool), default=list, blank=True)
    transfer_number = models.CharField(
        "number for callers who want a person", max_length=16, blank=True, help_text="E.164"
    )
    stream_url = models.CharField(max_length=LONGEST_ADDRESS, blank=True)
    sip_uri = models.CharField("SIP URI", max_length=LONGEST_ADDRESS, blank=True)
    sip_username = models.CharField("SIP user name", max_length=128, blank=True)
    sip_secret = EncryptedTextField(blank=True, default="")
    sip_sign_in_set_at = models.DateTimeField("SIP password set at", null=True, editable=False)

    class Meta:
        abstract = True
        constraints = [
            models.CheckConstraint(condition=Q(runtime__in=Runtime.values), name="%(class)s_runtime_known"),
            models.CheckConstraint(condition=Q(voice__in=Voice.values), name="%(class)s_voice_known"),
            models.CheckConstraint(
                condition=Q(turn_detection__in=TurnDetection.values, eagerness__in=Eagerness.values),
                name="%(class)s_turns_known",
            ),
            models.CheckConstraint(condition=Q(vad_threshold__range=(0, 1)), name="%(class)s_vad_threshold"),
            models.CheckConstraint(
                condition=Q(longest_call_s__range=(SHORTEST_CALL_S, LONGEST_CALL_S)),
                name="%(class)s_longest_call",
            ),
            models.CheckConstraint(
                condition=~Q(runtime=Runtime.OPENAI_REALTIME)
                | Q(longest_call_s__lte=LONGEST_REALTIME_CALL_S),
                name="%(class)s_longest_realtime_call",
                violation_error_message=_REALTIME_LIMIT,
            ),
            models.CheckConstraint(
                condition=Q(builtin_tools__contained_by=BuiltinTool.values), name="%(class)s_tools_known"
            ),
            models.CheckConstraint(
                condition=Q(transfer_number="") | Q(transfer_number__regex=WHOLE_E164),
                name="%(class)s_transfer_number",
            ),
            # a password is kept for the address and the user that it was entered for
            models.CheckConstraint(
                condition=Q(sip_secret="", sip_sign_in_set_at=None)
                | ~Q(sip_secret="")
                & ~Q(sip_uri="")
                & ~Q(sip_username="")
                & Q(sip_sign_in_set_at__isnull=False),
                name="%(class)s_secret_whole",
            ),
        ]


CONFIGURED = tuple(field.name for field in Configuration._meta.local_fields)
"""Every field that a version freezes."""


class Agent(Configuration, VersionedOwned):
    """Something that takes calls. Its own fields are the draft; calls are answered as `published` says.

    A deleted agent's row stays, since its versions do: calls that they answered can be explained.
    """

    name = models.CharField(max_length=LONGEST_NAME, validators=[one_line])
    template = models.CharField(
        max_length=40, blank=True, editable=False, help_text="What it was made from; empty for nothing"
    )
    published = models.ForeignKey(
        "AgentVersion", null=True, editable=False, on_delete=models.PROTECT, related_name="+"
    )
    published_at = models.DateTimeField(null=True, editable=False)
    deleted_at = models.DateTimeField(null=True, editable=False)

    class Meta(Configuration.Meta):
        abstract = False
        ordering = ["-created_at", "-id"]
        constraints = [
            *Configuration.Meta.constraints,
            models.UniqueConstraint(
                "tenant",
                Lower("name"),
                condition=Q(deleted_at=None),
                name="agent_name_once",
                violation_error_message="You have an agent of this name.",
            ),
            models.CheckConstraint(
                condition=Q(published=None, published_at=None)
                | Q(published__isnull=False, published_at__isnull=False),
                name="agent_published_whole",
            ),
            models.CheckConstraint(
                condition=Q(deleted_at=None) | Q(published=None, sip_secret=""), name="agent_deleted_whole"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class AgentVersion(Configuration, TenantOwned):
    """An agent as it was published: never changed, never deleted. `number` counts an agent's from 1."""

    agent = models.ForeignKey(Agent, on_delete=models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField()
    note = models.CharField(max_length=200, blank=True, help_text="What is new in it")
    published_by = models.CharField(max_length=254, blank=True)

    class Meta(Configuration.Meta):
        abstract = False
        ordering = ["-number"]
        constraints = [
            *Configuration.Meta.constraints,
            models.UniqueConstraint(fields=["tenant", "agent", "number"], name="agentversion_number_once"),
            models.CheckConstraint(condition=Q(number__gte=1), name="agentversion_number_from_one"),
            models.CheckConstraint(
                condition=~Q(runtime=Runtime.OPENAI_REALTIME) | ~Q(instructions=""),
                name="agentversion_realtime_whole",
            ),
            models.CheckConstraint(
                condition=~Q(runtime=Runtime.MEDIA_STREAM) | Q(stream_url__startswith="wss://"),
                name="agentversion_stream_whole",
            ),
            models.CheckConstraint(
                condition=~Q(runtime=Runtime.SIP_URI) | Q(sip_uri__regex="^sips?:"),
                name="agentversion_sip_whole",
            ),
            models.CheckConstraint(
                condition=Q(sip_username="") | ~Q(sip_secret=""), name="agentversion_sign_in_whole"
            ),
        ]

    def __str__(self) -> str:
        return f"version {self.number}"
