"""The support desk: calls that were asked for, campaigns, and numbers not to call, to look at."""

from typing import Any

from django.contrib import admin
from django.urls import reverse

from callsphere.calls.admin import OfTenantAdmin
from callsphere.outbound.models import Campaign, CampaignContact, DoNotCall, OutboundCall
from tenants.admin import admin_link


@admin.register(OutboundCall)
class OutboundCallAdmin(OfTenantAdmin):
    """Calls that were asked for, and what became of them; nothing of what the agent was told."""

    list_display = ("created_at", "tenant_link", "to_number", "state", "outcome", "error_code", "attempts")
    list_filter = ("state", "purpose", "outcome", "created_at")
    list_select_related = ("tenant", "agent", "version")
    search_fields = ("=id", "=to_number", "=call_sid", "=tenant__slug")
    fields = (
        *("created_at", "tenant_link", "purpose", "from_number", "to_number", "agent", "version"),
        *("machine_action", "requested_by", "state", "slot", "due_at", "expires_at", "placed_at", "attempts"),
        *("campaign", "contact", "attempt", "campaign_slot"),
        *(
            "claim",
            "call_link",
            "call_sid",
            "outcome",
            "answered_by",
            "error_code",
            "error",
            "ended_at",
            "id",
        ),
    )
    readonly_fields = fields

    @admin.display(description="call in the log")
    def call_link(self, order: Any) -> str:
        if order.call_id is None:
            return "-"
        return admin_link(reverse("admin:calls_call_change", args=[order.call_id]), str(order.call_id))


@admin.register(DoNotCall)
class DoNotCallAdmin(OfTenantAdmin):
    """Numbers that must not be called, and who said so."""

    list_display = ("created_at", "tenant_link", "number", "reason", "added_by")
    search_fields = ("=id", "=number", "=tenant__slug")
    fields = ("created_at", "tenant_link", "number", "reason", "added_by", "id")
    readonly_fields = fields


@admin.register(Campaign)
class CampaignAdmin(OfTenantAdmin):
    """Campaigns of all tenants, and why they paused."""

    list_display = ("created_at", "tenant_link", "name", "state", "error", "dialled_at", "ended_at")
    list_filter = ("state", "created_at")
    search_fields = ("=id",)
    fields = (
        *("created_at", "tenant_link", "name", "state", "error", "agent", "agent_version", "phone_number"),
        *("windows", "most_at_once", "most_attempts", "pause_minutes", "machine_action", "dialled_at"),
        *("started_at", "ended_at", "version", "id"),
    )
    readonly_fields = fields


@admin.register(CampaignContact)
class CampaignContactAdmin(OfTenantAdmin):
    """Whom campaigns call. What else is known of these people stays with the tenant."""

    list_display = (
        "created_at",
        "tenant_link",
        "campaign",
        "number",
        "state",
        "attempts",
        "due_at",
        "outcome",
    )
    list_filter = ("state", "created_at")
    list_select_related = ("tenant", "campaign")
    search_fields = ("=id", "=campaign__id", "=number")
    fields = (
        *("created_at", "tenant_link", "campaign", "number", "time_zones", "state", "attempts", "due_at"),
        *("earliest_at", "called_at", "outcome", "error_code", "error", "id"),
    )
    readonly_fields = fields
