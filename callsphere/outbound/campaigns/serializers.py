"""What the API says of campaigns and their contacts, and what it takes."""

from __future__ import annotations

import uuid
from collections.abc import Collection
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from callsphere.calls.enums import CallOutcome
from callsphere.outbound.campaigns.reading import LONGEST_VALUE
from callsphere.outbound.enums import CampaignState, ContactState, MachineAction
from callsphere.outbound.models import Campaign
from callsphere.outbound.models.campaigns import (
    LONGEST_BRIEF,
    LONGEST_MACHINE_MESSAGE,
    LONGEST_NAME,
    LONGEST_PAUSE_MINUTES,
    MOST_AT_ONCE,
    MOST_ATTEMPTS,
)
from tenants.serializers import OneOf, StrictSerializer, VersionedSerializer

_WINDOWS = {
    "type": "array",
    "items": {
        "type": "object",
        "properties": {
            "day": {"type": "string"},
            "opens": {"type": "string"},
            "closes": {"type": "string"},
        },
        "required": ["day", "opens", "closes"],
    },
}


class ProgressSerializer(serializers.Serializer[Any]):
    """How many contacts there are, and of what became of them."""

    total = serializers.IntegerField()
    waiting = serializers.IntegerField()
    calling = serializers.IntegerField()
    reached = serializers.IntegerField()
    unreached = serializers.IntegerField()
    do_not_call = serializers.IntegerField()
    refused = serializers.IntegerField()
    canceled = serializers.IntegerField()


class CampaignSerializer(VersionedSerializer):
    """People to be called, by which agent, when and how often."""

    name = serializers.CharField(max_length=LONGEST_NAME, trim_whitespace=False)
    agent_id = serializers.UUIDField(help_text="The version that is published at the start talks to all")
    agent_version = serializers.IntegerField(
        source="agent_version.number", read_only=True, default=None, allow_null=True
    )
    phone_number_id = serializers.UUIDField(help_text="One of your numbers: whoever is called sees it")
    brief = serializers.CharField(
        max_length=LONGEST_BRIEF,
        allow_blank=True,
        default="",
        trim_whitespace=False,
        help_text="What the agent is to know; {name} and {column} stand for what is known of the contact",
    )
    windows = extend_schema_field(_WINDOWS)(serializers.JSONField)(
        default=list,  # type: ignore[arg-type]  # any JSON
        help_text="When people may be called, by their own clocks; the end of a day is 24:00",
    )
    most_at_once = serializers.IntegerField(
        min_value=1, max_value=MOST_AT_ONCE, default=5, help_text="Calls at a time, of those of your plan"
    )
    most_attempts = serializers.IntegerField(
        min_value=1, max_value=MOST_ATTEMPTS, default=3, help_text="For each contact"
    )
    pause_minutes = serializers.IntegerField(
        min_value=1, max_value=LONGEST_PAUSE_MINUTES, default=60, help_text="Between attempts"
    )
    machine_action = OneOf(
        MachineAction.choices, default=MachineAction.HANG_UP, help_text="When an answering machine takes it"
    )
    machine_message = serializers.CharField(
        max_length=LONGEST_MACHINE_MESSAGE,
        allow_blank=True,
        default="",
        help_text="What is said after the machine's tone, with `leave_message`",
    )
    state = serializers.ChoiceField(CampaignState.choices, read_only=True)
    error = serializers.CharField(read_only=True, help_text="Why it was paused, where nobody asked for that")
    started_at = serializers.DateTimeField(read_only=True, allow_null=True)
    ended_at = serializers.DateTimeField(read_only=True, allow_null=True)
    progress = serializers.SerializerMethodField()

    def stand_ins(self, wrong: Collection[str]) -> dict[str, Any]:
        return {"name": str(uuid.uuid4())} if "name" in wrong else {}

    @extend_schema_field(ProgressSerializer)
    def get_progress(self, campaign: Campaign) -> dict[str, int]:
        counts: dict[str, int] = getattr(campaign, "counts", None) or dict.fromkeys(ContactState.values, 0)
        return {"total": sum(counts.values()), **counts}


class NewContactSerializer(StrictSerializer):
    """Somebody to be called."""

    number = serializers.CharField(
        max_length=40,
        help_text="With + and the country code; without them it is read as one of your number's country",
    )
    name = serializers.CharField(max_length=LONGEST_NAME, allow_blank=True, default="")
    time_zone = serializers.CharField(
        max_length=64,
        allow_blank=True,
        default="",
        help_text="Where they are, such as America/New_York; empty: where their number may be",
    )
    columns = serializers.DictField(
        child=serializers.CharField(max_length=LONGEST_VALUE, allow_blank=True),
        default=dict,
        help_text="What else is known of them, for the brief",
    )


class ContactSerializer(serializers.Serializer[Any]):
    """Somebody to be called, and what became of that."""

    id = serializers.UUIDField()
    created_at = serializers.DateTimeField()
    number = serializers.CharField()
    name = serializers.CharField()
    columns = serializers.DictField(child=serializers.CharField())
    time_zones = serializers.ListField(
        child=serializers.CharField(), help_text="They are called at hours that are allowed in all of them"
    )
    state = serializers.ChoiceField(ContactState.choices)
    attempts = serializers.IntegerField()
    due_at = serializers.DateTimeField(allow_null=True, help_text="Not called before that, while they wait")
    called_at = serializers.DateTimeField(allow_null=True, help_text="For the last time")
    outcome = serializers.ChoiceField([("", ""), *CallOutcome.choices], help_text="Of the last call")
    last_call_id = serializers.UUIDField(allow_null=True, help_text="In the call log")
    error_code = serializers.CharField()
    error = serializers.CharField(help_text="Why they are not called")


class DuplicateSerializer(serializers.Serializer[Any]):
    """A line that was left out: its number is there already."""

    line = serializers.IntegerField()
    number = serializers.CharField()


class LineErrorSerializer(serializers.Serializer[Any]):
    """What is wrong with a line that was left out; the header is line 1."""

    line = serializers.IntegerField()
    column = serializers.CharField(help_text="Empty for the whole line")
    message = serializers.CharField(help_text="What is wrong, and what to do")


class ImportedSerializer(serializers.Serializer[Any]):
    """What came of a file."""

    added = serializers.IntegerField()
    not_to_call = serializers.IntegerField(help_text="Of those added: on your list of numbers not to call")
    duplicates = DuplicateSerializer(many=True)
    errors = LineErrorSerializer(many=True)  # type: ignore[assignment]  # hides DRF's own
