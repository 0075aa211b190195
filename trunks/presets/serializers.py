"""What the API says of carrier presets."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from trunks.enums import Authentication, NumberFormat, Transport
from trunks.presets.catalogue import CarrierPreset, Confidence

_CONFIDENCES = [each.value for each in Confidence]


class SourceSerializer(serializers.Serializer[Any]):
    """Where facts were read."""

    key = serializers.CharField()
    title = serializers.CharField()
    url = serializers.CharField(help_text="Empty where there is no page to link to")
    seen = serializers.DateField()
    confidence = serializers.ChoiceField(
        _CONFIDENCES, help_text="strong: the carrier itself; weak: somebody else, a draft"
    )


class PlaceSerializer(serializers.Serializer[Any]):
    """A region or site of the carrier."""

    key = serializers.CharField()
    name = serializers.CharField()
    host = serializers.CharField(help_text="{account} stands for the customer's own part")


class WaySerializer(serializers.Serializer[Any]):
    """A transport that the carrier takes."""

    transport = serializers.ChoiceField(Transport.choices)
    port = serializers.IntegerField(allow_null=True, help_text="Null: what DNS or the transport says")


class NetworkSerializer(serializers.Serializer[Any]):
    """Addresses of the carrier's."""

    cidr = serializers.CharField()
    place = serializers.CharField(help_text="Key of a place; empty: of all")
    is_draft = serializers.BooleanField(help_text="Not confirmed by the carrier: compare it first")


class NumberDemandsSerializer(serializers.Serializer[Any]):
    """What the carrier demands of numbers; null where nothing is known."""

    dial_format = serializers.ChoiceField(NumberFormat.choices, allow_null=True)
    caller_id_format = serializers.ChoiceField(NumberFormat.choices, allow_null=True)
    sends_asserted_identity = serializers.BooleanField(allow_null=True)


class CarrierPresetSerializer(serializers.Serializer[CarrierPreset]):
    """What a carrier publishes about connecting to it."""

    key = serializers.CharField(help_text="Name it as `preset` when you make a trunk from it")
    name = serializers.CharField()
    version = serializers.IntegerField(help_text="Raised when facts change")
    is_draft = serializers.BooleanField(help_text="Not from the carrier's own pages; refused as `preset`")
    seen = serializers.DateField(help_text="When its newest source was read")
    account_label = serializers.CharField(help_text="What the carrier calls the {account} of its hosts")
    authentication = serializers.ListField(
        child=serializers.ListField(child=serializers.ChoiceField(Authentication.choices)),
        help_text="Alternatives; the methods of one are used together",
    )
    places = PlaceSerializer(many=True)
    transports = WaySerializer(many=True)
    signalling_networks = serializers.SerializerMethodField(help_text="Calls come from these")
    media_networks = serializers.SerializerMethodField(
        help_text="Audio comes from these; they never belong on an allowlist"
    )
    media_ports = serializers.CharField()
    numbers = NumberDemandsSerializer(allow_null=True)
    quirks = serializers.ListField(child=serializers.CharField())
    sources = serializers.SerializerMethodField()

    @extend_schema_field(NetworkSerializer(many=True))
    def get_signalling_networks(self, preset: CarrierPreset) -> Any:
        return _networks(preset, "signalling")

    @extend_schema_field(NetworkSerializer(many=True))
    def get_media_networks(self, preset: CarrierPreset) -> Any:
        return _networks(preset, "media")

    @extend_schema_field(SourceSerializer(many=True))
    def get_sources(self, preset: CarrierPreset) -> Any:
        rows = [
            {
                "key": key,
                "title": each.title,
                "url": each.url,
                "seen": each.seen,
                "confidence": each.confidence,
            }
            for key, each in preset.sources.items()
        ]
        return SourceSerializer(rows, many=True).data


class CarrierPresetListSerializer(serializers.Serializer[Any]):
    """Every preset, by name, on one page."""

    next = serializers.URLField(allow_null=True)
    previous = serializers.URLField(allow_null=True)
    results = CarrierPresetSerializer(many=True)


def _networks(preset: CarrierPreset, kind: str) -> Any:
    rows = [
        {"cidr": each.cidr, "place": each.place, "is_draft": preset.is_weak(each)}
        for each in getattr(preset, kind)
    ]
    return NetworkSerializer(rows, many=True).data
