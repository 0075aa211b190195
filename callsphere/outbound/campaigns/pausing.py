"""Campaigns that pause by themselves: what stops one call would stop them all."""

from __future__ import annotations

import uuid
from datetime import datetime

from callsphere.outbound.enums import CampaignState
from callsphere.outbound.models import Campaign
from tenants.audit import Actor, record_events
from trunks.models.numbers import LONGEST_ERROR

_ACTOR = Actor.system("campaigns")


def pause_by_itself(campaign_id: uuid.UUID, why: str, now: datetime) -> None:
    """Pause a campaign if it runs, and say why, also in the tenant's audit log."""
    rows = Campaign.objects.select_for_update(no_key=True)
    campaign = rows.filter(pk=campaign_id, state=CampaignState.RUNNING).first()
    if campaign is None:
        return
    campaign.state, campaign.error, campaign.version = (
        CampaignState.PAUSED,
        why[:LONGEST_ERROR],
        campaign.version + 1,
    )
    campaign.save(update_fields=["state", "error", "version", "updated_at"])
    record_events(actor=_ACTOR, verb="campaign.paused", objects=[campaign], reasons={campaign.pk: why})
