"""What support looks up and does not change: keys, invitations, the log."""

from django.contrib import admin
from django.urls import reverse

from tenants.admin.base import ReadOnlyAdmin, admin_link
from tenants.models import ApiKey, AuditEvent, Invitation, PlatformEvent


@admin.register(ApiKey)
class ApiKeyAdmin(ReadOnlyAdmin):
    """API keys: never their secrets, of which only hashes exist."""

    list_display = ("name", "tenant", "public_id", "last_used_at", "expires_at", "revoked_at")
    list_select_related = ("tenant",)
    search_fields = ("name", "public_id", "tenant__name")
    exclude = ("secret_hash",)


@admin.register(Invitation)
class InvitationAdmin(ReadOnlyAdmin):
    """Open and past invitations."""

    list_display = ("email", "tenant", "role", "expires_at", "accepted_at", "revoked_at")
    list_select_related = ("tenant",)
    search_fields = ("email", "tenant__name")
    exclude = ("token_hash",)


@admin.register(PlatformEvent)
class PlatformEventAdmin(ReadOnlyAdmin):
    """What was done to people's accounts and to mails."""

    list_display = ("created_at", "actor_label", "verb", "object_label", "reason")
    list_filter = ("actor_kind", "object_kind")
    search_fields = ("actor_label", "object_label", "verb", "request_id")
    date_hierarchy = "created_at"
    show_full_result_count = False


@admin.register(AuditEvent)
class AuditEventAdmin(ReadOnlyAdmin):
    """What was done, in every tenant."""

    list_display = ("created_at", "tenant_link", "actor_label", "verb", "object_label", "reason")
    list_filter = ("actor_kind", "object_kind")
    list_select_related = ("tenant",)
    search_fields = ("actor_label", "object_label", "verb", "tenant__name", "request_id", "=object_id")
    date_hierarchy = "created_at"
    show_full_result_count = False

    @admin.display(description="tenant", ordering="tenant__name")
    def tenant_link(self, event: AuditEvent) -> str:
        url = reverse("admin:tenants_tenant_change", args=[event.tenant_id])
        return admin_link(url, str(event.tenant))
