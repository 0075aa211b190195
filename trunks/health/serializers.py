"""What the API says of the watch on gateways, and what it takes."""

from datetime import datetime
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from tenants.serializers import VersionedSerializer
from trunks.enums import (
    HealthState,
)
from trunks.headlines import GAPS, Gap
from trunks.health.cause_fields import CauseField, DetailField
from trunks.models import Gateway, GatewayHealth, StatusChange
from trunks.overdue import unchecked_since
from trunks.queries import headline_of

HEADLINE = "The state in a few words, as the pages say it"
GAP = "What keeps calls from running although the gateways answer; null when nothing is missing"
_LAST_STATE = "What the last check made of it; `unchecked_since` says whether that is still worth anything"
_UNCHECKED = "When the last check was, if the next is long overdue: nobody looks. Null while checks come"


class HealthPolicySerializer(VersionedSerializer):
    """How a trunk's gateways are watched."""

    interval_s = serializers.IntegerField(min_value=15, max_value=3600, default=30)
    failures_to_down = serializers.IntegerField(min_value=1, max_value=10, default=3)
    successes_to_up = serializers.IntegerField(min_value=1, max_value=10, default=2)


class GapSerializer(serializers.Serializer[Gap]):
    """What keeps calls from running on a trunk although its gateways answer."""

    code = serializers.ChoiceField([(code, gap.title) for code, gap in GAPS.items()])
    title = serializers.CharField()
    meaning = serializers.CharField(source="text")
    fix = serializers.CharField()


@extend_schema_field(GapSerializer(allow_null=True))
class GapField(serializers.Field[str, str, Any, Any]):
    """The gap of a stored code in words; null where nothing is missing."""

    def to_representation(self, value: str) -> Any:
        gap = GAPS.get(value)
        return None if gap is None else GapSerializer(gap).data


class LastAnswerSerializer(serializers.Serializer[GatewayHealth]):
    """What the last check met with."""

    at = serializers.DateTimeField(source="checked_at")
    status = serializers.IntegerField(allow_null=True, help_text="SIP status code; null when nothing came")
    reason = serializers.CharField()
    rtt_ms = serializers.SerializerMethodField()
    detail = DetailField("detail")
    target = DetailField("target", help_text="Address, port and transport that was tried")
    server = serializers.CharField(help_text="What the far end calls itself")

    def get_rtt_ms(self, health: GatewayHealth) -> float | None:
        return None if health.rtt_us is None else round(health.rtt_us / 1000, 2)

    def to_representation(self, instance: GatewayHealth) -> Any:
        return None if instance.checked_at is None else super().to_representation(instance)


class GatewayHealthSerializer(serializers.Serializer[Gateway]):
    """What is known of one gateway now."""

    gateway_id = serializers.UUIDField(source="pk")
    uri = serializers.CharField()
    is_enabled = serializers.BooleanField()
    state = serializers.ChoiceField(HealthState.choices, source="health.state", help_text=_LAST_STATE)
    unchecked_since = serializers.SerializerMethodField(help_text=_UNCHECKED)
    since = serializers.DateTimeField(source="health.since")
    next_check_at = serializers.DateTimeField(source="health.next_probe_at", allow_null=True)
    last_answer = LastAnswerSerializer(source="health", allow_null=True)
    cause = CauseField(source="health.cause")

    def get_unchecked_since(self, gateway: Gateway) -> datetime | None:
        return unchecked_since(gateway.health)


class TrunkHealthSerializer(serializers.Serializer[Any]):
    """What is known of a trunk now."""

    trunk_id = serializers.UUIDField(source="pk")
    state = serializers.ChoiceField(HealthState.choices, help_text=_LAST_STATE)
    since = serializers.DateTimeField(source="state_since", allow_null=True)
    unchecked_since = serializers.DateTimeField(allow_null=True, help_text=_UNCHECKED)
    headline = serializers.SerializerMethodField(help_text=HEADLINE)
    gap = GapField(source="gap_code", help_text=GAP)
    checked_at = serializers.DateTimeField(allow_null=True)
    gateways = GatewayHealthSerializer(many=True, source="watched_gateways")

    def get_headline(self, trunk: Any) -> str:
        return headline_of(trunk).text()


class StatusChangeSerializer(serializers.Serializer[StatusChange]):
    """A gateway's state changed."""

    id = serializers.UUIDField()
    at = serializers.DateTimeField()
    gateway_id = serializers.UUIDField()
    gateway_uri = serializers.CharField(help_text="Where it led then")
    from_state = serializers.ChoiceField(HealthState.choices)
    to_state = serializers.ChoiceField(HealthState.choices)
    previous_since = serializers.DateTimeField(help_text="Since when it had been in from_state")
    status = serializers.IntegerField(allow_null=True)
    cause = CauseField()
    detail = DetailField("detail")


class ProbeSerializer(serializers.Serializer[Any]):
    """What was asked for."""

    gateways = serializers.IntegerField(help_text="How many gateways are looked at now")
