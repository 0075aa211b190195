"""What the API says of trunks, and what it takes."""

import uuid
from collections.abc import Collection
from datetime import datetime
from ipaddress import IPv6Address
from typing import Any

from drf_spectacular.utils import OpenApiExample, extend_schema_field, extend_schema_serializer
from rest_framework import serializers

from callsphere.sip.session_timer import MIN_SE, RECOMMENDED_INTERVAL
from tenants.serializers import OneOf, VersionedSerializer, WithWarnings
from trunks.access.services.credentials import CREDENTIALS_PER_TRUNK, LONGEST_SECRET
from trunks.access.services.networks import NETWORKS_PER_TRUNK
from trunks.enums import (
    Authentication,
    ClearedBecause,
    CredentialDirection,
    Direction,
    HealthState,
    NumberFormat,
    RefreshBy,
    RefreshMethod,
    SessionTimerMode,
    Transport,
)
from trunks.gateways.services import GATEWAYS_PER_TRUNK
from trunks.headlines import GAPS, Gap
from trunks.health.cause_fields import CauseField, DetailField
from trunks.models import Gateway, GatewayHealth, SessionTimerPolicy, StatusChange
from trunks.models.session_timers import LONGEST_S, SHORTEST_CALL_S
from trunks.overdue import unchecked_since
from trunks.queries import headline_of
from trunks.registrations.serializers import NewRegistrationSerializer, RegistrationSerializer
from trunks.session_timers.policy import ends_after_s

_HEADLINE = "The state in a few words, as the pages say it"
_GAP = "What keeps calls from running although the gateways answer; null when nothing is missing"
_LAST_STATE = "What the last check made of it; `unchecked_since` says whether that is still worth anything"
_UNCHECKED = "When the last check was, if the next is long overdue: nobody looks. Null while checks come"


class GatewaySerializer(VersionedSerializer):
    """One place where the carrier takes SIP."""

    uri = serializers.CharField(
        max_length=300,
        trim_whitespace=False,
        help_text="sip: or sips:, host, port if needed, ;transport= if needed. Answered as it will be sent.",
    )
    host = serializers.CharField(read_only=True)
    port = serializers.IntegerField(
        read_only=True, allow_null=True, help_text="Null: what DNS or the transport says"
    )
    transport = serializers.ChoiceField(Transport.choices, read_only=True)
    priority = serializers.IntegerField(
        min_value=0, max_value=65535, default=10, help_text="The lowest is tried first."
    )
    weight = serializers.IntegerField(min_value=1, max_value=65535, default=10)
    is_enabled = serializers.BooleanField(default=True)
    trusted_authority_id = serializers.UUIDField(
        allow_null=True,
        default=None,
        help_text="For TLS: the authority that vouches for the peer, alone. Null: the public ones",
    )
    client_certificate_id = serializers.UUIDField(
        allow_null=True, default=None, help_text="For TLS: what is shown to a peer who asks. Null: nothing"
    )
    state = serializers.ChoiceField(HealthState.choices, source="health.state", read_only=True)

    def stand_ins(self, wrong: Collection[str]) -> dict[str, Any]:
        return {"uri": f"sip:{uuid.uuid4()}.invalid"} if "uri" in wrong else {}


class SavedGatewaySerializer(GatewaySerializer, WithWarnings):
    """A gateway as it was just stored, with what somebody should look at."""

    clear_secrets = serializers.BooleanField(
        write_only=True,
        default=False,
        help_text="Needed where passwords that were entered for another address are cleared by the change",
    )

    def stand_ins(self, wrong: Collection[str]) -> dict[str, Any]:
        # The address in place of a wrong one is none that anybody should be asked about.
        return {**super().stand_ins(wrong), "clear_secrets": True} if "uri" in wrong else {}


class AllowedNetworkSerializer(VersionedSerializer):
    """A network from which the carrier's calls are accepted."""

    cidr = serializers.CharField(
        max_length=49,
        trim_whitespace=False,
        help_text="Such as 203.0.113.0/24, 2001:db8::/48, or one address",
    )
    note = serializers.CharField(max_length=100, allow_blank=True, default="", trim_whitespace=False)
    wide_confirmed = serializers.BooleanField(
        default=False, help_text="Needed for networks wider than /24 (IPv4) or /48 (IPv6)"
    )

    def stand_ins(self, wrong: Collection[str]) -> dict[str, Any]:
        unused = IPv6Address(0x2001_0DB8 << 96 | uuid.uuid4().int >> 32)  # RFC 3849
        return {"cidr": str(unused)} if "cidr" in wrong else {}


class SavedNetworkSerializer(AllowedNetworkSerializer, WithWarnings):
    """A network as it was just stored, with what somebody should look at."""


