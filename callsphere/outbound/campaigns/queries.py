"""Reading campaigns. Call these inside the tenant's context."""

from __future__ import annotations

import uuid

from django.db.models import Count, JSONField, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import JSONObject

from callsphere.outbound.enums import ContactState
from callsphere.outbound.models import Campaign, CampaignContact, OutboundCall
from tenants.models import Tenant


def campaigns_of(tenant: Tenant) -> QuerySet[Campaign]:
    """Return the campaigns, the newest first, each with `counts`: contacts by state (None without any)."""
    rows = Campaign.objects.filter(tenant=tenant).select_related("agent_version")
    return rows.annotate(counts=Subquery(_counts(tenant), output_field=JSONField()))


def contacts_of(tenant: Tenant, campaign_id: uuid.UUID) -> QuerySet[CampaignContact]:
    """Return a campaign's contacts, those added last first, each with `last_call_id` in the log."""
    placed = OutboundCall.objects.filter(tenant=tenant, contact=OuterRef("pk"), call__isnull=False)
    last = placed.order_by("-attempt").values("call_id")[:1]
    rows = CampaignContact.objects.filter(tenant=tenant, campaign=campaign_id)
    return rows.annotate(last_call_id=Subquery(last))


def _counts(tenant: Tenant) -> QuerySet[CampaignContact]:
    by_state = {state.value: Count("pk", filter=Q(state=state)) for state in ContactState}
    rows = CampaignContact.objects.filter(tenant=tenant, campaign=OuterRef("pk")).order_by()
    return rows.values("campaign").annotate(counts=JSONObject(**by_state)).values("counts")
