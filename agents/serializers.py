"""What the API says of agents, tools, business hours and routes, and what it takes."""

from __future__ import annotations

import uuid
from collections.abc import Collection
from datetime import datetime
from typing import Any

from django.core.validators import MaxValueValidator, MinValueValidator
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from agents.enums import (
    BuiltinTool,
    Eagerness,
    InvocationKind,
    Outcome,
    RealtimeModel,
    RouteAction,
    Runtime,
    TurnDetection,
    Voice,
)
from agents.hours import EARLIEST, LATEST
from agents.models.agents import (
    LONGEST_ADDRESS,
    LONGEST_CALL_S,
    LONGEST_INSTRUCTIONS,
    LONGEST_NAME,
    LONGEST_REALTIME_CALL_S,
    LONGEST_RULES,
    LONGEST_SPOKEN,
    SHORTEST_CALL_S,
)
from agents.models.routes import MOST_CALLS
from agents.models.tools import LONGEST_DESCRIPTION, LONGEST_ENDPOINT, LONGEST_TIMEOUT_S
from tenants.serializers import OneOf, StrictSerializer, VersionedSerializer

ANYTHING = {"type": "object", "additionalProperties": {}}


def _text(limit: int, **options: Any) -> serializers.CharField:
    given = {"allow_blank": True, "default": "", "trim_whitespace": False, **options}
    return serializers.CharField(max_length=limit, **given)


class ConfigurationSerializer(StrictSerializer):
    """How an agent behaves and where it runs."""

    runtime = OneOf(Runtime.choices, default=Runtime.OPENAI_REALTIME)
    instructions = _text(LONGEST_INSTRUCTIONS)
    safety_rules = _text(LONGEST_RULES, help_text="Told to the model after the instructions")
    greeting = _text(LONGEST_SPOKEN, help_text="What callers hear first")
    consent_text = _text(LONGEST_SPOKEN, help_text="What callers are told of recording and automation")
    language = serializers.CharField(max_length=16, default="en-US", help_text="BCP 47 tag, such as en-US")
    voice = OneOf(Voice.choices, default=Voice.MARIN)
    model = OneOf(RealtimeModel.choices, default=RealtimeModel.GPT_REALTIME_2_1)
    turn_detection = OneOf(TurnDetection.choices, default=TurnDetection.SEMANTIC_VAD)
    eagerness = OneOf(Eagerness.choices, default=Eagerness.AUTO, help_text="With `semantic_vad`")
    vad_threshold = serializers.FloatField(
        min_value=0, max_value=1, default=0.5, help_text="Loudness taken for speech, with `server_vad`"
    )
    prefix_padding_ms = serializers.IntegerField(min_value=0, max_value=5000, default=300)
    silence_duration_ms = serializers.IntegerField(min_value=0, max_value=5000, default=500)
    idle_timeout_ms = serializers.IntegerField(
        min_value=5000,
        max_value=30_000,
        allow_null=True,
        default=None,
        help_text="Silence after which the agent asks whether somebody is there, with `server_vad`",
    )
    can_be_interrupted = serializers.BooleanField(default=True)
    longest_call_s = serializers.IntegerField(
        min_value=SHORTEST_CALL_S,
        max_value=LONGEST_CALL_S,
        default=1800,
        help_text=f"At most {LONGEST_REALTIME_CALL_S} with `openai_realtime`",
    )
    builtin_tools = serializers.ListField(
        child=OneOf(BuiltinTool.choices), default=list, max_length=len(BuiltinTool)
    )
    transfer_number = _text(
        40, help_text="Whom `transfer_to_human` and `escalate` call, such as +12125550100"
    )
    stream_url = _text(LONGEST_ADDRESS, help_text="Such as wss://agent.example.com:8084/calls")
    sip_uri = _text(LONGEST_ADDRESS, help_text="Such as sip:agent@sbc.example.com;transport=tls")
    sip_username = _text(128)
    sip_sign_in_set_at = serializers.DateTimeField(
        read_only=True, allow_null=True, help_text="When the password of the SIP URI was entered"
    )


class AgentSerializer(ConfigurationSerializer, VersionedSerializer):
    """An agent: its draft, and which version answers calls."""

    name = serializers.CharField(max_length=LONGEST_NAME, trim_whitespace=False)
    template = serializers.CharField(read_only=True, help_text="What it was made from; empty for nothing")
    sip_secret = serializers.CharField(
        max_length=128,
        write_only=True,
        required=False,
        allow_blank=True,
        trim_whitespace=False,
        help_text="Sealed, never shown again; empty forgets it",
    )
    tool_ids = serializers.ListField(child=serializers.UUIDField(), default=list, max_length=30)
    published_version = serializers.IntegerField(
        source="published.number", read_only=True, allow_null=True, help_text="What answers calls"
    )
    published_at = serializers.DateTimeField(read_only=True, allow_null=True)

    def stand_ins(self, wrong: Collection[str]) -> dict[str, Any]:
        return {"name": str(uuid.uuid4())} if "name" in wrong else {}

    def to_representation(self, instance: Any) -> dict[str, Any]:
        chosen = [str(each.tool_id) for each in instance.tool_choices.all()]
        return {**super().to_representation(instance), "tool_ids": sorted(chosen)}