class CredentialSerializer(VersionedSerializer):
    """A user name and password for SIP digest. The password goes in and never comes out."""

    direction = OneOf(CredentialDirection.choices, default=CredentialDirection.OUTBOUND)
    username = serializers.CharField(max_length=128, trim_whitespace=False)
    realm = serializers.CharField(max_length=128, allow_blank=True, default="", trim_whitespace=False)
    secret = serializers.CharField(
        max_length=LONGEST_SECRET,
        write_only=True,
        trim_whitespace=False,
        help_text="Cleared when realm or direction change, or when a gateway leads elsewhere",
    )
    bound_hosts = serializers.ListField(
        child=serializers.CharField(),
        read_only=True,
        help_text="The only hosts that the secret may be sent to: those of the trunk's gateways when it was"
        " entered. Empty for inbound",
    )
    cleared_because = serializers.ChoiceField(
        ClearedBecause.choices, read_only=True, help_text="Why the secret was cleared; empty unless it was"
    )
    secret_set_at = serializers.DateTimeField(
        read_only=True, allow_null=True, help_text="Null: cleared, to be sent again"
    )

    def stand_ins(self, wrong: Collection[str]) -> dict[str, Any]:
        found = {name: str(uuid.uuid4()) for name in ("username", "realm", "secret") if name in wrong}
        if "direction" in wrong:
            # Whether the trunk has such a credential depends on the direction: say nothing of it.
            found |= {"direction": CredentialDirection.OUTBOUND.value, "realm": str(uuid.uuid4())}
        return found


class HealthPolicySerializer(VersionedSerializer):
    """How a trunk's gateways are watched."""

    interval_s = serializers.IntegerField(min_value=15, max_value=3600, default=30)
    failures_to_down = serializers.IntegerField(min_value=1, max_value=10, default=3)
    successes_to_up = serializers.IntegerField(min_value=1, max_value=10, default=2)


class SessionTimerPolicySerializer(VersionedSerializer):
    """How a trunk's calls prove that they are still there (RFC 4028), and how long they may last."""

    mode = OneOf(SessionTimerMode.choices, default=SessionTimerMode.SUPPORTED)
    session_interval_s = serializers.IntegerField(
        min_value=MIN_SE, max_value=LONGEST_S, default=RECOMMENDED_INTERVAL, help_text="Session-Expires"
    )
    min_se_s = serializers.IntegerField(
        min_value=MIN_SE, max_value=LONGEST_S, default=MIN_SE, help_text="At most the session interval"
    )
    refresher = OneOf(RefreshBy.choices, default=RefreshBy.PEER)
    refresh_method = OneOf(RefreshMethod.choices, default=RefreshMethod.AUTO)
    longest_call_s = serializers.IntegerField(
        min_value=SHORTEST_CALL_S,
        max_value=LONGEST_S,
        allow_null=True,
        default=None,
        help_text="Null: no end",
    )
    ends_after_s = serializers.SerializerMethodField(
        help_text="After how many seconds without a refresh a call ends; null without a timer"
    )

    def get_ends_after_s(self, policy: SessionTimerPolicy) -> int | None:
        return None if policy.mode == SessionTimerMode.OFF else int(ends_after_s(policy.session_interval_s))


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


class NumberRuleSerializer(VersionedSerializer):
    """How numbers are written to the carrier."""

    dial_format = OneOf(
        NumberFormat.choices,
        default=NumberFormat.E164_PLUS,
        help_text="Of called numbers: Request-URI and To",
    )
    caller_id_format = OneOf(
        NumberFormat.choices, default=NumberFormat.E164_PLUS, help_text="Of From and P-Asserted-Identity"
    )
    home_country = serializers.CharField(
        max_length=2,
        allow_blank=True,
        default="",
        help_text="ISO 3166 code, such as DE. Needed for the format `national`.",
    )
    international_prefix = serializers.CharField(
        max_length=6,
        allow_blank=True,
        default="",
        help_text="Such as 00 or 011. Needed for the formats `international` and `national`.",
    )
    strip_digits = serializers.IntegerField(
        min_value=0,
        max_value=9,
        default=0,
        help_text="How many leading digits of called numbers to leave out",
    )
    dial_prefix = serializers.CharField(
        max_length=16, allow_blank=True, default="", help_text="Digits, * and # before every called number"
    )
    sends_asserted_identity = serializers.BooleanField(
        default=False, help_text="Whether P-Asserted-Identity is sent (RFC 3325)"
    )


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
    headline = serializers.SerializerMethodField(help_text=_HEADLINE)
    gap = GapField(source="gap_code", read_only=True, help_text=_GAP)
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
    headline = serializers.SerializerMethodField(help_text=_HEADLINE)
    gap = GapField(source="gap_code", help_text=_GAP)
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
