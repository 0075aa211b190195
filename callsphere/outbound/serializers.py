"""What the API says of outbound calls and of numbers not to call, and what it takes."""

from __future__ import annotations

from rest_framework import serializers

from callsphere.calls.enums import CallOutcome
from callsphere.outbound.enums import MachineAction, OrderState, Purpose
from callsphere.outbound.models import OutboundCall
from callsphere.outbound.models.dialling import LONGEST_REASON
from callsphere.outbound.models.orders import LONGEST_BRIEF, LONGEST_MACHINE_MESSAGE
from tenants.serializers import OneOf, StrictSerializer

LONGEST_NUMBER = 40


class NewOutboundCallSerializer(StrictSerializer):
    """A call that is asked for."""

    phone_number_id = serializers.UUIDField(help_text="One of your numbers: whoever is called sees it")
    to_number = serializers.CharField(
        max_length=LONGEST_NUMBER,
        help_text="With + and the country code; without them it is read as one of your number's country",
    )
    agent_id = serializers.UUIDField(help_text="Its published version talks")
    brief = serializers.CharField(
        max_length=LONGEST_BRIEF,
        allow_blank=True,
        default="",
        help_text="What the agent is to know about this call, beside its instructions",
    )
    machine_action = OneOf(
        MachineAction.choices, default=MachineAction.GO_ON, help_text="When an answering machine takes it"
    )
    machine_message = serializers.CharField(
        max_length=LONGEST_MACHINE_MESSAGE,
        allow_blank=True,
        default="",
        help_text="What is said after the machine's tone, with `leave_message`",
    )


class OutboundCallSerializer(serializers.Serializer[OutboundCall]):
    """A call that was asked for, and what became of it."""

    id = serializers.UUIDField()
    created_at = serializers.DateTimeField()
    phone_number_id = serializers.UUIDField(allow_null=True)
    from_number = serializers.CharField()
    to_number = serializers.CharField()
    purpose = serializers.ChoiceField(Purpose.choices)
    agent_id = serializers.UUIDField(allow_null=True)
    agent_version = serializers.IntegerField(source="version.number", default=None, allow_null=True)
    brief = serializers.CharField()
    machine_action = serializers.ChoiceField(MachineAction.choices)
    machine_message = serializers.CharField()
    requested_by = serializers.CharField()
    state = serializers.ChoiceField(OrderState.choices)
    expires_at = serializers.DateTimeField(help_text="It is not placed after that")
    placed_at = serializers.DateTimeField(allow_null=True)
    call_id = serializers.UUIDField(allow_null=True, help_text="In the call log, as soon as it is placed")
    outcome = serializers.ChoiceField([("", ""), *CallOutcome.choices])
    answered_by = serializers.CharField(help_text="`human`, `machine_start`, `fax` …, where it was found out")
    error_code = serializers.CharField(help_text="Twilio's, or `too_late`, `do_not_call`")
    error = serializers.CharField(help_text="Why it was not placed, or not yet")
    ended_at = serializers.DateTimeField(allow_null=True)


class DoNotCallSerializer(StrictSerializer):
    """A number that must not be called."""

    id = serializers.UUIDField(read_only=True)
    created_at = serializers.DateTimeField(read_only=True)
    number = serializers.CharField(max_length=LONGEST_NUMBER)
    reason = serializers.CharField(max_length=LONGEST_REASON, allow_blank=True, default="")
    added_by = serializers.CharField(read_only=True)
