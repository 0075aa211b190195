"""What the API says of calls, and of what was told of them."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from agents.models import ToolInvocation
from callsphere.calls.enums import (
    CallAction,
    CallOutcome,
    CallState,
    Direction,
    EventKind,
    HungUpBy,
    LegKind,
    LegState,
    SessionState,
    Speaker,
)
from callsphere.calls.message_serializers import VoiceMessageSerializer
from callsphere.calls.models import (
    Call,
    CallEvent,
    CallLeg,
    CallNote,
    RealtimeSession,
    TranscriptLine,
)
from callsphere.calls.models.keeping import (
    CALLS_KEPT_DAYS,
    LONGEST_KEPT_DAYS,
    SHORTEST_CALLS_KEPT_DAYS,
    TRANSCRIPTS_KEPT_DAYS,
)
from callsphere.calls.summaries import DayOfCalls
from callsphere.calls.wording import ai_cost_of
from callsphere.providers.openai.prices import CURRENCY
from callsphere.sip.causes import CAUSES, Cause
from callsphere.sip.q850 import NetworkCause, network_cause
from tenants.serializers import StrictSerializer


class CallEventSerializer(serializers.Serializer[CallEvent]):
    """Something was told of a call."""

    id = serializers.UUIDField()
    received_at = serializers.DateTimeField()
    kind = serializers.ChoiceField(EventKind.choices)
    call_sid = serializers.CharField(help_text="The provider's id of the call: all that is told of it has it")
    call_status = serializers.CharField(help_text="Such as `ringing`, `in-progress` or `completed`")
    sequence_number = serializers.IntegerField(
        allow_null=True,
        help_text="In which order things happened to the call, from 0; they may be told in another",
    )
    phone_number_id = serializers.UUIDField(
        allow_null=True, help_text="Null for a call over a trunk to a number that is not on it"
    )
    trunk_id = serializers.UUIDField(
        allow_null=True, help_text="The trunk of yours that it came over, if any"
    )
    caller = serializers.SerializerMethodField()
    called = serializers.SerializerMethodField()
    payload = serializers.DictField(
        child=serializers.CharField(), help_text="What the provider sent, as far as it is known here"
    )

    def get_caller(self, event: CallEvent) -> str:
        return _field(event, "From")

    def get_called(self, event: CallEvent) -> str:
        return _field(event, "To")


def _field(event: CallEvent, name: str) -> str:
    payload: dict[str, Any] = event.payload
    return str(payload.get(name, ""))


class CallSerializer(serializers.Serializer[Call]):
    """A call, as the log lists it."""

    id = serializers.UUIDField()
    started_at = serializers.DateTimeField()
    answered_at = serializers.DateTimeField(allow_null=True)
    ended_at = serializers.DateTimeField(allow_null=True)
    direction = serializers.ChoiceField(Direction.choices)
    state = serializers.ChoiceField(CallState.choices)
    outcome = serializers.ChoiceField(
        CallOutcome.choices, allow_blank=True, help_text="Empty while it goes on"
    )
    hung_up_by = serializers.ChoiceField(
        HungUpBy.choices, allow_blank=True, help_text="Empty while it goes on, and where nothing says"
    )
    our_number = serializers.CharField(help_text="E.164 where it is a number, else a SIP address")
    their_number = serializers.CharField(help_text="Likewise, of the other party")
    phone_number_id = serializers.UUIDField(allow_null=True)
    trunk_id = serializers.UUIDField(
        allow_null=True, help_text="The trunk of yours that it came over, if any"
    )
    agent_id = serializers.UUIDField(allow_null=True)
    agent_name = serializers.SerializerMethodField()
    agent_version = serializers.SerializerMethodField()
    talked_s = serializers.IntegerField(allow_null=True, help_text="Seconds from answer to end")
    sip_code = serializers.IntegerField(
        allow_null=True, help_text="SIP status code of whoever was called last"
    )
    error_code = serializers.IntegerField(allow_null=True, help_text="The provider's own code of an error")
    cause = serializers.CharField(
        help_text="Code of what went wrong at the carrier; empty where `error_code` says something else"
    )
    verstat = serializers.CharField(help_text="What the carrier found out about the caller's number")
    price = serializers.DecimalField(max_digits=12, decimal_places=5, allow_null=True)
    price_unit = serializers.CharField(help_text="Currency (ISO 4217)")
    call_sid = serializers.CharField(help_text="The provider's id of the call")
    ai_cost = serializers.SerializerMethodField()
    ai_cost_currency = serializers.SerializerMethodField()

    @extend_schema_field(
        serializers.DecimalField(
            max_digits=14, decimal_places=6, allow_null=True, help_text="At OpenAI; null while not known"
        )
    )
    def get_ai_cost(self, call: Call) -> str | None:
        cost = ai_cost_of(call.sessions.all())
        return None if cost is None else f"{cost:.6f}"

    @extend_schema_field(serializers.CharField(help_text="ISO 4217; empty where there is no cost"))
    def get_ai_cost_currency(self, call: Call) -> str:
        return "" if ai_cost_of(call.sessions.all()) is None else CURRENCY

    def get_agent_name(self, call: Call) -> str:
        return call.agent.name if call.agent else ""

    def get_agent_version(self, call: Call) -> int | None:
        return call.version.number if call.version else None


class CallLegSerializer(serializers.Serializer[CallLeg]):
    """Somebody who was called within a call."""

    call_sid = serializers.CharField()
    kind = serializers.ChoiceField(LegKind.choices)
    target = serializers.CharField()
    state = serializers.ChoiceField(LegState.choices)
    sip_code = serializers.IntegerField(allow_null=True)
    error_code = serializers.IntegerField(allow_null=True)
    attestation = serializers.CharField(help_text="`A`, `B` or `C` (SHAKEN), where the carrier says")
    started_at = serializers.DateTimeField(allow_null=True)
    answered_at = serializers.DateTimeField(allow_null=True)
    ended_at = serializers.DateTimeField(allow_null=True)


class CallNoteSerializer(serializers.Serializer[CallNote]):
    """Something that was done or noticed in a call."""

    noted_at = serializers.DateTimeField()
    text = serializers.CharField()


class TranscriptLineSerializer(serializers.Serializer[TranscriptLine]):
    """Something that was said."""

    said_at = serializers.DateTimeField()
    speaker = serializers.ChoiceField(Speaker.choices)
    text = serializers.CharField()
    is_keys = serializers.BooleanField(
        help_text="Whether the caller pressed keys; of more than 4 digits in a row only their number is kept"
    )


class RealtimeSessionSerializer(serializers.Serializer[RealtimeSession]):
    """A session with OpenAI Realtime."""

    version = serializers.IntegerField(source="version.number", help_text="Of the agent")
    state = serializers.ChoiceField(SessionState.choices)
    why = serializers.CharField()
    accepted_at = serializers.DateTimeField(allow_null=True)
    ended_at = serializers.DateTimeField(allow_null=True)
    usage = serializers.DictField(help_text="Tokens as OpenAI counts them")
    cost = serializers.DecimalField(
        max_digits=14, decimal_places=8, allow_null=True, help_text="USD; null where a price was not known"
    )


class CallToolSerializer(serializers.Serializer[ToolInvocation]):
    """A tool that the agent called in a call; what was asked and answered is masked."""

    created_at = serializers.DateTimeField()
    tool_id = serializers.UUIDField(allow_null=True, help_text="Null for a built-in tool")
    name = serializers.CharField(source="asked")
    outcome = serializers.CharField()
    detail = serializers.CharField()
    status = serializers.IntegerField(allow_null=True, help_text="HTTP status")
    duration_ms = serializers.IntegerField(allow_null=True)
    arguments = extend_schema_field({})(serializers.JSONField)(help_text="Masked: kinds of values, not which")
    answer = extend_schema_field({})(serializers.JSONField)(allow_null=True, help_text="Masked")


class ExplanationSerializer(serializers.Serializer[Cause]):
    """What went wrong, in words."""

    code = serializers.CharField()
    title = serializers.CharField()
    meaning = serializers.CharField()
    fix = serializers.CharField()
    who = serializers.CharField(allow_null=True, help_text="Who has to act: `you`, `carrier` or `callsphere`")


class NetworkCauseSerializer(serializers.Serializer[NetworkCause]):
    """What telephone networks call the SIP code."""

    value = serializers.IntegerField(help_text="Cause value of ITU-T Q.850, by RFC 3398")
    name = serializers.CharField()


class CallInFullSerializer(CallSerializer):
    """A call with all that is known of it. `context["invocations"]` has its tools."""

    action = serializers.ChoiceField(
        CallAction.choices, allow_blank=True, help_text="What was done with it last"
    )
    sent_to = serializers.CharField(help_text="The person called last")
    because = serializers.ListField(child=serializers.CharField(), help_text="Why it went where it went")
    explanation = serializers.SerializerMethodField()
    network_cause = serializers.SerializerMethodField()
    legs = CallLegSerializer(many=True)
    notes = CallNoteSerializer(many=True)
    transcript = TranscriptLineSerializer(many=True)
    tools = serializers.SerializerMethodField()
    voice_messages = VoiceMessageSerializer(many=True)
    sessions = RealtimeSessionSerializer(many=True)

    @extend_schema_field(ExplanationSerializer(allow_null=True))
    def get_explanation(self, call: Call) -> Any:
        known = CAUSES.get(call.cause)
        return ExplanationSerializer(known).data if known else None

    @extend_schema_field(NetworkCauseSerializer(allow_null=True))
    def get_network_cause(self, call: Call) -> Any:
        known = network_cause(call.sip_code) if call.sip_code else None
        return NetworkCauseSerializer(known).data if known else None

    @extend_schema_field(CallToolSerializer(many=True))
    def get_tools(self, call: Call) -> Any:
        return CallToolSerializer(self.context.get("invocations", ()), many=True).data


class DayOfCallsSerializer(serializers.Serializer[DayOfCalls]):
    """What the calls of a day came to."""

    day = serializers.DateField()
    calls = serializers.IntegerField()
    answered = serializers.IntegerField(help_text="By an agent or a person")
    answered_percent = serializers.FloatField(allow_null=True, help_text="Of those that are over")
    by_outcome = serializers.DictField(child=serializers.IntegerField())
    by_sip_class = serializers.DictField(
        child=serializers.IntegerField(), help_text="By class of the SIP code, such as `4xx`"
    )
    median_s = serializers.FloatField(allow_null=True, help_text="Seconds talked, of calls with an answer")
    p95_s = serializers.FloatField(allow_null=True)
    ai_cost = serializers.DecimalField(
        max_digits=14, decimal_places=6, help_text="Of agents at OpenAI, in USD, as far as it is known"
    )


class SummarySerializer(serializers.Serializer[Any]):
    """Days, the earliest first, also those without calls."""

    time_zone = serializers.CharField()
    days = DayOfCallsSerializer(many=True)


class CallRetentionSerializer(StrictSerializer):
    """How long calls are kept, in days from when they began."""

    version = serializers.IntegerField(
        read_only=True, help_text="Raised by each edit; the ETag holds it too."
    )
    calls_kept_days = serializers.IntegerField(
        min_value=SHORTEST_CALLS_KEPT_DAYS, max_value=LONGEST_KEPT_DAYS, default=CALLS_KEPT_DAYS
    )
    transcripts_kept_days = serializers.IntegerField(
        min_value=1,
        max_value=LONGEST_KEPT_DAYS,
        default=TRANSCRIPTS_KEPT_DAYS,
        help_text="Transcripts, notes, what tools were asked, messages taken, how voice messages sounded,"
        " words of texts and callbacks; never longer than their call",
    )
