"""The API of the watch on gateways: its policy, what is known now, looking at once, what changed."""

from typing import Any

import django_filters
from django.db.models import QuerySet
from django.http import Http404
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework.generics import get_object_or_404
from rest_framework.request import Request
from rest_framework.response import Response

from tenants.access import Capability
from tenants.filters import OneOfFilter
from tenants.resources import EditableViewSet
from trunks import queries
from trunks.enums import HealthState
from trunks.health import serializers, services
from trunks.models import (
    HealthPolicy,
    StatusChange,
    Trunk,
)
from trunks.viewsets import NewestChangeFirst, OfTrunk, TooOften


class HealthPolicyViewSet(OfTrunk[HealthPolicy], EditableViewSet[HealthPolicy]):
    """How a trunk's gateways are watched."""

    model = HealthPolicy
    noun = ("the health policy", "health policies")
    serializer_class = serializers.HealthPolicySerializer

    def rows(self) -> QuerySet[HealthPolicy]:
        return HealthPolicy.objects.filter(tenant=self.tenant, trunk_id=self.kwargs["trunk_id"])

    def get_object(self) -> HealthPolicy:
        return get_object_or_404(self.rows())

    def change(self, row: HealthPolicy, version: int, data: dict[str, Any]) -> HealthPolicy:
        return services.update_health_policy(
            tenant=self.tenant, actor=self.actor, policy=row, expected_version=version, **data
        )


class TrunkHealthViewSet(OfTrunk[Trunk]):
    """What is known of a trunk's gateways now, and looking at them on request."""

    model = Trunk
    noun = ("the health of a trunk", "")
    serializer_class = serializers.TrunkHealthSerializer

    def get_object(self) -> Trunk:
        found = queries.watched(queries.trunks_of(self.tenant), self.kwargs["trunk_id"])
        if found is None:
            raise Http404
        trunk, gateways = found
        trunk.watched_gateways = gateways
        return trunk

    @extend_schema(
        summary="Look at all gateways now",
        request=None,
        responses={202: serializers.ProbeSerializer},
        examples=[OpenApiExample("Three gateways are looked at", value={"gateways": 3}, response_only=True)],
    )
    def probe(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Make every enabled gateway due now."""
        try:
            count = services.probe_now(tenant=self.tenant, actor=self.actor, trunk=self.trunk())
        except services.ProbedTooOften as refusal:
            raise TooOften(refusal) from None
        return Response({"gateways": count}, status=202)


class StatusChangeFilter(django_filters.FilterSet):
    """Which changes."""

    gateway_id = django_filters.UUIDFilter()
    to_state = OneOfFilter(HealthState.choices)

    class Meta:
        model = StatusChange
        fields: list[str] = []


class StatusChangeViewSet(OfTrunk[StatusChange]):
    """How the states of a trunk's gateways changed, the newest first."""

    model = StatusChange
    noun = ("a change of state", "changes of state")
    write_capability = Capability.TRUNKS_READ
    serializer_class = serializers.StatusChangeSerializer
    filterset_class = StatusChangeFilter
    pagination_class = NewestChangeFirst

    def rows(self) -> QuerySet[StatusChange]:
        return queries.changes_of(self.tenant).filter(trunk_id=self.kwargs["trunk_id"])
