"""The API of trunks and what belongs to them."""

from typing import Any

import django_filters
from django.db.models import Prefetch, QuerySet
from django.http import Http404
from drf_spectacular.utils import OpenApiExample, extend_schema, extend_schema_view
from rest_framework.exceptions import APIException
from rest_framework.generics import get_object_or_404
from rest_framework.request import Request
from rest_framework.response import Response

from tenants.access import Capability
from tenants.filters import OneOfFilter
from tenants.resources import EditableViewSet
from trunks import queries, serializers, services
from trunks.enums import Direction, HealthState
from trunks.models import (
    AllowedNetwork,
    DigestCredential,
    Gateway,
    HealthPolicy,
    SessionTimerPolicy,
    StatusChange,
    Trunk,
)
from trunks.viewsets import NewestChangeFirst, OfTrunk


class TooManyProbes(APIException):
    """The trunk was looked at on request too often."""

    status_code = 429
    default_code = services.ProbedTooOften.code

    def __init__(self, refusal: services.ProbedTooOften) -> None:
        super().__init__(str(refusal))
        self.wait = refusal.retry_after_s


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
                Prefetch("gateways", Gateway.objects.select_related("health")),
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
        return gateways.select_related("health")

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


class SessionTimerPolicyViewSet(OfTrunk[SessionTimerPolicy], EditableViewSet[SessionTimerPolicy]):
    """How a trunk's calls prove that they are still there, and how long they may last."""

    model = SessionTimerPolicy
    noun = ("the session-timer policy", "session-timer policies")
    serializer_class = serializers.SessionTimerPolicySerializer

    def rows(self) -> QuerySet[SessionTimerPolicy]:
        return SessionTimerPolicy.objects.filter(tenant=self.tenant, trunk_id=self.kwargs["trunk_id"])

    def get_object(self) -> SessionTimerPolicy:
        return get_object_or_404(self.rows())

    def change(self, row: SessionTimerPolicy, version: int, data: dict[str, Any]) -> SessionTimerPolicy:
        return services.update_session_timer_policy(
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
            raise TooManyProbes(refusal) from None
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
