"""What the API says of trunks, and what it takes."""

import uuid
from collections.abc import Collection
from typing import Any

from drf_spectacular.utils import OpenApiExample, extend_schema_serializer
from rest_framework import serializers

from tenants.serializers import OneOf, WithWarnings
from trunks.access.serializers import AllowedNetworkSerializer, CredentialSerializer
from trunks.access.services.credentials import CREDENTIALS_PER_TRUNK
from trunks.access.services.networks import NETWORKS_PER_TRUNK
from trunks.enums import (
    Authentication,
    Direction,
    HealthState,
)
from trunks.gateways.serializers import GatewaySerializer
from trunks.gateways.services import GATEWAYS_PER_TRUNK
from trunks.health.serializers import GAP, HEADLINE, GapField, HealthPolicySerializer
from trunks.numbers.serializers import NumberRuleSerializer
from trunks.queries import headline_of
from trunks.registrations.serializers import NewRegistrationSerializer, RegistrationSerializer
from trunks.session_timers.serializers import SessionTimerPolicySerializer


class TrunkSerializer(NumberRuleSerializer):
    """A connection to a carrier, with what belongs to it."""

    name = serializers.CharField(max_length=100, trim_whitespace=False)
    direction = OneOf(Direction.choices, default=Direction.BOTH)
    authentication = serializers.ListField(
        child=OneOf(Authentication.choices), default=list, max_length=len(Authentication)
    )
    is_enabled = serializers.BooleanField(default=True)
    notes = serializers.CharField(max_length=2000, allow_blank=True, default="", trim_whitespace=False)
    state = serializers.ChoiceField(HealthState.choices, read_only=True)
    state_since = serializers.DateTimeField(read_only=True, allow_null=True)
    headline = serializers.SerializerMethodField(help_text=HEADLINE)
    gap = GapField(source="gap_code", read_only=True, help_text=GAP)
    gateways = GatewaySerializer(many=True, read_only=True)
    allowed_networks = AllowedNetworkSerializer(many=True, read_only=True)
    credentials = CredentialSerializer(many=True, read_only=True)
    registration = RegistrationSerializer(read_only=True, allow_null=True)
    health_policy = HealthPolicySerializer(read_only=True)
    session_timer_policy = SessionTimerPolicySerializer(read_only=True)
    preset = serializers.CharField(
        source="preset_key", read_only=True, help_text="Carrier preset that it was made from; empty for none"
    )
    preset_version = serializers.IntegerField(
        read_only=True, allow_null=True, help_text="Version of the preset that was taken over or seen last"
    )

    def stand_ins(self, wrong: Collection[str]) -> dict[str, Any]:
        return {"name": str(uuid.uuid4())} if "name" in wrong else {}

    def get_headline(self, trunk: Any) -> str:
        return headline_of(trunk).text()


def _some(serializer: Any, limit: int) -> Any:
    """A list of parts, bounded and possibly left out."""
    return serializer(many=True, default=list, max_length=limit)


@extend_schema_serializer(
    examples=[
        OpenApiExample(
            "A carrier with two gateways",
            request_only=True,
            value={
                "name": "Telnyx",
                "authentication": ["digest"],
                "gateways": [
                    {"uri": "sip:sip.example.com;transport=tls"},
                    {"uri": "sip:sip.example.com:5060;transport=udp", "priority": 20},
                ],
                "allowed_networks": [{"cidr": "203.0.113.0/24", "note": "Frankfurt"}],
                "credentials": [{"username": "acme", "secret": "from the carrier's portal"}],
                "health_policy": {"interval_s": 30},
            },
        ),
        OpenApiExample(
            "A carrier that wants a registration",
            request_only=True,
            value={
                "name": "Sipgate",
                "authentication": ["registration"],
                "gateways": [{"uri": "sip:sip.example.com"}],
                "registration": {
                    "registrar": "sip:sip.example.com",
                    "username": "4930123456",
                    "account": {"username": "4930123456", "secret": "from the carrier's portal"},
                },
            },
        ),
    ]
)
class NewTrunkSerializer(TrunkSerializer, WithWarnings):
    """A trunk to be made, with what belongs to it, all or nothing."""

    gateways = _some(GatewaySerializer, GATEWAYS_PER_TRUNK)
    allowed_networks = _some(AllowedNetworkSerializer, NETWORKS_PER_TRUNK)
    credentials = _some(CredentialSerializer, CREDENTIALS_PER_TRUNK)
    registration = NewRegistrationSerializer(allow_null=True, default=None)
    health_policy = HealthPolicySerializer(default=dict)
    session_timer_policy = SessionTimerPolicySerializer(default=dict)
    preset = serializers.CharField(
        max_length=40,
        allow_blank=True,
        default="",
        help_text="Key of the carrier preset that the rest was taken from. It is noted, and sets nothing.",
    )
