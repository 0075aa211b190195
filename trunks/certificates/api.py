"""The API of certificates: what gateways trust and show over TLS."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet

from tenants.access import Capability
from tenants.resources import EditableViewSet
from trunks.certificates import serializers as certificate_serializers
from trunks.certificates import services
from trunks.models import ClientCertificate, TrustedAuthority


class TrustedAuthorityViewSet(EditableViewSet[TrustedAuthority]):
    """The tenant's trusted authorities, the newest first."""

    model = TrustedAuthority
    noun = ("a trusted authority", "trusted authorities")
    read_capability = Capability.TRUNKS_READ
    write_capability = Capability.TRUNKS_WRITE
    serializer_class = certificate_serializers.TrustedAuthoritySerializer

    def get_serializer_class(self) -> type[certificate_serializers.TrustedAuthoritySerializer]:
        if self.action in ("update", "partial_update"):
            return certificate_serializers.SavedAuthoritySerializer
        return certificate_serializers.TrustedAuthoritySerializer

    def rows(self) -> QuerySet[TrustedAuthority]:
        return TrustedAuthority.objects.filter(tenant=self.tenant)

    def add(self, data: dict[str, Any]) -> TrustedAuthority:
        return services.add_authority(tenant=self.tenant, actor=self.actor, **data)

    def change(self, row: TrustedAuthority, version: int, data: dict[str, Any]) -> TrustedAuthority:
        authority, self.warnings = services.update_authority(
            tenant=self.tenant, actor=self.actor, authority=row, expected_version=version, **data
        )
        return authority

    def remove(self, row: TrustedAuthority, version: int) -> None:
        services.delete_authority(
            tenant=self.tenant, actor=self.actor, authority=row, expected_version=version
        )


class ClientCertificateViewSet(EditableViewSet[ClientCertificate]):
    """The tenant's client certificates, the newest first."""

    model = ClientCertificate
    noun = ("a client certificate", "client certificates")
    read_capability = Capability.TRUNKS_READ
    write_capability = Capability.TRUNKS_WRITE
    serializer_class = certificate_serializers.ClientCertificateSerializer

    def rows(self) -> QuerySet[ClientCertificate]:
        return ClientCertificate.objects.filter(tenant=self.tenant).defer("secret")

    def add(self, data: dict[str, Any]) -> ClientCertificate:
        return services.add_client_certificate(tenant=self.tenant, actor=self.actor, **data)

    def change(self, row: ClientCertificate, version: int, data: dict[str, Any]) -> ClientCertificate:
        return services.update_client_certificate(
            tenant=self.tenant, actor=self.actor, certificate=row, expected_version=version, **data
        )

    def remove(self, row: ClientCertificate, version: int) -> None:
        services.delete_client_certificate(
            tenant=self.tenant, actor=self.actor, certificate=row, expected_version=version
        )
