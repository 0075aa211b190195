"""The support desk: what was told of calls, to look at."""

from django.contrib import admin
from django.urls import reverse

from callsphere.calls.models import CallbackRequest, CallerMessage, CallEvent, TextMessage
from tenants.admin import ReadOnlyAdmin, admin_link
from tenants.models import TenantOwned


@admin.register(CallEvent)
class CallEventAdmin(ReadOnlyAdmin):
    """What the provider told of calls, in every tenant."""

    list_display = ("received_at", "tenant_link", "kind", "call_status", "caller", "called", "call_sid")
    list_filter = ("kind", "received_at")
    list_select_related = ("tenant",)
    search_fields = ("call_sid", "=id", "=phone_number__number")
    show_full_result_count = False
    fields = (
        *("received_at", "tenant_link", "kind", "call_sid", "sequence_number", "call_status"),
        *("phone_number", "trunk", "caller", "called", "payload", "id"),
    )
    readonly_fields = fields

    @admin.display(description="tenant", ordering="tenant__name")
    def tenant_link(self, event: CallEvent) -> str:
        return admin_link(reverse("admin:tenants_tenant_change", args=[event.tenant_id]), str(event.tenant))

    @admin.display(description="from")
    def caller(self, event: CallEvent) -> str:
        return str(event.payload.get("From", ""))

    @admin.display(description="to")
    def called(self, event: CallEvent) -> str:
        return str(event.payload.get("To", ""))


class _LeftBehindAdmin(ReadOnlyAdmin):
    """What calls left behind, in every tenant. What was said stays with the tenant."""

    list_select_related = ("tenant",)
    search_fields: tuple[str, ...] = ("=id", "=call__id")
    show_full_result_count = False

    @admin.display(description="tenant", ordering="tenant__name")
    def tenant_link(self, row: TenantOwned) -> str:
        return admin_link(reverse("admin:tenants_tenant_change", args=[row.tenant_id]), str(row.tenant))


@admin.register(CallerMessage)
class CallerMessageAdmin(_LeftBehindAdmin):
    """Messages that agents took."""

    list_display = ("created_at", "tenant_link", "call_id", "is_urgent", "handled_at")
    list_filter = ("is_urgent", "created_at")
    fields = ("created_at", "tenant_link", "call_id", "is_urgent", "handled_at", "handled_by", "id")
    readonly_fields = fields


@admin.register(CallbackRequest)
class CallbackAdmin(_LeftBehindAdmin):
    """Callers who want to be called back."""

    list_display = ("created_at", "tenant_link", "call_id", "wanted_at", "state", "handled_at")
    list_filter = ("state", "created_at")
    fields = (
        *("created_at", "tenant_link", "call_id", "wanted_at", "time_zone", "state"),
        *("handled_at", "handled_by", "id"),
    )
    readonly_fields = fields


@admin.register(TextMessage)
class TextMessageAdmin(_LeftBehindAdmin):
    """Text messages, and what became of them."""

    list_display = ("created_at", "tenant_link", "call_id", "state", "error_code", "message_sid")
    list_filter = ("state", "created_at")
    search_fields = ("=id", "=call__id", "=message_sid")
    fields = (
        *("created_at", "tenant_link", "call_id", "from_number", "state", "message_sid"),
        *("error_code", "error", "due_at", "ended_at", "id"),
    )
    readonly_fields = fields
