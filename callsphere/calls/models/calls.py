"""Calls as the log shows them, and the legs that they are made of."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from agents.models import Agent, AgentVersion
from callsphere.calls.enums import (
    CallAction,
    CallOutcome,
    CallState,
    Direction,
    EndReason,
    HungUpBy,
    LegKind,
    LegState,
)
from tenants.models import Tenant, TenantOwned
from trunks.models import PhoneNumber, Trunk

LONGEST_ADDRESS = 255
LONGEST_BRIEF = 2_000
NEWEST = F("id").desc(nulls_last=True)
"""The order of the log. There are no nulls, but asked like this, only the indexes of the log give the order:
the primary key does not, along which the planner would walk past every other tenant's calls."""
_OVER = Q(state=CallState.ENDED)


class Call(TenantOwned):
    """A call. What the provider told of it is folded into this row by a worker; `events` has the sources.

    Keys are made of `started_at`, so that the key alone orders calls by time and cuts them into months: no
    constraint of the table lacks it. What is unique otherwise is kept by CallKey. `our_number` and
    `their_number` are E.164 where they are numbers, else SIP addresses. `because` says in words why it
    went where it went, `action` what we told the provider to do last. `sip_code` is the answer of whoever
    was called last, `talked_s` the seconds from answer to end, `verstat` what the carrier found out about the
    caller's number. `answered_by` is what the provider heard at the other end of a call that we placed:
    human, machine_start, fax … or nothing. `brief` is what the agent is told beside its instructions.
    `end_due_at` is when a worker is to end it, `look_due_at` when one is to ask the provider about it.
    """

    created_at = None  # type: ignore[assignment]  # started_at says the same
    tenant = models.ForeignKey(
        Tenant, on_delete=models.CASCADE, related_name="+", editable=False, db_index=False
    )
    direction = models.CharField(max_length=8, choices=Direction)
    call_sid = models.CharField("id at the provider", max_length=34)
    phone_number = models.ForeignKey(
        PhoneNumber, null=True, on_delete=models.SET_NULL, related_name="+", db_index=False
    )
    trunk = models.ForeignKey(Trunk, null=True, on_delete=models.SET_NULL, related_name="+", db_index=False)
    our_number = models.CharField(max_length=LONGEST_ADDRESS, blank=True)
    their_number = models.CharField(max_length=LONGEST_ADDRESS, blank=True)
    agent = models.ForeignKey(Agent, null=True, on_delete=models.PROTECT, related_name="+", db_index=False)
    version = models.ForeignKey(
        AgentVersion, null=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    action = models.CharField(max_length=16, choices=CallAction, blank=True)
    sent_to = models.CharField(max_length=LONGEST_ADDRESS, blank=True, help_text="The person called last")
    because = models.JSONField(default=list, help_text="Why, in sentences")
    state = models.CharField(max_length=16, choices=CallState, default=CallState.RINGING)
    outcome = models.CharField(max_length=16, choices=CallOutcome, blank=True)
    hung_up_by = models.CharField(max_length=8, choices=HungUpBy, blank=True)
    sip_code = models.PositiveSmallIntegerField("SIP code", null=True)
    error_code = models.PositiveIntegerField("error of the provider", null=True)
    cause = models.CharField(max_length=40, blank=True)
    verstat = models.CharField("attestation", max_length=48, blank=True)
    answered_by = models.CharField(max_length=24, blank=True)
    brief = models.TextField(max_length=LONGEST_BRIEF, blank=True)
    started_at = models.DateTimeField()
    answered_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    talked_s = models.PositiveIntegerField("seconds talked", null=True)
    price = models.DecimalField(max_digits=12, decimal_places=5, null=True)
    price_unit = models.CharField(max_length=3, blank=True)
    end_due_at = models.DateTimeField(null=True)
    end_reason = models.CharField(max_length=16, choices=EndReason, blank=True)
    look_due_at = models.DateTimeField(null=True)
    looks = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(
                    direction__in=Direction.values,
                    action__in=["", *CallAction.values],
                    state__in=CallState.values,
                    outcome__in=["", *CallOutcome.values],
                    hung_up_by__in=["", *HungUpBy.values],
                    end_reason__in=["", *EndReason.values],
                ),
                name="call_words_known",
            ),
            models.CheckConstraint(
                condition=_OVER & ~Q(outcome="") & Q(ended_at__isnull=False, end_due_at=None)
                | ~_OVER & Q(outcome="", ended_at=None),
                name="call_ended_whole",
            ),
            models.CheckConstraint(
                condition=Q(version=None) | Q(agent__isnull=False), name="call_version_of_agent"
            ),
        ]
        indexes = [
            # the log, newest first: of all, and by filter
            models.Index(F("tenant"), NEWEST, name="call_of_tenant"),
            models.Index(F("phone_number"), NEWEST, name="call_of_number"),
            models.Index(F("trunk"), NEWEST, name="call_of_trunk"),
            models.Index(F("agent"), NEWEST, name="call_of_agent"),
            models.Index(F("tenant"), F("direction"), NEWEST, name="call_by_direction"),
            models.Index(F("tenant"), F("outcome"), NEWEST, name="call_by_outcome"),
            models.Index(F("tenant"), F("sip_code"), NEWEST, name="call_by_sip_code"),
            models.Index(F("tenant"), F("talked_s"), NEWEST, name="call_by_duration"),
            models.Index(
                fields=["tenant", "their_number"],
                opclasses=["uuid_ops", "text_pattern_ops"],
                name="call_by_their_number",
            ),
            # what goes on, and what a worker has to do
            models.Index(F("tenant"), NEWEST, condition=~_OVER, name="call_live"),
            models.Index(fields=["end_due_at"], condition=Q(end_due_at__isnull=False), name="call_to_end"),
            models.Index(fields=["look_due_at"], condition=Q(look_due_at__isnull=False), name="call_to_look"),
        ]

    def __str__(self) -> str:
        return f"{self.get_direction_display()} call, {self.their_number or 'unknown'}"


