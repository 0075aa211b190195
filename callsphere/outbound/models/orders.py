"""Calls that were asked for."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from agents.models import Agent, AgentVersion
from callsphere.calls.enums import CallOutcome
from callsphere.calls.models import Call
from callsphere.lib.e164 import WHOLE_E164
from callsphere.outbound.enums import LIVE_STATES, MachineAction, OrderState, Purpose
from callsphere.outbound.models.campaigns import Campaign, CampaignContact
from tenants.models import TenantOwned
from trunks.models import PhoneNumber
from trunks.models.numbers import Lent

LONGEST_BRIEF = 2_000
LONGEST_MACHINE_MESSAGE = 500
MOST_AT_ONCE = 100
_LIVE = Q(state__in=LIVE_STATES)
_TAKES_SLOT = ~Q(purpose=Purpose.ON_CALL)
_OF_CAMPAIGN = Q(campaign__isnull=False)
_NEVER_RANG = Q(state__in=[OrderState.FAILED, OrderState.CANCELED])
_DUE = Q(state__in=[OrderState.WAITING, OrderState.PLACING, OrderState.LOST])


class OutboundCall(Lent, TenantOwned):
    """A call that was asked for: placed once, by one worker, as soon as there is room.

    `due_at` is when it is to be placed; while it is PLACING, when that lease ends; while it is LOST, when it
    is looked for at the provider next. It is not placed after `expires_at`. While it is live it has a `slot`
    of the tenant's, each of which is taken by one call: no more are under way than there are slots, whoever
    claims. Calls to people on call take none: they are never kept waiting. `claim` is part of the addresses
    that the provider asks, so that what an earlier try did is told from what this one did. `brief` is what
    the agent is told about this call.

    A call of a campaign is one attempt to reach one contact. It is never WAITING: what cannot be placed at
    once is given up, and the contact waits instead. While it is live it has one of the campaign's slots too.
    """

    phone_number = models.ForeignKey(
        PhoneNumber, null=True, on_delete=models.SET_NULL, related_name="+", verbose_name="number shown"
    )
    from_number = models.CharField("from", max_length=16)
    to_number = models.CharField("to", max_length=16)
    purpose = models.CharField(max_length=8, choices=Purpose, default=Purpose.AGENT)
    agent = models.ForeignKey(Agent, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    version = models.ForeignKey(
        AgentVersion, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    brief = models.TextField(max_length=LONGEST_BRIEF, blank=True)
    machine_action = models.CharField(
        "answering machines", max_length=16, choices=MachineAction, default=MachineAction.GO_ON
    )
    machine_message = models.TextField(max_length=LONGEST_MACHINE_MESSAGE, blank=True)
    requested_by = models.CharField(max_length=254, blank=True)
    state = models.CharField(max_length=16, choices=OrderState, default=OrderState.WAITING)
    expires_at = models.DateTimeField()
    slot = models.PositiveSmallIntegerField(null=True, blank=True, editable=False)
    placed_at = models.DateTimeField(null=True, blank=True, help_text="When the provider was asked last")
    call = models.ForeignKey(Call, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    call_sid = models.CharField("id at the provider", max_length=34, blank=True)
    outcome = models.CharField(max_length=16, choices=CallOutcome, blank=True)
    answered_by = models.CharField(max_length=24, blank=True, help_text="human, machine_start, fax …")
    ended_at = models.DateTimeField(null=True, blank=True)
    campaign = models.ForeignKey(
        Campaign, null=True, blank=True, editable=False, on_delete=models.SET_NULL, related_name="+"
    )
    contact = models.ForeignKey(
        CampaignContact,
        null=True,
        blank=True,
        editable=False,
        on_delete=models.SET_NULL,
        related_name="calls",
    )
    attempt = models.PositiveSmallIntegerField(null=True, blank=True, editable=False)
    campaign_slot = models.PositiveSmallIntegerField(null=True, blank=True, editable=False)

    class Meta:
        verbose_name = "outbound call"
        ordering = ["-created_at", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "slot"], condition=Q(slot__isnull=False), name="outbound_call_slot_once"
            ),
            models.UniqueConstraint(
                fields=["tenant", "call_sid"], condition=~Q(call_sid=""), name="outbound_call_sid_once"
            ),
            models.CheckConstraint(
                condition=Q(
                    state__in=OrderState.values,
                    purpose__in=Purpose.values,
                    machine_action__in=MachineAction.values,
                    outcome__in=["", *CallOutcome.values],
                ),
                name="outbound_call_words_known",
            ),
            models.CheckConstraint(
                condition=Q(purpose=Purpose.AGENT, agent__isnull=False, version__isnull=False)
                | Q(purpose=Purpose.ON_CALL, agent=None, version=None),
                name="outbound_call_purpose_whole",
            ),
            models.CheckConstraint(
                condition=Q(from_number__regex=WHOLE_E164, to_number__regex=WHOLE_E164),
                name="outbound_call_e164",
            ),
            models.CheckConstraint(
                condition=_LIVE & _TAKES_SLOT & Q(slot__isnull=False, slot__range=(1, MOST_AT_ONCE))
                | ~(_LIVE & _TAKES_SLOT) & Q(slot=None),
                name="outbound_call_slot_while_live",
            ),
            models.CheckConstraint(
                condition=_DUE & Q(due_at__isnull=False) | ~_DUE & Q(due_at=None),
                name="outbound_call_due_until_placed",
            ),
            models.CheckConstraint(
                condition=~Q(state=OrderState.PLACED) | ~Q(call_sid=""), name="outbound_call_placed_whole"
            ),
            models.UniqueConstraint(
                fields=["tenant", "campaign", "campaign_slot"],
                condition=Q(campaign_slot__isnull=False),
                name="outbound_call_campaign_slot_once",
            ),
            # nobody is called twice for one attempt
            models.UniqueConstraint(
                fields=["tenant", "contact", "attempt"],
                condition=Q(contact__isnull=False) & ~_NEVER_RANG,
                name="outbound_call_attempt_once",
            ),
            models.CheckConstraint(
                condition=_OF_CAMPAIGN & Q(contact__isnull=False, attempt__isnull=False, attempt__gte=1)
                | Q(campaign=None, contact=None, attempt=None),
                name="outbound_call_campaign_whole",
            ),
            models.CheckConstraint(
                condition=_OF_CAMPAIGN
                & _LIVE
                & Q(campaign_slot__range=(1, MOST_AT_ONCE))
                & Q(campaign_slot__isnull=False)
                | ~(_OF_CAMPAIGN & _LIVE) & Q(campaign_slot=None),
                name="outbound_call_campaign_slot_while_live",
            ),
            models.CheckConstraint(
                condition=Q(campaign=None) | ~Q(state=OrderState.WAITING),
                name="outbound_call_campaign_never_waits",
            ),
        ]
        indexes = [
            models.Index(F("tenant"), F("created_at").desc(), F("id").desc(), name="outbound_call_newest"),
            models.Index(fields=["due_at"], condition=Q(due_at__isnull=False), name="outbound_call_due"),
            models.Index(
                fields=["tenant"], condition=Q(state=OrderState.PLACED), name="outbound_call_under_way"
            ),
            models.Index(fields=["tenant", "to_number"], name="outbound_call_to"),
        ]

    def __str__(self) -> str:
        return f"call of {self.created_at:%Y-%m-%d %H:%M} UTC"
