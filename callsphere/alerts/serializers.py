"""What the API says of incidents, and what it takes."""

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from callsphere.alerts.enums import Resolution, Severity, State
from callsphere.alerts.models import LONGEST_NOTE, Incident
from callsphere.sip.causes import CAUSES
from tenants.serializers import CauseSerializer, StrictSerializer


class SubjectSerializer(serializers.Serializer[Incident]):
    """What an incident is about. It may have been deleted since."""

    kind = serializers.CharField(source="subject_kind")
    id = serializers.UUIDField(source="subject_id")
    label = serializers.CharField(source="subject_label")  # type: ignore[assignment]  # hides DRF's own


class IncidentSerializer(serializers.Serializer[Incident]):
    """Something went wrong."""

    id = serializers.UUIDField()
    state = serializers.SerializerMethodField()
    kind = serializers.CharField(help_text="Stable, for programs")
    severity = serializers.ChoiceField(Severity.choices)
    title = serializers.CharField()
    subject = SubjectSerializer(source="*")
    cause = serializers.SerializerMethodField()
    detail = serializers.CharField()
    opened_at = serializers.DateTimeField()
    last_seen_at = serializers.DateTimeField()
    count = serializers.IntegerField(help_text="How often it was seen")
    resolved_at = serializers.DateTimeField(allow_null=True)
    resolution = serializers.SerializerMethodField()
    resolved_by = serializers.CharField(help_text="Who, or which part of CallSphere; empty while it is open")
    note = serializers.CharField(help_text="How it ended, in words")

    @extend_schema_field(serializers.ChoiceField(State.choices))
    def get_state(self, incident: Incident) -> str:
        return State.OPEN if incident.is_open else State.RESOLVED

    @extend_schema_field(CauseSerializer(allow_null=True))
    def get_cause(self, incident: Incident) -> object:
        cause = CAUSES.get(incident.cause)
        return None if cause is None else CauseSerializer(cause).data

    @extend_schema_field(serializers.ChoiceField(Resolution.choices, allow_null=True))
    def get_resolution(self, incident: Incident) -> str | None:
        return incident.resolution or None


class ResolveSerializer(StrictSerializer):
    """Why an incident is over."""

    note = serializers.CharField(
        max_length=LONGEST_NOTE, help_text="One sentence: what it was, or what was done"
    )
