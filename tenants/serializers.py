"""What the API says of tenants and their log, and the base of every serializer."""

from collections.abc import Collection, Iterable, Mapping
from difflib import get_close_matches
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.fields import SkipField
from rest_framework.settings import api_settings

from tenants.enums import ActorKind
from tenants.models import AuditEvent
from tenants.time_zones import LONGEST_NAME


class PartList(serializers.ListSerializer[Any]):
    """A list of parts in which every wrong one is named, even where there are too many."""

    usable: list[Any]
    max_length: int | None

    def begin(self) -> None:
        """Forget what was usable of other data."""
        self.usable = []

    def to_internal_value(self, data: Any) -> list[Any]:
        self.begin()
        if not isinstance(data, list):
            return list(super().to_internal_value(data))  # raises, in DRF's words
        errors: dict[Any, Any] = {}
        if self.max_length is not None and len(data) > self.max_length:
            message = self.error_messages["max_length"].format(max_length=self.max_length)
            errors[api_settings.NON_FIELD_ERRORS_KEY] = [serializers.ErrorDetail(message, "max_length")]
        for index, part in enumerate(data):
            value, wrong = _try(self.child, part)
            self.usable.append(value)
            if wrong is not None:
                errors[index] = wrong
        if errors:
            self.usable = self.usable[: self.max_length]
            raise serializers.ValidationError(errors)
        return self.usable


class StrictSerializer(serializers.Serializer[Any]):
    """Refuses fields that it does not know or that cannot be set: they are somebody's typing error.

    Where fields are wrong, `usable` has the others, and stand-ins for those that a service cannot do without:
    enough to find out what else is wrong.
    """

    class Meta:
        list_serializer_class = PartList

    usable: dict[str, Any]

    def stand_ins(self, wrong: Collection[str]) -> dict[str, Any]:
        """Return values that break no rule, in place of those of the `wrong` fields."""
        return {}

    def begin(self) -> None:
        """Forget what was usable of other data."""
        self.usable = self.stand_ins(self.fields)

    def to_internal_value(self, data: Any) -> dict[str, Any]:
        if not isinstance(data, Mapping):
            return dict(super().to_internal_value(data))  # raises, in DRF's words
        self.usable = {}
        errors: dict[str, Any] = {}
        for name, field in self.fields.items():
            if field.read_only:
                continue
            try:
                value, wrong = _try(field, field.get_value(data))
            except SkipField:
                continue
            if wrong is None or value is not None:
                self.usable[name] = value
            if wrong is not None:
                errors[name] = wrong
        if errors:
            self.usable |= self.stand_ins(errors)
        errors |= self._surplus(data)
        if errors:
            raise serializers.ValidationError(errors)
        return self.usable

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


def _try(field: Any, data: Any) -> tuple[Any, Any]:
    """Return what a field reads and None, or what of it is usable all the same and what is wrong with it."""
    has_parts = isinstance(field, StrictSerializer | PartList)
    if has_parts:
        field.begin()
    try:
        return field.run_validation(data), None
    except serializers.ValidationError as error:
        return field.usable if has_parts else None, error.detail


def choose_one_of(choices: Iterable[tuple[str, str]]) -> str:
    """Return the error for a value that is none of these."""
    return f"Choose one of: {', '.join(value for value, _label in choices)}."


class OneOf(serializers.ChoiceField):
    """A choice whose error names what can be chosen."""

    def __init__(self, choices: Any, **kwargs: Any) -> None:
        super().__init__(choices, **kwargs)
        self.error_messages["invalid_choice"] = choose_one_of(choices)


class CauseSerializer(serializers.Serializer[Any]):
    """Why something failed, from the dictionary of causes."""

    code = serializers.CharField(help_text="Stable, for programs")
    title = serializers.CharField()
    meaning = serializers.CharField()
    fix = serializers.CharField()
    who = serializers.CharField(
        allow_null=True, help_text="Who has to act: you, carrier, callsphere, or nobody"
    )


class VersionedSerializer(StrictSerializer):
    """An object that is edited: its id, its version, and when it was touched."""

    id = serializers.UUIDField(read_only=True)
    version = serializers.IntegerField(
        read_only=True, help_text="Raised by each edit; the ETag holds it too."
    )
    created_at = serializers.DateTimeField(read_only=True)
    updated_at = serializers.DateTimeField(read_only=True)


class WithWarnings(StrictSerializer):
    """An object as it was just stored, with what somebody should look at: the view's `warnings`."""

    warnings = serializers.SerializerMethodField()

    def get_warnings(self, row: Any) -> list[str]:
        return list(self.context["view"].warnings)


class TenantSerializer(VersionedSerializer):
    """The tenant that the API key belongs to."""

    name = serializers.CharField(max_length=100, trim_whitespace=False)
    slug = serializers.CharField(read_only=True, help_text="Part of the addresses of the tenant's pages.")
    time_zone = serializers.CharField(
        max_length=LONGEST_NAME, help_text="IANA name, such as America/New_York: pages write times by it"
    )
    number_limit = serializers.IntegerField(read_only=True)
    trunk_limit = serializers.IntegerField(read_only=True)
    member_limit = serializers.IntegerField(read_only=True)
    api_key_limit = serializers.IntegerField(read_only=True)
    api_requests_per_minute = serializers.IntegerField(read_only=True)
    concurrent_call_limit = serializers.IntegerField(read_only=True, help_text="Outbound calls at a time")
    read_only_reason = serializers.CharField(
        read_only=True, help_text="Why nothing can be changed; empty when everything can"
    )


class ActorSerializer(serializers.Serializer[AuditEvent]):
    """Who did it."""

    kind = serializers.ChoiceField(ActorKind.choices, source="actor_kind")
    id = serializers.UUIDField(source="actor_id", allow_null=True)
    label = serializers.CharField(source="actor_label")  # type: ignore[assignment]  # hides DRF's own


class ObjectSerializer(serializers.Serializer[AuditEvent]):
    """What it was done to."""

    kind = serializers.CharField(source="object_kind")
    id = serializers.UUIDField(source="object_id", allow_null=True)
    label = serializers.CharField(source="object_label")  # type: ignore[assignment]  # hides DRF's own


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
