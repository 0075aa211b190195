"""The support desk: who is on call, and escalations. What they are about is the tenant's alone."""

from typing import Any

from django.contrib import admin

from callsphere.calls.admin import OfTenantAdmin
from callsphere.escalations.models import Escalation, EscalationAsk, EscalationPolicy, OnCallPerson
from tenants.admin.base import ReadOnlyInline


@admin.register(OnCallPerson)
class OnCallPersonAdmin(OfTenantAdmin):
    """People on call. Their numbers are their own."""

    list_display = ("created_at", "tenant_link", "name", "takes_texts")
    fields = ("created_at", "tenant_link", "name", "takes_texts", "id")
    search_fields = ("=id",)
    readonly_fields = fields


@admin.register(EscalationPolicy)
class EscalationPolicyAdmin(OfTenantAdmin):
    """Policies."""

    list_display = ("created_at", "tenant_link", "name", "phone_number_id", "tier_s", "takes_voicemail")
    fields = ("created_at", "tenant_link", "name", "phone_number_id", "tier_s", "takes_voicemail", "id")
    search_fields = ("=id",)
    readonly_fields = fields


class EscalationAskInline(ReadOnlyInline):
    """Who was asked."""

    model = EscalationAsk
    fields = ("tier", "position", "state", "asked_at", "told_at", "order_id", "text_id")
    readonly_fields: Any = fields


@admin.register(Escalation)
class EscalationAdmin(OfTenantAdmin):
    """Escalations, and how they ended."""

    list_display = ("created_at", "tenant_link", "policy_name", "state", "tier", "tier_until", "ended_at")
    list_filter = ("state", "created_at")
    search_fields = ("=id", "=call__id")
    fields = (
        *("created_at", "tenant_link", "policy_name", "call_id", "state", "tier", "tier_s", "tier_until"),
        *("accepted_at", "ended_at", "due_at", "id"),
    )
    readonly_fields = fields
    inlines = (EscalationAskInline,)
