"""What the API says of what was told of calls."""

from typing import Any

from rest_framework import serializers

from callsphere.calls.enums import EventKind
from callsphere.calls.models import CallEvent


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