class NewAgentSerializer(AgentSerializer):
    """An agent to be made. What is left out comes from the template, if one is named."""

    template = serializers.CharField(max_length=40, allow_blank=True, default="")


class ReadVersionSerializer(StrictSerializer):
    """A request about an agent as somebody read it."""

    version = serializers.IntegerField(
        min_value=1,
        max_value=2**31 - 1,
        required=False,
        help_text="The agent's version as you read it: refused when it was edited meanwhile",
    )


class PublishingSerializer(ReadVersionSerializer):
    """A word on what is new."""

    note = _text(200)


class NumberOfVersionSerializer(ReadVersionSerializer):
    """Which version is to answer."""

    number = serializers.IntegerField(min_value=1, max_value=2**31 - 1)


class VersionToolSerializer(serializers.Serializer[Any]):
    """A tool as the model is told of it."""

    tool_id = serializers.UUIDField()
    name = serializers.CharField()
    description = serializers.CharField()
    parameters = extend_schema_field(ANYTHING)(serializers.JSONField)()


class AgentVersionSerializer(ConfigurationSerializer):
    """An agent as it was published. It never changes."""

    id = serializers.UUIDField(read_only=True)
    number = serializers.IntegerField(read_only=True)
    note = serializers.CharField(read_only=True)
    published_by = serializers.CharField(read_only=True)
    created_at = serializers.DateTimeField(read_only=True)
    tools = VersionToolSerializer(many=True, read_only=True)


class FieldDifferenceSerializer(serializers.Serializer[Any]):
    """One field that differs."""

    field = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]  # hides DRF's own
    before = extend_schema_field({})(serializers.JSONField)()
    after = extend_schema_field({})(serializers.JSONField)()
    lines = serializers.ListField(
        child=serializers.CharField(), help_text="Of a text: each with a blank, - or + in front"
    )


class AgentTemplateSerializer(serializers.Serializer[Any]):
    """What agents are made from."""

    key = serializers.CharField()
    name = serializers.CharField()
    description = serializers.CharField()
    version = serializers.IntegerField()
    instructions = serializers.CharField()
    safety_rules = serializers.CharField()
    greeting = serializers.CharField()
    consent_text = serializers.CharField()
    builtin_tools = serializers.ListField(child=serializers.CharField())
    to_fill_in = serializers.ListField(
        child=serializers.CharField(), help_text="To be replaced before an agent can be published"
    )


class AgentTemplateListSerializer(serializers.Serializer[Any]):
    """Every template, in the shape of lists."""

    next = serializers.URLField(allow_null=True)
    previous = serializers.URLField(allow_null=True)
    results = AgentTemplateSerializer(many=True)


class VersionDifferencesSerializer(serializers.Serializer[Any]):
    """What differs, field by field."""

    results = FieldDifferenceSerializer(many=True)


class ToolSerializer(VersionedSerializer):
    """Something of yours that agents ask over HTTPS."""

    name = serializers.CharField(max_length=64, trim_whitespace=False)
    description = _text(LONGEST_DESCRIPTION, help_text="What the model is told it is for")
    parameters = extend_schema_field(ANYTHING)(serializers.JSONField)(
        default=lambda: {"type": "object", "properties": {}}, help_text="JSON Schema of an object"
    )
    endpoint = serializers.CharField(max_length=LONGEST_ENDPOINT, trim_whitespace=False)
    timeout_s = serializers.IntegerField(
        min_value=1, max_value=LONGEST_TIMEOUT_S, default=5, help_text="For all tries together"
    )
    is_idempotent = serializers.BooleanField(
        default=False, help_text="Whether calling twice does no more than calling once: then it is repeated"
    )
    secret_headers = serializers.DictField(
        child=serializers.CharField(max_length=2000, trim_whitespace=False),
        write_only=True,
        required=False,
        help_text="Sealed, never shown again, kept for the host of the endpoint; replaces all there are",
    )
    header_names = serializers.ListField(child=serializers.CharField(), read_only=True)
    headers_set_at = serializers.DateTimeField(read_only=True, allow_null=True)

    def stand_ins(self, wrong: Collection[str]) -> dict[str, Any]:
        usable = {"name": uuid.uuid4().hex, "endpoint": "https://example.com/"}
        return {name: value for name, value in usable.items() if name in wrong}


class SignedToolSerializer(ToolSerializer):
    """A tool with the secret that its requests are signed with, which is told this once."""

    signing_secret = serializers.SerializerMethodField(help_text="whsec_…, of Standard Webhooks: told once")

    def get_signing_secret(self, _row: Any) -> str:
        return str(self.context["view"].signing_secret)


class ArgumentsSerializer(StrictSerializer):
    """What a tool is called with."""

    arguments = extend_schema_field(ANYTHING)(serializers.JSONField)(default=dict)


