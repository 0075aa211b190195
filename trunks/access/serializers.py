"""What the API says of allowed networks and credentials, and what it takes. Passwords never come out."""

import uuid
from collections.abc import Collection
from ipaddress import IPv6Address
from typing import Any

from rest_framework import serializers

from tenants.serializers import OneOf, VersionedSerializer, WithWarnings
from trunks.access.services.credentials import LONGEST_SECRET
from trunks.enums import (
    ClearedBecause,
    CredentialDirection,
)


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
