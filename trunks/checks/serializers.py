"""What the API says of readiness checks, and what it takes to start one."""

from typing import Any

from drf_spectacular.utils import OpenApiExample, extend_schema_serializer
from rest_framework import serializers

from callsphere.sip.check.report import STEPS
from tenants.enums import ActorKind
from tenants.serializers import StrictSerializer
from trunks.checks.reports import as_json
from trunks.enums import CheckState, Verdict
from trunks.models import ReadinessCheck
from trunks.wording import told_cause

_RESULTS = ["pass", "warn", "fail", "skipped"]


@extend_schema_serializer(
    examples=[
        OpenApiExample("Look, ask and call", request_only=True, value={"call": "+14155550123"}),
        OpenApiExample("Look and ask alone", request_only=True, value={}),
    ]
)
class NewCheckSerializer(StrictSerializer):
    """What to check."""

    gateway_id = serializers.UUIDField(
        allow_null=True, default=None, help_text="One gateway of the trunk; null for all that are enabled"
    )
    register = serializers.BooleanField(
        default=False, help_text="Register with the trunk's user name, and remove the binding again"
    )
    call = serializers.CharField(
        max_length=64,
        allow_blank=True,
        default="",
        help_text="Number to call. It rings; when it is answered the call is held, resumed and hung up"
        " within seconds. Your carrier may charge for it.",
    )
    caller = serializers.CharField(
        max_length=64, allow_blank=True, default="", help_text="Number to show to whoever is called"
    )


class StepSerializer(serializers.Serializer[Any]):
    """One step of the walk."""

    name = serializers.ChoiceField(STEPS)
    result = serializers.ChoiceField(_RESULTS)
    cause = serializers.CharField(allow_null=True, help_text="A code of the dictionary of causes")
    detail = serializers.CharField(help_text="What was seen, for people")
    fix = serializers.CharField(allow_null=True, help_text="What to change")
    who = serializers.CharField(
        allow_null=True, help_text="Who has to act: you, carrier, callsphere, or nobody"
    )
    ms = serializers.IntegerField(help_text="How long it took")
    target = serializers.CharField(allow_null=True, help_text="Address, port and transport")


class MessageSerializer(serializers.Serializer[Any]):
    """One SIP message, secrets taken out."""

    at_ms = serializers.IntegerField(help_text="Since the start of the check or attempt")
    direction = serializers.ChoiceField(["sent", "received"])
    summary = serializers.CharField()
    text = serializers.CharField()


class CheckedGatewaySerializer(serializers.Serializer[Any]):
    """One gateway of a check. Its steps follow those of the gateways before it."""

    gateway_id = serializers.UUIDField()
    uri = serializers.CharField()
    verdict = serializers.ChoiceField(Verdict.choices, allow_null=True)
    cause = serializers.CharField(allow_null=True)
    steps = serializers.IntegerField(help_text="How many of the steps are about it")


class CheckSummarySerializer(serializers.Serializer[ReadinessCheck]):
    """A check without its steps and messages."""

    id = serializers.UUIDField()
    trunk_id = serializers.UUIDField()
    gateway_id = serializers.UUIDField(allow_null=True)
    state = serializers.ChoiceField(CheckState.choices)
    verdict = serializers.ChoiceField(Verdict.choices, allow_null=True)
    cause = serializers.CharField(allow_null=True, help_text="Of the first failure, else the first warning")
    target = serializers.CharField(allow_null=True, help_text="The gateways' URIs")
    problem = serializers.CharField(help_text="Why there is no whole report; empty when there is one")
    register = serializers.BooleanField()
    call = serializers.CharField()
    caller = serializers.CharField()
    requested_kind = serializers.ChoiceField(ActorKind.choices)
    requested_by = serializers.CharField()
    created_at = serializers.DateTimeField()
    started_at = serializers.DateTimeField(allow_null=True)
    finished_at = serializers.DateTimeField(allow_null=True)
    duration_ms = serializers.IntegerField(allow_null=True)
    gateways = CheckedGatewaySerializer(many=True, source="runs")

    def to_representation(self, instance: ReadinessCheck) -> dict[str, Any]:
        told: dict[str, Any] = super().to_representation(instance)
        told.update({name: value for name, value in _report(self, instance).items() if name in self.fields})
        for run in told["gateways"]:
            cause = told_cause(run["cause"])
            run.update(verdict=run["verdict"] or None, cause=cause.code if cause else None)
        return told


class CheckSerializer(CheckSummarySerializer):
    """A check with everything that `sip check --json` prints."""

    steps = StepSerializer(many=True, help_text="Those that are finished, in order")
    trace = MessageSerializer(many=True, help_text="Every message, once the check has ended")


class StartedCheckSerializer(CheckSerializer):
    """A check that was just asked for."""

    warnings = serializers.ListField(child=serializers.CharField(), read_only=True)


def _report(serializer: CheckSummarySerializer, check: ReadinessCheck) -> dict[str, Any]:
    if "steps" in serializer.fields:
        return as_json(check)
    cause = told_cause(check.cause)
    return {
        "verdict": check.verdict or None,
        "cause": cause.code if cause else None,
        "target": check.target or None,
    }


class CheckScheduleSerializer(StrictSerializer):
    """How often a trunk is checked by itself, and with what."""

    every_hours = serializers.IntegerField(min_value=1, max_value=168, default=24)
    register = serializers.BooleanField(default=False)
    call = serializers.CharField(max_length=64, allow_blank=True, default="")
    caller = serializers.CharField(max_length=64, allow_blank=True, default="")
    next_check_at = serializers.DateTimeField(read_only=True)


class CheckShareSerializer(StrictSerializer):
    """A link that shows a report to whoever has it."""

    id = serializers.UUIDField(read_only=True)
    shared_by = serializers.CharField(read_only=True)
    created_at = serializers.DateTimeField(read_only=True)
    expires_at = serializers.DateTimeField(read_only=True)


class NewCheckShareSerializer(CheckShareSerializer):
    """A link that was just made."""

    days = serializers.IntegerField(
        min_value=1, max_value=30, default=7, write_only=True, help_text="How long it works"
    )
    url = serializers.CharField(read_only=True, help_text="Shown in this answer alone")
