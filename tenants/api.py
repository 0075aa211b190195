"""The API's own tenant and audit log."""

from typing import Any

import django_filters
from django.db.models import QuerySet
from rest_framework.request import Request
from rest_framework.response import Response

from tenants.access import Capability
from tenants.enums import ActorKind
from tenants.filters import OneOfFilter
from tenants.models import AuditEvent, Tenant
from tenants.queries import audit_events_of
from tenants.resources import ResourceViewSet
from tenants.serializers import AuditEventSerializer, TenantSerializer
from tenants.services import rename_tenant


class OwnTenantViewSet(ResourceViewSet[Tenant]):
    """The tenant of the API key."""

    model = Tenant
    noun = ("your tenant", "tenants")
    read_capability = Capability.TENANT_READ
    write_capability = Capability.TENANT_WRITE
    serializer_class = TenantSerializer
    is_versioned = False

    def get_object(self) -> Tenant:
        return self.tenant

    def partial_update(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Change the name."""
        serializer = self.get_serializer(self.tenant, data=request.data, partial=True)
        serializer.is_valid(raise_exception=True)
        if serializer.validated_data:
            rename_tenant(tenant=self.tenant, actor=self.actor, **serializer.validated_data)
        return self.retrieve(request)


class AuditEventFilter(django_filters.FilterSet):
    """Which lines of the audit log."""

    verb = django_filters.CharFilter(help_text="Exactly this, such as trunk.created")
    actor_kind = OneOfFilter(ActorKind.choices)
    object_kind = django_filters.CharFilter(help_text="Such as trunk, gateway or apikey")
    object_id = django_filters.UUIDFilter()
    since = django_filters.IsoDateTimeFilter(field_name="created_at", lookup_expr="gte")
    until = django_filters.IsoDateTimeFilter(field_name="created_at", lookup_expr="lt")

    class Meta:
        model = AuditEvent
        fields: list[str] = []


class AuditEventViewSet(ResourceViewSet[AuditEvent]):
    """The tenant's audit log, the newest event first."""

    model = AuditEvent
    noun = ("an audit event", "audit events")
    read_capability = write_capability = Capability.AUDIT_READ
    serializer_class = AuditEventSerializer
    filterset_class = AuditEventFilter

    def rows(self) -> QuerySet[AuditEvent]:
        return audit_events_of(self.tenant)
