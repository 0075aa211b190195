"""What the API says of gateways, and what it takes."""

import uuid
from collections.abc import Collection
from typing import Any

from rest_framework import serializers

from tenants.serializers import VersionedSerializer, WithWarnings
from trunks.enums import (
    HealthState,
    Transport,
)


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
