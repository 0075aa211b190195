"""Whom campaigns call next. Call this in the platform's context, with the tenant's Dialler locked.

Campaigns take turns. A campaign is locked while one of its contacts is taken, so that none is called any more
once somebody has paused it.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db.models import Exists, F, OuterRef, QuerySet

from callsphere.outbound.campaigns.briefs import fill_in
from callsphere.outbound.campaigns.pausing import pause_by_itself
from callsphere.outbound.campaigns.windows import next_open
from callsphere.outbound.enums import CampaignState, ContactState, OrderState, Purpose
from callsphere.outbound.models import Campaign, CampaignContact, DoNotCall, OutboundCall
from tenants.models import Tenant
from trunks.enums import NumberState

MOST_PASSED_OVER = 100
"""Contacts of a campaign who are found not to be called, of one claim: the next claim goes on."""
_NEVER_ALLOWED = "The campaign's hours allow no moment in all time zones that this number may be in."
_NUMBER_GONE = "Paused, since the number shown takes no calls any more: choose another."
_AGENT_GONE = "Paused, since the agent was deleted. Cancel the campaign, and make one with another agent."


def due_contacts(now: datetime) -> QuerySet[CampaignContact]:
    """Return contacts whom some campaign may call now, of the tenant of an outer query."""
    return CampaignContact.objects.filter(
        tenant=OuterRef("tenant"),
        campaign__state=CampaignState.RUNNING,
        state=ContactState.WAITING,
        due_at__lte=now,
    )


def take_contact(tenant: Tenant, slot: int, now: datetime, lease: timedelta) -> OutboundCall | None:
    """Return a call that is being placed for the next contact of the campaign whose turn it is.

    `slot` is free among the tenant's. None where nobody is to be called now.
    """
    running = Campaign.objects.filter(tenant=tenant, state=CampaignState.RUNNING)
    due = CampaignContact.objects.filter(campaign=OuterRef("pk"), state=ContactState.WAITING, due_at__lte=now)
    turn = running.filter(Exists(due)).order_by(F("dialled_at").asc(nulls_first=True), "id")
    # whoever holds one pauses it, or adds contacts: it is dialled in a second
    locked = turn.select_for_update(of=("self",), skip_locked=True, no_key=True)
    for campaign in locked.select_related("phone_number", "agent", "agent_version"):
        order = _take_of(campaign, slot, now, lease)
        if order is not None:
            return order
    return None


def _take_of(campaign: Campaign, slot: int, now: datetime, lease: timedelta) -> OutboundCall | None:
    number = campaign.phone_number
    if number is None or number.state != NumberState.ACTIVE or campaign.agent.deleted_at is not None:
        pause_by_itself(campaign.pk, _AGENT_GONE if campaign.agent.deleted_at else _NUMBER_GONE, now)
        return None
    campaign_slot = _free_slot(campaign)
    contact = _next_contact(campaign, now) if campaign_slot else None
    if contact is None:
        return None
    contact.state, contact.due_at, contact.attempts = ContactState.CALLING, None, contact.attempts + 1
    contact.save(update_fields=["state", "due_at", "attempts"])
    Campaign.objects.filter(pk=campaign.pk).update(dialled_at=now)
    order = _order(campaign, contact, now)
    order.slot, order.campaign_slot, order.due_at = slot, campaign_slot, now + lease
    order.save(force_insert=True)
    return order


def _free_slot(campaign: Campaign) -> int | None:
    """Return a slot that no call of the campaign's has; None where as many are under way as may be."""
    live = OutboundCall.objects.filter(tenant=campaign.tenant_id, campaign=campaign)
    taken = set(live.filter(campaign_slot__isnull=False).values_list("campaign_slot", flat=True))
    if len(taken) >= campaign.most_at_once:
        return None
    return next(slot for slot in range(1, campaign.most_at_once + 1) if slot not in taken)


def _next_contact(campaign: Campaign, now: datetime) -> CampaignContact | None:
    due = CampaignContact.objects.filter(
        tenant=campaign.tenant_id, campaign=campaign, state=ContactState.WAITING, due_at__lte=now
    )
    for _ in range(MOST_PASSED_OVER):
        contact = due.select_for_update(no_key=True).order_by("due_at", "id").first()
        if contact is None or _may_call(campaign, contact, due, now):
            return contact
    return None


def _may_call(
    campaign: Campaign, contact: CampaignContact, due: QuerySet[CampaignContact], now: datetime
) -> bool:
    """Say whether a contact may be called now; where not, they are not due any more."""
    if DoNotCall.objects.filter(tenant=campaign.tenant_id, number=contact.number).exists():
        contact.state, contact.due_at = ContactState.DO_NOT_CALL, None
        contact.save(update_fields=["state", "due_at"])
        return False
    opens = next_open(campaign.windows, contact.time_zones, now)
    if opens == now:
        return True
    alike = due.filter(time_zones=contact.time_zones)  # the others there are not looked at one by one
    if opens is None:
        alike.update(
            state=ContactState.REFUSED, due_at=None, error=_NEVER_ALLOWED, error_code="never_allowed"
        )
    else:
        alike.update(due_at=opens)
    return False


def _order(campaign: Campaign, contact: CampaignContact, now: datetime) -> OutboundCall:
    number = campaign.phone_number
    return OutboundCall(
        tenant_id=campaign.tenant_id,
        purpose=Purpose.AGENT,
        campaign=campaign,
        contact=contact,
        attempt=contact.attempts,
        phone_number=number,
        from_number=number.number if number else "",
        to_number=contact.number,
        agent_id=campaign.agent_id,
        version=campaign.agent_version,
        brief=fill_in(campaign.brief, contact.name, contact.columns),
        machine_action=campaign.machine_action,
        machine_message=campaign.machine_message,
        requested_by=f"The campaign “{campaign.name}”",
        state=OrderState.PLACING,
        claim=1,
        attempts=1,
        placed_at=now,
        expires_at=now,
    )
