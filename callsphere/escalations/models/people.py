"""People on call, and the policies that say who of them is asked when."""

from __future__ import annotations

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower

from agents.models import Agent
from callsphere.lib.e164 import WHOLE_E164
from tenants.models import TenantOwned, VersionedOwned, one_line
from trunks.models import PhoneNumber

LONGEST_NAME = 100
SHORTEST_TIER_S, LONGEST_TIER_S = 30, 900
TIER_S = 120


class OnCallPerson(VersionedOwned):
    """Somebody who can be called for help, at a number (E.164)."""

    name = models.CharField(max_length=LONGEST_NAME, validators=[one_line])
    number = models.CharField(max_length=16)
    takes_texts = models.BooleanField(default=True, help_text="Whether the number is a mobile phone's")

    class Meta:
        verbose_name = "person on call"
        verbose_name_plural = "people on call"
        ordering = ["-created_at", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "number"],
                name="on_call_person_number_once",
                violation_error_message="Somebody on call has this number already.",
            ),
            models.CheckConstraint(condition=Q(number__regex=WHOLE_E164), name="on_call_person_e164"),
        ]

    def __str__(self) -> str:
        return self.name


class EscalationPolicy(VersionedOwned):
    """In which order people are asked: tier after tier, each for `tier_s` seconds.

    `phone_number` is shown to them. `takes_voicemail`: the caller's message is wanted when nobody took it.
    """

    name = models.CharField(max_length=LONGEST_NAME, validators=[one_line])
    phone_number = models.ForeignKey(
        PhoneNumber, null=True, on_delete=models.SET_NULL, related_name="+", verbose_name="number shown"
    )
    tier_s = models.PositiveSmallIntegerField(
        "seconds per tier",
        default=TIER_S,
        validators=[MinValueValidator(SHORTEST_TIER_S), MaxValueValidator(LONGEST_TIER_S)],
    )
    takes_voicemail = models.BooleanField(default=False)

    class Meta:
        verbose_name = "escalation policy"
        verbose_name_plural = "escalation policies"
        ordering = ["-created_at", "-id"]
        constraints = [
            models.UniqueConstraint(
                "tenant",
                Lower("name"),
                name="escalation_policy_name_once",
                violation_error_message="You have an escalation policy of this name.",
            ),
            models.CheckConstraint(
                condition=Q(tier_s__range=(SHORTEST_TIER_S, LONGEST_TIER_S)), name="escalation_policy_tier_s"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class EscalationTier(TenantOwned):
    """People who are asked at once, after those of the tiers before; the first tier is 1."""

    policy = models.ForeignKey(EscalationPolicy, on_delete=models.CASCADE, related_name="tiers")
    position = models.PositiveSmallIntegerField()

    class Meta:
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(fields=["tenant", "policy", "position"], name="escalation_tier_once"),
            models.CheckConstraint(condition=Q(position__gte=1), name="escalation_tier_position"),
        ]

    def __str__(self) -> str:
        return f"tier {self.position}"


class TierPerson(TenantOwned):
    """Somebody in a tier; who is first in it is called first."""

    tier = models.ForeignKey(EscalationTier, on_delete=models.CASCADE, related_name="people")
    person = models.ForeignKey(OnCallPerson, on_delete=models.PROTECT, related_name="tiers")
    position = models.PositiveSmallIntegerField()

    class Meta:
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(fields=["tenant", "tier", "person"], name="escalation_tier_person_once"),
            models.UniqueConstraint(fields=["tenant", "tier", "position"], name="escalation_tier_place_once"),
        ]

    def __str__(self) -> str:
        return f"{self.person}, place {self.position}"


class EscalationAgent(TenantOwned):
    """An agent whose tool `escalate` starts the policy: one policy for each agent."""

    policy = models.ForeignKey(EscalationPolicy, on_delete=models.CASCADE, related_name="agents")
    agent = models.ForeignKey(Agent, on_delete=models.CASCADE, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "agent"],
                name="escalation_agent_once",
                violation_error_message="Another policy serves this agent.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.agent} by {self.policy}"
