"""Escalations: one for each trigger, with everybody who is to be asked and a line for all that happened."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from callsphere.calls.models import Call, TextMessage
from callsphere.escalations.enums import LIVE_ASKS, AskState, RunState, StepKind
from callsphere.escalations.models.people import LONGEST_NAME, EscalationPolicy, OnCallPerson
from callsphere.lib.e164 import WHOLE_E164
from callsphere.outbound.models import OutboundCall
from tenants.models import TenantOwned
from trunks.models import PhoneNumber

LONGEST_SUMMARY = 1_000
LONGEST_KEY = 120
LONGEST_WORDS = 600


class Escalation(TenantOwned):
    """People are asked for help, until one of them takes it. Whoever changes one locks its row first.

    What the policy said is copied at the start: later edits change nothing. `key` is the trigger's: one
    trigger starts one run. `tier` is the one that is asked, until `tier_until`. `due_at` is when a worker is
    to go on with it; all that it does is in the database, in one transaction, so that nothing is half done
    when a worker dies. Times are the database's.
    """

    policy = models.ForeignKey(
        EscalationPolicy, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    policy_name = models.CharField(max_length=LONGEST_NAME)
    phone_number = models.ForeignKey(PhoneNumber, null=True, on_delete=models.SET_NULL, related_name="+")
    call = models.ForeignKey(Call, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    caller_number = models.CharField(max_length=16, blank=True)
    summary = models.TextField(max_length=LONGEST_SUMMARY)
    requested_by = models.CharField(max_length=254, blank=True)
    key = models.CharField(max_length=LONGEST_KEY)
    tier_s = models.PositiveSmallIntegerField("seconds per tier")
    takes_voicemail = models.BooleanField(default=False)
    state = models.CharField(max_length=16, choices=RunState, default=RunState.RINGING)
    tier = models.PositiveSmallIntegerField(default=0)
    tier_until = models.DateTimeField(null=True)
    accepted_by = models.ForeignKey(
        OnCallPerson, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    accepted_name = models.CharField(max_length=LONGEST_NAME, blank=True)
    accepted_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True, help_text="When nobody was asked any more")
    due_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-created_at", "-id"]
        constraints = [
            models.UniqueConstraint(fields=["tenant", "key"], name="escalation_once_a_trigger"),
            models.CheckConstraint(condition=Q(state__in=RunState.values), name="escalation_words_known"),
            models.CheckConstraint(
                condition=Q(state=RunState.ACCEPTED, accepted_at__isnull=False) & ~Q(accepted_name="")
                | ~Q(state=RunState.ACCEPTED) & Q(accepted_at=None, accepted_by=None, accepted_name=""),
                name="escalation_accepted_whole",
            ),
            models.CheckConstraint(
                condition=Q(
                    state=RunState.RINGING,
                    tier__gte=1,
                    tier_until__isnull=False,
                    due_at__isnull=False,
                    ended_at=None,
                )
                | ~Q(state=RunState.RINGING) & Q(ended_at__isnull=False),
                name="escalation_rings_until",
            ),
        ]
        indexes = [
            models.Index(F("tenant"), F("created_at").desc(), F("id").desc(), name="escalation_newest"),
            models.Index(fields=["due_at"], condition=Q(due_at__isnull=False), name="escalation_due"),
        ]

    def __str__(self) -> str:
        return f"escalation of {self.created_at:%Y-%m-%d %H:%M} UTC"


class EscalationAsk(TenantOwned):
    """Somebody who is asked in a tier, with the name and number that they had when the escalation started.

    `told_at` is when they were told how it ended: once, also where they are in several tiers.
    """

    escalation = models.ForeignKey(Escalation, on_delete=models.CASCADE, related_name="asks")
    tier = models.PositiveSmallIntegerField()
    position = models.PositiveSmallIntegerField()
    person = models.ForeignKey(OnCallPerson, null=True, on_delete=models.SET_NULL, related_name="+")
    name = models.CharField(max_length=LONGEST_NAME)
    number = models.CharField(max_length=16)
    takes_texts = models.BooleanField()
    state = models.CharField(max_length=16, choices=AskState, default=AskState.PLANNED)
    order = models.ForeignKey(OutboundCall, null=True, on_delete=models.SET_NULL, related_name="+")
    text = models.ForeignKey(TextMessage, null=True, on_delete=models.SET_NULL, related_name="+")
    asked_at = models.DateTimeField(null=True)
    told_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = "person asked"
        verbose_name_plural = "people asked"
        ordering = ["tier", "position"]
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "escalation", "tier", "number"], name="escalation_ask_once_a_tier"
            ),
            models.UniqueConstraint(
                fields=["tenant", "escalation"],
                condition=Q(state=AskState.ACCEPTED),
                name="escalation_accepted_once",
            ),
            models.UniqueConstraint(
                fields=["tenant", "escalation", "number"],
                condition=Q(told_at__isnull=False),
                name="escalation_told_once",
            ),
            models.CheckConstraint(
                condition=Q(state__in=AskState.values, number__regex=WHOLE_E164), name="escalation_ask_known"
            ),
            models.CheckConstraint(
                condition=Q(state=AskState.PLANNED, asked_at=None)
                | Q(state=AskState.WITHDRAWN)
                | ~Q(state__in=[AskState.PLANNED, AskState.WITHDRAWN]) & Q(asked_at__isnull=False),
                name="escalation_ask_asked",
            ),
        ]
        indexes = [
            models.Index(fields=["order"], condition=Q(state__in=LIVE_ASKS), name="escalation_ask_live"),
        ]

    def __str__(self) -> str:
        return f"{self.name}, tier {self.tier}"


class EscalationStep(TenantOwned):
    """One line of what happened in an escalation; `number` counts them."""

    escalation = models.ForeignKey(Escalation, on_delete=models.CASCADE, related_name="steps")
    number = models.PositiveIntegerField()
    at = models.DateTimeField()
    kind = models.CharField(max_length=16, choices=StepKind)
    words = models.CharField(max_length=LONGEST_WORDS)
    person = models.ForeignKey(OnCallPerson, null=True, on_delete=models.SET_NULL, related_name="+")

    class Meta:
        ordering = ["number"]
        constraints = [
            models.UniqueConstraint(fields=["tenant", "escalation", "number"], name="escalation_step_once"),
            models.CheckConstraint(condition=Q(kind__in=StepKind.values), name="escalation_step_known"),
        ]

    def __str__(self) -> str:
        return self.words
