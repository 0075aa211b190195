"""The API of calls that are placed, and of numbers not to call."""

from __future__ import annotations

from typing import Any, cast

import django_filters
from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from callsphere.calls.api import CallViewSet
from callsphere.outbound import serializers, services
from callsphere.outbound.enums import OrderState
from callsphere.outbound.models import DoNotCall, OutboundCall
from callsphere.outbound.queries import numbers_not_to_call, outbound_calls_of
from tenants.access import Capability
from tenants.filters import OneOfFilter
from tenants.pagination import CursorPagination
from tenants.resources import ResourceViewSet


class OutboundCallFilter(django_filters.FilterSet):
    """Which calls that were asked for."""

    state = OneOfFilter(OrderState.choices)
    to_number = django_filters.CharFilter(max_length=16, help_text="Written as +12125550100")

    class Meta:
        model = OutboundCall
        fields: list[str] = []


class DoNotCallFilter(django_filters.FilterSet):
    """Which numbers."""

    number = django_filters.CharFilter(max_length=16, help_text="Written as +12125550100")

    class Meta:
        model = DoNotCall
        fields: list[str] = []


class PlacingCallViewSet(CallViewSet):
    """The tenant's calls, the newest first; POST asks for one."""

    @extend_schema(
        summary="Place a call",
        request=serializers.NewOutboundCallSerializer,
        responses={202: serializers.OutboundCallSerializer},
    )
    def create(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """It is placed within seconds, when there is room among your calls at a time.

        The answer is an outbound call, followed at `/outbound-calls/{id}/`; once it is placed, `call_id`
        names it in the log. Send an Idempotency-Key, so that a request sent again does not call twice.
        """
        body = serializers.NewOutboundCallSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        asked = cast(dict[str, Any], body.validated_data)
        row = services.order_call(tenant=self.tenant, actor=self.actor, **asked)
        return Response(serializers.OutboundCallSerializer(row).data, status=202)


class OutboundCallViewSet(ResourceViewSet[OutboundCall]):
    """Calls that were asked for, the newest first."""

    model = OutboundCall
    noun = ("an outbound call", "outbound calls")
    read_capability = Capability.CALLS_READ
    write_capability = Capability.CALLS_WRITE
    serializer_class = serializers.OutboundCallSerializer
    filterset_class = OutboundCallFilter
    pagination_class = CursorPagination
    http_method_names = ["get", "head", "post"]

    def rows(self) -> QuerySet[OutboundCall]:
        return outbound_calls_of(self.tenant)

    @extend_schema(summary="Cancel a call", request=None, responses={200: serializers.OutboundCallSerializer})
    @action(detail=True, methods=["post"])
    def cancel(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Take back a call that waits; 409 `not_waiting` when it was placed: hang it up instead."""
        services.cancel_call(tenant=self.tenant, actor=self.actor, order=self.get_object())
        return Response(self.get_serializer(self.get_object()).data)


class DoNotCallViewSet(ResourceViewSet[DoNotCall]):
    """Numbers that must not be called, the newest first."""

    model = DoNotCall
    noun = ("a number not to call", "numbers not to call")
    read_capability = Capability.CALLS_READ
    write_capability = Capability.CALLS_WRITE
    serializer_class = serializers.DoNotCallSerializer
    filterset_class = DoNotCallFilter
    pagination_class = CursorPagination
    http_method_names = ["get", "head", "post", "delete"]

    def rows(self) -> QuerySet[DoNotCall]:
        return numbers_not_to_call(self.tenant)

    def create(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Put a number on the list; calls to it that wait are not placed any more."""
        body = self.get_serializer(data=request.data)
        body.is_valid(raise_exception=True)
        row = services.forbid_calls(tenant=self.tenant, actor=self.actor, **body.validated_data)
        return Response(self.get_serializer(row).data, status=201)

    def destroy(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Take a number off the list."""
        services.allow_calls(tenant=self.tenant, actor=self.actor, entry=self.get_object())
        return Response(status=204)