class ToolInvocationSerializer(serializers.Serializer[Any]):
    """A tool was called, or waits to be called as a test."""

    id = serializers.UUIDField()
    created_at = serializers.DateTimeField()
    ended_at = serializers.DateTimeField(allow_null=True)
    kind = serializers.ChoiceField(InvocationKind.choices)
    reference = serializers.CharField(help_text="The call that it was for")
    outcome = serializers.ChoiceField(Outcome.choices, allow_blank=True, help_text="Empty while a test waits")
    detail = serializers.CharField()
    status = serializers.IntegerField(allow_null=True, help_text="HTTP status")
    tries = serializers.IntegerField()
    duration_ms = serializers.IntegerField(allow_null=True)
    arguments = extend_schema_field({})(serializers.JSONField)(help_text="Masked: kinds of values, not which")
    answer = extend_schema_field({})(serializers.JSONField)(allow_null=True, help_text="Masked")


_SPANS = {
    "type": "array",
    "items": {
        "type": "object",
        "properties": {
            "day": {"type": "string"},
            "opens": {"type": "string"},
            "closes": {"type": "string"},
        },
        "required": ["day", "opens", "closes"],
    },
}
_HOLIDAYS = {
    "type": "array",
    "items": {
        "type": "object",
        "properties": {
            "date": {"type": "string", "format": "date"},
            "name": {"type": "string"},
            "opens": {"type": ["string", "null"]},
            "closes": {"type": ["string", "null"]},
        },
        "required": ["date", "name"],
    },
}


class BusinessHoursSerializer(VersionedSerializer):
    """When somebody is there, by the clock of a time zone."""

    name = serializers.CharField(max_length=100, trim_whitespace=False)
    time_zone = serializers.CharField(max_length=64, help_text="IANA name, such as America/New_York")
    weekly = extend_schema_field(_SPANS)(serializers.JSONField)(
        default=list,  # type: ignore[arg-type]  # any JSON
        help_text="Times such as 09:30; the end of a day is 24:00",
    )
    holidays = extend_schema_field(_HOLIDAYS)(serializers.JSONField)(
        default=list,  # type: ignore[arg-type]  # any JSON
        help_text="Dates with times of their own; without, closed",
    )

    def stand_ins(self, wrong: Collection[str]) -> dict[str, Any]:
        usable = {"name": str(uuid.uuid4()), "time_zone": "UTC"}
        return {name: value for name, value in usable.items() if name in wrong}


def _action(when: str) -> OneOf:
    return OneOf(RouteAction.choices, default=RouteAction.VOICEMAIL, help_text=when)


def _agent_id() -> serializers.UUIDField:
    return serializers.UUIDField(allow_null=True, default=None, help_text="With the action `agent`")


class NumberRouteSerializer(VersionedSerializer):
    """Where calls to a number lead."""

    number = serializers.CharField(source="phone_number.number", read_only=True)
    phone_number_id = serializers.UUIDField(read_only=True)
    agent_id = serializers.UUIDField()
    pinned_version = serializers.IntegerField(
        source="pinned.number", allow_null=True, default=None, help_text="Null: whichever is published"
    )
    hours_id = serializers.UUIDField(allow_null=True, default=None, help_text="Null: always open")
    most_calls = serializers.IntegerField(
        min_value=1, max_value=MOST_CALLS, allow_null=True, default=None, help_text="Calls at a time"
    )
    closed_action = _action("Out of hours")
    closed_number = _text(32, help_text="E.164, with the action `human`")
    closed_agent_id = _agent_id()
    overflow_action = _action("With too many calls at once")
    overflow_number = _text(32)
    overflow_agent_id = _agent_id()
    fallback_action = _action("When the agent cannot be reached")
    fallback_number = _text(32)
    fallback_agent_id = _agent_id()


class NewNumberRouteSerializer(NumberRouteSerializer):
    """A route to be made."""

    phone_number_id = serializers.UUIDField()


class MomentField(serializers.DateTimeField):
    """A moment that says how far its clock is from UTC: a clock on a wall may hang in any zone."""

    def enforce_timezone(self, value: datetime) -> datetime:
        if value.tzinfo is None:
            words = "Say how far the clock is from UTC, such as 2027-01-04T09:30:00-05:00."
            raise serializers.ValidationError(words, code="no_offset")
        return super().enforce_timezone(value)


class MomentSerializer(StrictSerializer):
    """A call as it might come."""

    at = MomentField(
        required=False,
        validators=[MinValueValidator(EARLIEST), MaxValueValidator(LATEST)],
        help_text="With an offset from UTC; now, if left out",
    )
    calls = serializers.IntegerField(
        min_value=0, max_value=MOST_CALLS, default=0, help_text="Others going on"
    )
    unreachable = serializers.BooleanField(default=False, help_text="Whether the agent cannot be reached")


class DecisionSerializer(serializers.Serializer[Any]):
    """What becomes of a call, and why."""

    action = serializers.ChoiceField([("answer", "An agent answers"), *RouteAction.choices])
    agent_id = serializers.UUIDField(allow_null=True)
    agent_version = serializers.IntegerField(allow_null=True)
    number = serializers.CharField(help_text="Who is called, for `human`")
    because = serializers.ListField(child=serializers.CharField(), help_text="The reasons, in order")
