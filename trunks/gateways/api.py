"""The API of gateways."""

from typing import Any

from django.db.models import QuerySet

from tenants.resources import EditableViewSet
from trunks.gateways import serializers, services
from trunks.models import (
    Gateway,
)
from trunks.viewsets import OfTrunk


class GatewayViewSet(OfTrunk[Gateway], EditableViewSet[Gateway]):
    """The gateways of a trunk."""

    model = Gateway
    noun = ("a gateway", "gateways")
    serializer_class = serializers.GatewaySerializer

    def get_serializer_class(self) -> type[serializers.GatewaySerializer]:
        if self.action in ("list", "retrieve"):
            return serializers.GatewaySerializer
        return serializers.SavedGatewaySerializer

    def rows(self) -> QuerySet[Gateway]:
        gateways = Gateway.objects.filter(tenant=self.tenant, trunk_id=self.kwargs["trunk_id"])
        return gateways.select_related("health", "trunk__health_policy")

    def add(self, data: dict[str, Any]) -> Gateway:
        gateway, self.warnings = services.add_gateway(
            tenant=self.tenant, actor=self.actor, trunk=self.trunk(), **data
        )
        return gateway

    def change(self, row: Gateway, version: int, data: dict[str, Any]) -> Gateway:
        gateway, self.warnings = services.update_gateway(
            tenant=self.tenant, actor=self.actor, gateway=row, expected_version=version, **data
        )
        return gateway

    def remove(self, row: Gateway, version: int) -> None:
        services.delete_gateway(tenant=self.tenant, actor=self.actor, gateway=row, expected_version=version)
