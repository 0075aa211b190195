"""When somebody is there, and where calls to a number lead."""

from __future__ import annotations

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower

from agents.enums import RouteAction
from agents.models.agents import Agent, AgentVersion
from callsphere.lib.e164 import WHOLE_E164
from tenants.models import VersionedOwned, one_line
from trunks.models import PhoneNumber

MOST_CALLS = 1_000
WHENS = ("closed", "overflow", "fallback")
"""When a call is not for the agent: out of hours, too many calls at once, the agent cannot be reached."""


class BusinessHours(VersionedOwned):
    """Opening times that routes and agents look at.

    `weekly` is a list of {"day": "monday", "opens": "09:00", "closes": "17:00"}, `holidays` one of
    {"date": "2027-01-01", "name": "New Year's Day", "opens": null, "closes": null}: without times, closed.
    """

    name = models.CharField(max_length=100, validators=[one_line])
    time_zone = models.CharField(max_length=64, help_text="IANA name, such as America/New_York")
    weekly = models.JSONField(default=list, blank=True)
    holidays = models.JSONField(default=list, blank=True)

    class Meta:
        verbose_name = "business hours"
        verbose_name_plural = "business hours"
        ordering = ["-created_at", "-id"]
        constraints = [
            models.UniqueConstraint(
                "tenant",
                Lower("name"),
                name="business_hours_name_once",
                violation_error_message="You have business hours of this name.",
            ),
            models.CheckConstraint(condition=~Q(time_zone=""), name="business_hours_zone_given"),
        ]

    def __str__(self) -> str:
        return self.name


def _whole(when: str) -> models.CheckConstraint:
    """A number belongs to calling a person, an agent to another agent, and nothing to the rest."""
    action, number, agent = f"{when}_action", f"{when}_number", f"{when}_agent"
    rest = [RouteAction.VOICEMAIL, RouteAction.HANG_UP]
    return models.CheckConstraint(
        condition=Q(**{f"{action}__in": rest, number: "", agent: None})
        | Q(**{action: RouteAction.HUMAN, f"{number}__regex": WHOLE_E164, agent: None})
        | Q(**{action: RouteAction.AGENT, number: "", f"{agent}__isnull": False}),
        name=f"number_route_{when}_whole",
    )


class NumberRoute(VersionedOwned):
    """Where calls to a number lead: to an agent, as its published version or as one that is pinned."""

    phone_number = models.ForeignKey(PhoneNumber, on_delete=models.CASCADE, related_name="routes")
    agent = models.ForeignKey(Agent, on_delete=models.PROTECT, related_name="routes")
    pinned = models.ForeignKey(
        AgentVersion,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        help_text="None: whichever version is published",
    )
    hours = models.ForeignKey(
        BusinessHours, null=True, blank=True, on_delete=models.PROTECT, related_name="routes"
    )
    most_calls = models.PositiveSmallIntegerField(
        "calls at a time",
        null=True,
        blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(MOST_CALLS)],
    )
    closed_action = models.CharField(max_length=16, choices=RouteAction, default=RouteAction.VOICEMAIL)
    closed_number = models.CharField(max_length=16, blank=True)
    closed_agent = models.ForeignKey(Agent, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    overflow_action = models.CharField(max_length=16, choices=RouteAction, default=RouteAction.VOICEMAIL)
    overflow_number = models.CharField(max_length=16, blank=True)
    overflow_agent = models.ForeignKey(
        Agent, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    fallback_action = models.CharField(max_length=16, choices=RouteAction, default=RouteAction.VOICEMAIL)
    fallback_number = models.CharField(max_length=16, blank=True)
    fallback_agent = models.ForeignKey(
        Agent, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )

    class Meta:
        ordering = ["-created_at", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "phone_number"],
                name="number_route_once",
                violation_error_message="Calls to this number are routed already. Change that route.",
            ),
            *map(_whole, WHENS),
            models.CheckConstraint(
                condition=Q(fallback_agent=None) | ~Q(fallback_agent=F("agent")),
                name="number_route_fallback_other",
                violation_error_message="Choose another agent: this one is what cannot be reached.",
            ),
            models.CheckConstraint(
                condition=Q(most_calls=None) | Q(most_calls__range=(1, MOST_CALLS)),
                name="number_route_most_calls",
            ),
        ]

    def __str__(self) -> str:
        return str(self.phone_number)
