"""What the API says of people on call, policies and escalations, and what it takes."""

from __future__ import annotations

import uuid
from collections.abc import Collection
from typing import Any

from rest_framework import serializers

from callsphere.escalations.enums import AskState, RunState, StepKind
from callsphere.escalations.models import Escalation, EscalationPolicy
from callsphere.escalations.models.people import LONGEST_NAME, LONGEST_TIER_S, SHORTEST_TIER_S, TIER_S
from callsphere.escalations.models.runs import LONGEST_KEY, LONGEST_SUMMARY
from callsphere.escalations.services.policies import MOST_IN_TIER, MOST_TIERS
from callsphere.lib.e164 import WHOLE_E164
from tenants.serializers import StrictSerializer, VersionedSerializer

LONGEST_NUMBER = 40
MOST_AGENTS = 100


class OnCallPersonSerializer(VersionedSerializer):
    """Somebody who can be called for help."""

    name = serializers.CharField(max_length=LONGEST_NAME, trim_whitespace=False)
    number = serializers.CharField(max_length=LONGEST_NUMBER, help_text="With + and the country code")
    takes_texts = serializers.BooleanField(default=True, help_text="Whether it is a mobile phone's")

    def stand_ins(self, wrong: Collection[str]) -> dict[str, Any]:
        return {"name": str(uuid.uuid4())} if "name" in wrong else {}


class EscalationPolicySerializer(VersionedSerializer):
    """Who is asked for help, in which order."""

    name = serializers.CharField(max_length=LONGEST_NAME, trim_whitespace=False)
    phone_number_id = serializers.UUIDField(help_text="One of your numbers: whoever is called sees it")
    tier_s = serializers.IntegerField(
        min_value=SHORTEST_TIER_S,
        max_value=LONGEST_TIER_S,
        default=TIER_S,
        help_text="Seconds until the next tier is asked",
    )
    takes_voicemail = serializers.BooleanField(
        default=False, help_text="Whether the caller's message is wanted when nobody took it"
    )
    tiers = serializers.ListField(
        child=serializers.ListField(child=serializers.UUIDField(), max_length=MOST_IN_TIER),
        max_length=MOST_TIERS,
        help_text="Ids of people on call: those of the first list are asked at once, then those of the next",
    )
    agent_ids = serializers.ListField(
        child=serializers.UUIDField(),
        max_length=MOST_AGENTS,
        default=list,
        help_text="Agents whose tool `escalate` starts it",
    )

    def to_representation(self, instance: EscalationPolicy) -> dict[str, Any]:
        plain = {
            name: getattr(instance, name)
            for name in ("id", "version", "name", "tier_s", "takes_voicemail", "phone_number_id")
        }
        times = {name: self.fields[name].to_representation(getattr(instance, name)) for name in self._times()}
        tiers = [[each.person_id for each in tier.people.all()] for tier in instance.tiers.all()]
        return {
            **plain,
            **times,
            "tiers": tiers,
            "agent_ids": sorted((each.agent_id for each in instance.agents.all()), key=str),
        }

    def _times(self) -> list[str]:
        return [name for name in ("created_at", "updated_at") if name in self.fields]


class NewEscalationSerializer(StrictSerializer):
    """An escalation that is to start."""

    policy_id = serializers.UUIDField()
    summary = serializers.CharField(
        max_length=LONGEST_SUMMARY, help_text="What happened: read out to the people who are called"
    )
    call_id = serializers.UUIDField(allow_null=True, default=None, help_text="The call in the log, if any")
    caller_number = serializers.RegexField(
        WHOLE_E164, default="", allow_blank=True, help_text="Whom to call back; the call's when left out"
    )
    key = serializers.CharField(
        max_length=LONGEST_KEY,
        default="",
        allow_blank=True,
        help_text="Your name for what triggered it: the same again starts no second escalation",
    )


class EscalationSerializer(serializers.Serializer[Escalation]):
    """People are asked for help, until one of them takes it."""

    id = serializers.UUIDField()
    created_at = serializers.DateTimeField()
    policy_id = serializers.UUIDField(allow_null=True)
    policy_name = serializers.CharField()
    call_id = serializers.UUIDField(allow_null=True)
    caller_number = serializers.CharField()
    summary = serializers.CharField()
    requested_by = serializers.CharField()
    key = serializers.CharField()
    state = serializers.ChoiceField(RunState.choices)
    tier = serializers.IntegerField(help_text="The tier that is asked, or was last")
    tier_until = serializers.DateTimeField(allow_null=True, help_text="When the next one is asked")
    accepted_by_id = serializers.UUIDField(allow_null=True)
    accepted_name = serializers.CharField()
    accepted_at = serializers.DateTimeField(allow_null=True)
    ended_at = serializers.DateTimeField(allow_null=True)


class EscalationAskSerializer(serializers.Serializer[Any]):
    """Somebody who is asked in a tier."""

    tier = serializers.IntegerField()
    person_id = serializers.UUIDField(allow_null=True)
    name = serializers.CharField()
    number = serializers.CharField()
    state = serializers.ChoiceField(AskState.choices)
    outbound_call_id = serializers.UUIDField(source="order_id", allow_null=True)
    text_message_id = serializers.UUIDField(source="text_id", allow_null=True)
    asked_at = serializers.DateTimeField(allow_null=True)
    told_at = serializers.DateTimeField(allow_null=True, help_text="When a text said how it ended")


class EscalationStepSerializer(serializers.Serializer[Any]):
    """A line of the timeline."""

    at = serializers.DateTimeField()
    kind = serializers.ChoiceField(StepKind.choices)
    words = serializers.CharField()
    person_id = serializers.UUIDField(allow_null=True)


class EscalationDetailSerializer(EscalationSerializer):
    """An escalation with everybody who is asked, and all that happened."""

    asks = EscalationAskSerializer(many=True)
    steps = EscalationStepSerializer(many=True)
