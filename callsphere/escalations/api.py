"""The API of people on call, policies and escalations."""

from __future__ import annotations

import uuid
from typing import Any, cast

import django_filters
from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from callsphere.calls.models import Call
from callsphere.escalations import serializers, services
from callsphere.escalations.enums import RunState
from callsphere.escalations.models import Escalation, EscalationPolicy, OnCallPerson
from callsphere.escalations.queries import escalations_of, people_of, policies_of
from tenants.access import Capability
from tenants.filters import OneOfFilter
from tenants.pagination import CursorPagination
from tenants.resources import EditableViewSet, ResourceViewSet
from tenants.services.editing import field_error


class OnCallPersonViewSet(EditableViewSet[OnCallPerson]):
    """People on call, the newest first."""

    model = OnCallPerson
    noun = ("a person on call", "people on call")
    read_capability = Capability.CALLS_READ
    write_capability = Capability.CALLS_WRITE
    serializer_class = serializers.OnCallPersonSerializer

    def rows(self) -> QuerySet[OnCallPerson]:
        return people_of(self.tenant)

    def add(self, data: dict[str, Any]) -> OnCallPerson:
        return services.add_person(tenant=self.tenant, actor=self.actor, **data)

    def change(self, row: OnCallPerson, version: int, data: dict[str, Any]) -> OnCallPerson:
        return services.edit_person(
            tenant=self.tenant, actor=self.actor, person=row, expected_version=version, **data
        )

    def remove(self, row: OnCallPerson, version: int) -> None:
        services.remove_person(tenant=self.tenant, actor=self.actor, person=row, expected_version=version)


class EscalationPolicyViewSet(EditableViewSet[EscalationPolicy]):
    """Escalation policies, the newest first."""

    model = EscalationPolicy
    noun = ("an escalation policy", "escalation policies")
    read_capability = Capability.CALLS_READ
    write_capability = Capability.CALLS_WRITE
    serializer_class = serializers.EscalationPolicySerializer

    def rows(self) -> QuerySet[EscalationPolicy]:
        return policies_of(self.tenant)

    def add(self, data: dict[str, Any]) -> EscalationPolicy:
        return services.create_policy(tenant=self.tenant, actor=self.actor, **data)

    def change(self, row: EscalationPolicy, version: int, data: dict[str, Any]) -> EscalationPolicy:
        return services.edit_policy(
            tenant=self.tenant, actor=self.actor, policy=row, expected_version=version, **data
        )

    def remove(self, row: EscalationPolicy, version: int) -> None:
        services.delete_policy(tenant=self.tenant, actor=self.actor, policy=row, expected_version=version)


class EscalationFilter(django_filters.FilterSet):
    """Which escalations."""

    state = OneOfFilter(RunState.choices)

    class Meta:
        model = Escalation
        fields: list[str] = []


class EscalationViewSet(ResourceViewSet[Escalation]):
    """Escalations, the newest first."""

    model = Escalation
    noun = ("an escalation", "escalations")
    read_capability = Capability.CALLS_READ
    write_capability = Capability.CALLS_WRITE
    serializer_class = serializers.EscalationSerializer
    filterset_class = EscalationFilter
    pagination_class = CursorPagination
    http_method_names = ["get", "head", "post"]

    def rows(self) -> QuerySet[Escalation]:
        rows = escalations_of(self.tenant)
        return rows if self.action == "list" else rows.prefetch_related("asks", "steps")

    def get_serializer_class(self) -> Any:
        return self.serializer_class if self.action == "list" else serializers.EscalationDetailSerializer

    @extend_schema(
        summary="Start an escalation",
        request=serializers.NewEscalationSerializer,
        responses={201: serializers.EscalationDetailSerializer},
    )
    def create(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """The first tier is called and texted within seconds.

        The same `key` again answers with the escalation that it started.
        """
        body = serializers.NewEscalationSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        asked = cast(dict[str, Any], body.validated_data)
        row = services.start_escalation(
            tenant=self.tenant,
            actor=self.actor,
            policy=self._policy(asked["policy_id"]),
            summary=asked["summary"],
            call=self._call(asked["call_id"]),
            caller_number=asked["caller_number"],
            key=asked["key"],
        )
        return Response(self.get_serializer(self.rows().get(pk=row.pk)).data, status=201)

    @extend_schema(
        summary="Cancel an escalation",
        request=None,
        responses={200: serializers.EscalationDetailSerializer},
    )
    @action(detail=True, methods=["post"])
    def cancel(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Ask nobody any more, and tell whoever was asked; 409 `escalation_over` when somebody has it."""
        services.cancel_escalation(tenant=self.tenant, actor=self.actor, escalation=self.get_object())
        return Response(self.get_serializer(self.get_object()).data)

    def _policy(self, pk: uuid.UUID) -> EscalationPolicy:
        policy = EscalationPolicy.objects.filter(tenant=self.tenant, pk=pk).first()
        if policy is None:
            raise field_error("policy_id", "You have no such policy.", "unknown")
        return policy

    def _call(self, pk: uuid.UUID | None) -> Call | None:
        if pk is None:
            return None
        call = Call.objects.filter(tenant=self.tenant, pk=pk).first()
        if call is None:
            raise field_error("call_id", "You have no such call.", "unknown")
        return call
