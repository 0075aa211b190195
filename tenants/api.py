"""The API's own tenant and audit log."""

from typing import Any

import django_filters
from django.db.models import QuerySet

from tenants.access import Capability
from tenants.enums import ActorKind
from tenants.filters import OneOfFilter
from tenants.models import AuditEvent, Tenant
from tenants.queries import audit_events_of
from tenants.resources import EditableViewSet, ResourceViewSet
from tenants.serializers import AuditEventSerializer, TenantSerializer
from tenants.services import change_settings


class OwnTenantViewSet(EditableViewSet[Tenant]):
    """The tenant of the API key."""

    model = Tenant
    noun = ("your tenant", "tenants")
    read_capability = Capability.TENANT_READ
    write_capability = Capability.TENANT_WRITE
    serializer_class = TenantSerializer

    def get_object(self) -> Tenant:
        return self.tenant

    def change(self, row: Tenant, version: int, data: dict[str, Any]) -> Tenant:
        return change_settings(tenant=row, actor=self.actor, expected_version=version, **data)

    def as_answered(self, row: Tenant) -> Tenant:
        return row


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
