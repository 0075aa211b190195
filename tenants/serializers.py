"""What the API says of tenants and their log, and the base of every serializer."""

from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from tenants.enums import ActorKind
from tenants.models import AuditEvent


class StrictSerializer(serializers.Serializer[Any]):
    """Refuses fields that it does not know or that cannot be set: they are somebody's typing error."""

    def to_internal_value(self, data: Any) -> Any:
        errors = self._surplus(data) if isinstance(data, Mapping) else {}
        try:
            value = super().to_internal_value(data)
        except serializers.ValidationError as error:
            if not isinstance(error.detail, dict):
                raise
            raise serializers.ValidationError({**error.detail, **errors}) from None
        if errors:
            raise serializers.ValidationError(errors)
        return value

    def _surplus(self, data: Mapping[str, Any]) -> dict[str, serializers.ErrorDetail]:
        writable = [name for name, field in self.fields.items() if not field.read_only]
        errors = {}
        for name in data:
            if name in self.fields and name not in writable:
                message = "This field cannot be set here: leave it out."
                errors[name] = serializers.ErrorDetail(message, "read_only")
            elif name not in self.fields:
                meant = get_close_matches(name, writable, 1)
                message = "Unknown field." + (f" Did you mean {meant[0]}?" if meant else "")
                errors[name] = serializers.ErrorDetail(message, "unknown_field")
        return errors


def choose_one_of(choices: Iterable[tuple[str, str]]) -> str:
    """Return the error for a value that is none of these."""
    return f"Choose one of: {', '.join(value for value, _label in choices)}."


class OneOf(serializers.ChoiceField):
    """A choice whose error names what can be chosen."""

    def __init__(self, choices: Any, **kwargs: Any) -> None:
        super().__init__(choices, **kwargs)
        self.error_messages["invalid_choice"] = choose_one_of(choices)


class TenantSerializer(StrictSerializer):
    """The tenant that the API key belongs to."""

    id = serializers.UUIDField(read_only=True)
    name = serializers.CharField(max_length=100, trim_whitespace=False)
    slug = serializers.CharField(read_only=True, help_text="Part of the addresses of the tenant's pages.")
    trunk_limit = serializers.IntegerField(read_only=True)
    member_limit = serializers.IntegerField(read_only=True)
    api_key_limit = serializers.IntegerField(read_only=True)
    api_requests_per_minute = serializers.IntegerField(read_only=True)
    created_at = serializers.DateTimeField(read_only=True)


class ActorSerializer(serializers.Serializer[AuditEvent]):
    """Who did it."""

    kind = serializers.ChoiceField(ActorKind.choices, source="actor_kind")
    id = serializers.UUIDField(source="actor_id", allow_null=True)
    label = serializers.CharField(source="actor_label")  # type: ignore[assignment]


class ObjectSerializer(serializers.Serializer[AuditEvent]):
    """What it was done to."""

    kind = serializers.CharField(source="object_kind")
    id = serializers.UUIDField(source="object_id", allow_null=True)
    label = serializers.CharField(source="object_label")  # type: ignore[assignment]


class AuditEventSerializer(serializers.Serializer[AuditEvent]):
    """One line of the audit log."""

    id = serializers.UUIDField()
    at = serializers.DateTimeField(source="created_at")
    actor = ActorSerializer(source="*")
    verb = serializers.CharField(help_text="<object>.<done>, such as trunk.created")
    object = ObjectSerializer(source="*")
    changes = serializers.SerializerMethodField(help_text="Field to [before, after]; secrets are hidden.")
    reason = serializers.CharField()
    ip = serializers.IPAddressField(allow_null=True)
    request_id = serializers.CharField()

    @extend_schema_field({"type": "object", "additionalProperties": {"type": "array", "items": {}}})
    def get_changes(self, event: AuditEvent) -> dict[str, list[Any]]:
        return event.changes
