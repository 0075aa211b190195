"""The API of affiliates: a person's figures, read with a key of their own."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any, TypeVar, cast

from django.db.models import Model, QuerySet
from django.http import Http404
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response

from billing.affiliates import figures, serializers
from billing.affiliates.authentication import AffiliateKeyAuthentication, find_affiliate_key
from billing.affiliates.links import link_of
from billing.affiliates.models import Affiliate, AffiliateKey, LedgerTransaction
from tenants.context import user_context
from tenants.errors import too_many_requests
from tenants.pagination import CursorPagination
from tenants.resources import StrictViewSet
from tenants.throttling import seconds_to_wait

REQUESTS_PER_MINUTE = 60
_MONTH = OpenApiParameter(
    "month",
    {"type": "string", "pattern": r"^\d{4}-\d{2}$"},
    OpenApiParameter.PATH,
    description="Such as 2026-11",
)
M = TypeVar("M", bound=Model)


class AffiliateViewSet(StrictViewSet[M]):
    """Something of the affiliate's whose key it is, in that person's own context."""

    authentication_classes = [AffiliateKeyAuthentication]
    permission_classes = [IsAuthenticated]
    http_method_names = ["get", "head"]
    asks_for_key = "Send an affiliate's key, as in: Authorization: Bearer cs_aff_…"

    @property
    def affiliate(self) -> Affiliate:
        return cast(AffiliateKey, self.request.auth).affiliate

    def dispatch(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        key = find_affiliate_key(request)
        if key is None:
            return super().dispatch(request, *args, **kwargs)
        # counted in Redis, so before the transaction is open
        wait_s = seconds_to_wait(request, "affiliate", key.affiliate_id, REQUESTS_PER_MINUTE)
        if wait_s is not None:
            return too_many_requests(wait_s, REQUESTS_PER_MINUTE)
        request.affiliate_key = key
        with user_context(key.affiliate.user_id):
            return super().dispatch(request, *args, **kwargs)


class FiguresViewSet(AffiliateViewSet[Affiliate]):
    """Link and code, who came, and what is owed."""

    model = Affiliate
    noun = ("your figures as an affiliate", "affiliates")
    serializer_class = serializers.AffiliateSerializer

    def retrieve(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Answer with how things stand now."""
        body = {
            "code": self.affiliate.code,
            "link": link_of(self.affiliate.code),
            "terms": figures.terms_of(self.affiliate),
            **asdict(figures.figures_of(self.affiliate)),
            "balances": figures.sums_of(self.affiliate),
        }
        return Response(self.get_serializer(body).data)


class StatementViewSet(AffiliateViewSet[LedgerTransaction]):
    """What was booked in a month."""

    model = LedgerTransaction
    noun = ("the statement of a month", "statements")
    serializer_class = serializers.AffiliateStatementSerializer

    @extend_schema(parameters=[_MONTH])
    def retrieve(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Answer with a month's entries and totals; 404 for what is no month."""
        since = figures.month_of(kwargs["month"])
        if since is None or f"{since:%Y-%m}" != kwargs["month"]:
            raise Http404("no such month")
        return Response(self.get_serializer(figures.month_figures(self.affiliate, since)).data)


class NewestBooked(CursorPagination):
    """By the numbers of bookings, which count on."""

    ordering = ("-number", "-id")


class PayoutViewSet(AffiliateViewSet[LedgerTransaction]):
    """What was paid out to them, the newest first."""

    model = LedgerTransaction
    noun = ("a payout to you as an affiliate", "payouts to you as an affiliate")
    serializer_class = serializers.AffiliatePayoutSerializer
    pagination_class = NewestBooked

    def rows(self) -> QuerySet[LedgerTransaction]:
        return figures.payouts_to(self.affiliate)
