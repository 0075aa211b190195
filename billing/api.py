"""The API of plans and payment."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import django_filters
from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from billing import serializers, services
from billing.enums import InvoiceStatus, RequestKind, WorkState
from billing.models import BillingRequest, Invoice, Plan, Subscription
from billing.queries import invoices_of, offered_plans, requests_of, subscription_of
from tenants.access import Capability
from tenants.filters import OneOfFilter
from tenants.pagination import CursorPagination
from tenants.resources import ResourceViewSet


class PlanViewSet(ResourceViewSet[Plan]):
    """What can be bought."""

    model = Plan
    noun = ("a plan", "plans")
    read_capability = write_capability = Capability.BILLING_READ
    serializer_class = serializers.PlanListSerializer
    http_method_names = ["get", "head"]
    pagination_class = None

    @extend_schema(summary="List plans", responses={200: serializers.PlanListSerializer}, filters=False)
    def everything(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Answer with every plan that is offered."""
        page = {"next": None, "previous": None, "results": list(offered_plans())}
        return Response(serializers.PlanListSerializer(page).data)


class SubscriptionViewSet(ResourceViewSet[Subscription]):
    """What the tenant bought."""

    model = Subscription
    noun = ("the subscription", "subscriptions")
    read_capability = write_capability = Capability.BILLING_READ
    serializer_class = serializers.SubscriptionSerializer
    http_method_names = ["get", "head"]
    is_singleton = True

    def get_object(self) -> Subscription:
        return subscription_of(self.tenant)


class InvoiceFilter(django_filters.FilterSet):
    """Which invoices."""

    status = OneOfFilter(InvoiceStatus.choices)

    class Meta:
        model = Invoice
        fields: list[str] = []


class NewestIssued(CursorPagination):
    """By the day of the invoice."""

    ordering = ("-issued_at", "-id")


class InvoiceViewSet(ResourceViewSet[Invoice]):
    """The tenant's invoices, the newest first."""

    model = Invoice
    noun = ("an invoice", "invoices")
    read_capability = write_capability = Capability.BILLING_READ
    serializer_class = serializers.InvoiceSerializer
    filterset_class = InvoiceFilter
    pagination_class = NewestIssued
    http_method_names = ["get", "head"]

    def rows(self) -> QuerySet[Invoice]:
        return invoices_of(self.tenant)


class RequestFilter(django_filters.FilterSet):
    """Which requests."""

    state = OneOfFilter(WorkState.choices)

    class Meta:
        model = BillingRequest
        fields: list[str] = []


class BillingRequestViewSet(ResourceViewSet[BillingRequest]):
    """What was asked for, the newest first."""

    model = BillingRequest
    noun = ("a request about the plan", "requests about the plan")
    read_capability = Capability.BILLING_READ
    write_capability = Capability.BILLING_WRITE
    serializer_class = serializers.BillingActionSerializer
    filterset_class = RequestFilter
    pagination_class = CursorPagination
    http_method_names = ["get", "head", "post"]

    def rows(self) -> QuerySet[BillingRequest]:
        return requests_of(self.tenant)

    def get_serializer_context(self) -> dict[str, Any]:
        capabilities: frozenset[Capability] = getattr(self.request._request, "capabilities", frozenset())
        return {
            **super().get_serializer_context(),
            "may_use_url": Capability.BILLING_WRITE in capabilities,
        }

    @extend_schema(
        summary="Ask for a checkout, the payment pages, another plan, or the end of it",
        request=serializers.NewBillingActionSerializer,
        responses={201: serializers.BillingActionSerializer},
    )
    def create(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Answered at once: read the request until its state is `done` or `failed`."""
        body = serializers.NewBillingActionSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        kind, plan = RequestKind(body.validated_data["kind"]), body.validated_data["plan"]
        more = {"plan": plan} if kind in serializers.WITH_PLAN else {}
        asked = _SERVICES[kind](tenant=self.tenant, actor=self.actor, **more)
        return Response(self.get_serializer(self.rows().get(pk=asked.pk)).data, status=201)


_SERVICES: dict[RequestKind, Callable[..., BillingRequest]] = {
    RequestKind.CHECKOUT: services.request_checkout,
    RequestKind.PORTAL: services.request_portal,
    RequestKind.CHANGE_PLAN: services.request_change,
    RequestKind.CANCEL: services.request_cancellation,
    RequestKind.RESUME: services.request_resumption,
}
