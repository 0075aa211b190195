"""The support desk: what was told of calls, to look at."""

from django.contrib import admin
from django.urls import reverse

from callsphere.calls.models import CallEvent
from tenants.admin import ReadOnlyAdmin, admin_link


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
