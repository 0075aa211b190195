"""The support desk's certificates. Keys are never read."""

from typing import Any

from django.contrib import admin
from django.db.models import Count, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html_join

from tenants.admin import ReadOnlyAdmin, admin_link
from trunks.certificates.services import users_of
from trunks.models import (
    ClientCertificate,
    Expiring,
    TrustedAuthority,
)


class ExpiringAdmin(ReadOnlyAdmin):
    """What tenants' gateways trust and show over TLS. Keys are never read."""

    list_display = ("name", "tenant_link", "subject", "not_after", "gateway_count")
    list_select_related = ("tenant",)
    search_fields = ("name", "subject", "fingerprint", "tenant__name", "id")
    date_hierarchy = "not_after"
    fields = (
        *("tenant_link", "name", "subject", "issuer", "fingerprint", "certificate_count"),
        *("not_before", "not_after", "expiry_told", "used_by", "certificates", "id"),
    )
    readonly_fields = ("tenant_link", "used_by", "id")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).annotate(gateway_count=Count("gateways"))

    @admin.display(description="tenant", ordering="tenant__name")
    def tenant_link(self, row: Expiring) -> str:
        return admin_link(reverse("admin:tenants_tenant_change", args=[row.tenant_id]), str(row.tenant))

    @admin.display(description="gateways", ordering="gateway_count")
    def gateway_count(self, row: Any) -> int:
        return int(row.gateway_count)

    @admin.display(description="used by")
    def used_by(self, row: Expiring) -> str:
        users = [(each.uri, each.trunk.name) for each in users_of(row)]
        return format_html_join("", "<p>{} of {}</p>", users) or "no gateway"


@admin.register(TrustedAuthority)
class TrustedAuthorityAdmin(ExpiringAdmin):
    """Authorities that vouch for carriers."""


@admin.register(ClientCertificate)
class ClientCertificateAdmin(ExpiringAdmin):
    """Certificates that are shown to carriers, without their keys."""

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).defer("secret")
