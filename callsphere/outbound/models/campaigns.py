"""Many people to be called about the same, within hours at which they may be."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q

from agents.models import Agent, AgentVersion
from callsphere.calls.enums import CallOutcome
from callsphere.lib.e164 import WHOLE_E164
from callsphere.outbound.enums import CampaignState, ContactState, MachineAction
from tenants.models import Tenant, TenantOwned, VersionedOwned, one_line
from trunks.models import PhoneNumber
from trunks.models.numbers import LONGEST_ERROR

LONGEST_BRIEF = 2_000
LONGEST_MACHINE_MESSAGE = 500
LONGEST_NAME = 100
MOST_AT_ONCE = 100
MOST_ATTEMPTS = 10
LONGEST_PAUSE_MINUTES = 7 * 24 * 60
_WAITING = Q(state=ContactState.WAITING)


def _within(most: int) -> list[MinValueValidator | MaxValueValidator]:
    return [MinValueValidator(1), MaxValueValidator(most)]


class Campaign(VersionedOwned):
    """People to be called, by which agent, when and how often.

    `brief` may name what is known of a contact: {name}, and the columns of the file that they came with.
    `windows` is a list of {"day": "monday", "opens": "09:00", "closes": "17:00"}, by the clocks of whoever is
    called. `agent_version` is taken when it starts. `error` says why it was paused, where that was nobody's
    wish. `dialled_at`: campaigns take turns.
    """

    name = models.CharField(max_length=LONGEST_NAME, validators=[one_line])
    agent = models.ForeignKey(Agent, on_delete=models.PROTECT, related_name="+")
    agent_version = models.ForeignKey(
        AgentVersion, null=True, blank=True, editable=False, on_delete=models.PROTECT, related_name="+"
    )
    phone_number = models.ForeignKey(
        PhoneNumber, null=True, on_delete=models.SET_NULL, related_name="+", verbose_name="number shown"
    )
    brief = models.TextField(max_length=LONGEST_BRIEF, blank=True)
    windows = models.JSONField(default=list, blank=True)
    most_at_once = models.PositiveSmallIntegerField(
        "calls at a time", default=5, validators=_within(MOST_AT_ONCE)
    )
    most_attempts = models.PositiveSmallIntegerField(
        "attempts for each contact", default=3, validators=_within(MOST_ATTEMPTS)
    )
    pause_minutes = models.PositiveIntegerField(
        "minutes between attempts", default=60, validators=_within(LONGEST_PAUSE_MINUTES)
    )
    machine_action = models.CharField(
        "answering machines", max_length=16, choices=MachineAction, default=MachineAction.HANG_UP
    )
    machine_message = models.TextField(max_length=LONGEST_MACHINE_MESSAGE, blank=True)
    state = models.CharField(
        max_length=16, choices=CampaignState, default=CampaignState.DRAFT, editable=False
    )
    error = models.CharField(max_length=LONGEST_ERROR, blank=True, editable=False)
    dialled_at = models.DateTimeField(null=True, editable=False)
    started_at = models.DateTimeField(null=True, editable=False)
    ended_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        ordering = ["-created_at", "-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=CampaignState.values, machine_action__in=MachineAction.values),
                name="campaign_words_known",
            ),
            models.CheckConstraint(
                condition=Q(
                    most_at_once__range=(1, MOST_AT_ONCE),
                    most_attempts__range=(1, MOST_ATTEMPTS),
                    pause_minutes__range=(1, LONGEST_PAUSE_MINUTES),
                ),
                name="campaign_figures_within",
            ),
            models.CheckConstraint(
                condition=Q(state=CampaignState.DRAFT, agent_version=None)
                | ~Q(state=CampaignState.DRAFT) & Q(agent_version__isnull=False),
                name="campaign_version_when_started",
            ),
            models.CheckConstraint(
                condition=~Q(machine_action=MachineAction.LEAVE_MESSAGE) | ~Q(machine_message=""),
                name="campaign_message_given",
                violation_error_message="Write what is to be said to the machine.",
            ),
        ]
        indexes = [
            models.Index(F("tenant"), F("created_at").desc(), F("id").desc(), name="campaign_newest"),
            models.Index(
                fields=["tenant"], condition=Q(state=CampaignState.RUNNING), name="campaign_running"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class CampaignContact(TenantOwned):
    """Somebody whom a campaign is to call. `columns` has what else their line of the file said, by column.

    They may be called at hours that the campaign's windows allow in all of `time_zones`: a number alone may
    be of several. While they wait, `due_at` is when they are called next, and not before `earliest_at`: the
    pause after an attempt. `attempts` counts calls that the provider took.
    """

    tenant = models.ForeignKey(
        Tenant, on_delete=models.CASCADE, related_name="+", editable=False, db_index=False
    )
    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="contacts", db_index=False)
    number = models.CharField(max_length=16)
    name = models.CharField(max_length=LONGEST_NAME, blank=True)
    columns = models.JSONField(default=dict, blank=True)
    time_zones = ArrayField(models.CharField(max_length=64))
    state = models.CharField(max_length=16, choices=ContactState, default=ContactState.WAITING)
    attempts = models.PositiveSmallIntegerField(default=0)
    due_at = models.DateTimeField("next call", null=True, blank=True)
    earliest_at = models.DateTimeField(null=True, blank=True, editable=False)
    called_at = models.DateTimeField("called last", null=True, blank=True)
    outcome = models.CharField(max_length=16, choices=CallOutcome, blank=True)
    error = models.CharField(max_length=LONGEST_ERROR, blank=True)
    error_code = models.CharField(max_length=48, blank=True)

    class Meta:
        verbose_name = "contact"
        ordering = ["-created_at", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "campaign", "number"],
                name="campaign_contact_once",
                violation_error_message="This campaign has a contact with this number.",
            ),
            models.CheckConstraint(condition=Q(number__regex=WHOLE_E164), name="campaign_contact_e164"),
            models.CheckConstraint(
                condition=Q(state__in=ContactState.values, outcome__in=["", *CallOutcome.values]),
                name="campaign_contact_words_known",
            ),
            models.CheckConstraint(
                condition=_WAITING & Q(due_at__isnull=False) | ~_WAITING & Q(due_at=None),
                name="campaign_contact_due_while_waiting",
            ),
            models.CheckConstraint(condition=Q(time_zones__len__gte=1), name="campaign_contact_zone_known"),
        ]
        indexes = [
            models.Index(
                F("tenant"),
                F("campaign"),
                F("created_at").desc(),
                F("id").desc(),
                name="campaign_contact_newest",
            ),
            models.Index(
                fields=["tenant", "campaign", "due_at", "id"], condition=_WAITING, name="campaign_contact_due"
            ),
            models.Index(fields=["tenant", "campaign", "state"], name="campaign_contact_state"),
        ]

    def __str__(self) -> str:
        return self.number
