"""Ending campaigns that have nobody left to call."""

from __future__ import annotations

from django.db.models import Exists, F, OuterRef

from callsphere.outbound.enums import OPEN_CONTACTS, CampaignState
from callsphere.outbound.models import Campaign, CampaignContact
from tenants.audit import Actor, record_events
from tenants.clock import database_now
from tenants.context import platform_context

BATCH = 50


def finish_campaigns() -> int:
    """Finish running campaigns that have nobody left to call; return how many. Any worker may do so.

    Contacts are added with the campaign locked: none is added to one that is being finished.
    """
    now = database_now()
    with platform_context("finish campaigns"):
        left = CampaignContact.objects.filter(campaign=OuterRef("pk"), state__in=OPEN_CONTACTS)
        running = Campaign.objects.filter(state=CampaignState.RUNNING)
        done = running.filter(~Exists(left)).values_list("pk", flat=True)[:BATCH]
        locked = running.filter(pk__in=list(done)).select_for_update(skip_locked=True, no_key=True)
        ids = [campaign.pk for campaign in locked]
        # looked at again, now that nobody adds any
        over = list(Campaign.objects.filter(~Exists(left), pk__in=ids))
        Campaign.objects.filter(pk__in=[campaign.pk for campaign in over]).update(
            state=CampaignState.FINISHED, ended_at=now, version=F("version") + 1, updated_at=now
        )
        record_events(actor=Actor.system("campaigns"), verb="campaign.finished", objects=over)
    return len(over)
