"""The API of incidents."""

from typing import Any

import django_filters
from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from callsphere.alerts import serializers, services
from callsphere.alerts.enums import Severity, State
from callsphere.alerts.kinds import kind_choices
from callsphere.alerts.models import Incident
from callsphere.alerts.queries import incidents_of, matching
from tenants.access import Capability
from tenants.filters import OneOfFilter
from tenants.pagination import CursorPagination
from tenants.resources import ResourceViewSet


class NewestFirst(CursorPagination):
    """By the moment of the first sighting: an incident keeps its place when it is resolved."""

    ordering = ("-opened_at", "-id")


class IncidentFilter(django_filters.FilterSet):
    """Which incidents."""

    state = OneOfFilter(State.choices, method="by_state")
    severity = OneOfFilter(Severity.choices)
    kind = OneOfFilter(kind_choices())
    subject_id = django_filters.UUIDFilter()

    class Meta:
        model = Incident
        fields: list[str] = []

    def by_state(self, rows: QuerySet[Incident], name: str, value: str) -> QuerySet[Incident]:
        return matching(rows, state=value)


class IncidentViewSet(ResourceViewSet[Incident]):
    """The tenant's incidents, the newest first."""

    model = Incident
    noun = ("an incident", "incidents")
    read_capability = Capability.ALERTS_READ
    write_capability = Capability.ALERTS_WRITE
    serializer_class = serializers.IncidentSerializer
    filterset_class = IncidentFilter
    pagination_class = NewestFirst

    def rows(self) -> QuerySet[Incident]:
        return incidents_of(self.tenant)

    @extend_schema(
        summary="Resolve an incident",
        request=serializers.ResolveSerializer,
        responses={200: serializers.IncidentSerializer},
    )
    @action(detail=True, methods=["post"])
    def resolve(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """End an open incident with a note."""
        incident = self.get_object()
        body = serializers.ResolveSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        ended = services.resolve_incident(
            tenant=self.tenant, actor=self.actor, incident=incident, **body.validated_data
        )
        return Response(self.get_serializer(ended).data)
