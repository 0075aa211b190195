"""The API of trunks and what belongs to them."""

from typing import Any

import django_filters
from django.db.models import Prefetch, QuerySet
from drf_spectacular.utils import extend_schema, extend_schema_view

from tenants.access import Capability
from tenants.filters import OneOfFilter
from tenants.resources import EditableViewSet
from trunks import queries, serializers, services
from trunks.enums import Direction, HealthState
from trunks.models import (
    Gateway,
    Trunk,
)


class TrunkFilter(django_filters.FilterSet):
    """Which trunks."""

    state = OneOfFilter(HealthState.choices)
    direction = OneOfFilter(Direction.choices)
    search = django_filters.CharFilter(method="by_text", help_text="Part of the name or of a gateway's host")

    class Meta:
        model = Trunk
        fields: list[str] = []

    def by_text(self, rows: QuerySet[Trunk], name: str, value: str) -> QuerySet[Trunk]:
        return queries.matching(rows, search=value)


@extend_schema_view(
    create=extend_schema(
        request=serializers.NewTrunkSerializer, responses={201: serializers.NewTrunkSerializer}
    )
)
class TrunkViewSet(EditableViewSet[Trunk]):
    """The tenant's trunks, the newest first, with what belongs to them."""

    model = Trunk
    noun = ("a trunk", "trunks")
    read_capability = Capability.TRUNKS_READ
    write_capability = Capability.TRUNKS_WRITE
    serializer_class = serializers.TrunkSerializer
    filterset_class = TrunkFilter

    def get_serializer_class(self) -> type[serializers.TrunkSerializer]:
        return serializers.NewTrunkSerializer if self.action == "create" else serializers.TrunkSerializer

    def rows(self) -> QuerySet[Trunk]:
        return (
            queries.trunks_of(self.tenant)
            .select_related("health_policy", "session_timer_policy", "registration__status")
            .prefetch_related(
                Prefetch("gateways", Gateway.objects.select_related("health", "trunk__health_policy")),
                "allowed_networks",
                "credentials",
            )
        )

    def add(self, data: dict[str, Any]) -> Trunk:
        trunk, self.warnings = services.provision_trunk(tenant=self.tenant, actor=self.actor, **data)
        return trunk

    def change(self, row: Trunk, version: int, data: dict[str, Any]) -> Trunk:
        return services.update_trunk(
            tenant=self.tenant, actor=self.actor, trunk=row, expected_version=version, **data
        )

    def remove(self, row: Trunk, version: int) -> None:
        services.delete_trunk(tenant=self.tenant, actor=self.actor, trunk=row, expected_version=version)
