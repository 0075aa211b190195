"""The API of allowed networks and credentials."""

from typing import Any

from django.db.models import QuerySet

from tenants.resources import EditableViewSet
from trunks.access import serializers, services
from trunks.models import (
    AllowedNetwork,
    DigestCredential,
)
from trunks.viewsets import OfTrunk


class AllowedNetworkViewSet(OfTrunk[AllowedNetwork], EditableViewSet[AllowedNetwork]):
    """The networks from which a trunk's calls are accepted."""

    model = AllowedNetwork
    noun = ("an allowed network", "allowed networks")
    serializer_class = serializers.AllowedNetworkSerializer

    def get_serializer_class(self) -> type[serializers.AllowedNetworkSerializer]:
        if self.action in ("list", "retrieve"):
            return serializers.AllowedNetworkSerializer
        return serializers.SavedNetworkSerializer

    def rows(self) -> QuerySet[AllowedNetwork]:
        return AllowedNetwork.objects.filter(tenant=self.tenant, trunk_id=self.kwargs["trunk_id"])

    def add(self, data: dict[str, Any]) -> AllowedNetwork:
        network, self.warnings = services.add_allowed_network(
            tenant=self.tenant, actor=self.actor, trunk=self.trunk(), **data
        )
        return network

    def change(self, row: AllowedNetwork, version: int, data: dict[str, Any]) -> AllowedNetwork:
        network, self.warnings = services.update_allowed_network(
            tenant=self.tenant, actor=self.actor, network=row, expected_version=version, **data
        )
        return network

    def remove(self, row: AllowedNetwork, version: int) -> None:
        services.delete_allowed_network(
            tenant=self.tenant, actor=self.actor, network=row, expected_version=version
        )

    def as_answered(self, row: AllowedNetwork) -> AllowedNetwork:
        return row


class CredentialViewSet(OfTrunk[DigestCredential], EditableViewSet[DigestCredential]):
    """The digest credentials of a trunk."""

    model = DigestCredential
    noun = ("a credential", "credentials")
    serializer_class = serializers.CredentialSerializer

    def rows(self) -> QuerySet[DigestCredential]:
        return DigestCredential.objects.filter(tenant=self.tenant, trunk_id=self.kwargs["trunk_id"])

    def add(self, data: dict[str, Any]) -> DigestCredential:
        return services.add_credential(tenant=self.tenant, actor=self.actor, trunk=self.trunk(), **data)

    def change(self, row: DigestCredential, version: int, data: dict[str, Any]) -> DigestCredential:
        return services.update_credential(
            tenant=self.tenant, actor=self.actor, credential=row, expected_version=version, **data
        )

    def remove(self, row: DigestCredential, version: int) -> None:
        services.delete_credential(
            tenant=self.tenant, actor=self.actor, credential=row, expected_version=version
        )