class CallKey(TenantOwned):
    """That an id of the provider is a call's, once: what the table of calls, cut by time, cannot promise."""

    created_at = None  # type: ignore[assignment]  # the call says when
    tenant = models.ForeignKey(
        Tenant, on_delete=models.CASCADE, related_name="+", editable=False, db_index=False
    )
    call_sid = models.CharField(max_length=34)
    call = models.ForeignKey(Call, on_delete=models.CASCADE, related_name="keys")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["tenant", "call_sid"], name="call_key_once")]

    def __str__(self) -> str:
        return self.call_sid


class CallLeg(TenantOwned):
    """Somebody who was called within a call: an agent, or a person. `target` has no secrets: it is shown."""

    created_at = None  # type: ignore[assignment]  # started_at says when
    call = models.ForeignKey(Call, on_delete=models.CASCADE, related_name="legs")
    call_sid = models.CharField("id at the provider", max_length=34)
    kind = models.CharField(max_length=8, choices=LegKind)
    target = models.CharField(max_length=LONGEST_ADDRESS, blank=True)
    state = models.CharField(max_length=16, choices=LegState, default=LegState.CALLING)
    sip_code = models.PositiveSmallIntegerField("SIP code", null=True)
    error_code = models.PositiveIntegerField("error of the provider", null=True)
    attestation = models.CharField(max_length=1, blank=True)
    started_at = models.DateTimeField(null=True)
    answered_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["started_at", "id"]
        constraints = [
            models.UniqueConstraint(fields=["tenant", "call", "call_sid"], name="call_leg_once"),
            models.CheckConstraint(
                condition=Q(kind__in=LegKind.values, state__in=LegState.values), name="call_leg_words_known"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.target}".strip()
