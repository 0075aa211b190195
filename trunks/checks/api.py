"""The API of readiness checks."""

from __future__ import annotations

from typing import Any

import django_filters
from django.db.models import QuerySet
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import ValidationError
from rest_framework.generics import get_object_or_404
from rest_framework.request import Request
from rest_framework.response import Response

from tenants.errors import CONTENT_TYPE
from tenants.filters import OneOfFilter
from tenants.openapi import ProblemSerializer
from tenants.pagination import CursorPagination
from tenants.renderers import CaptureRenderer, TextRenderer
from trunks.checks import serializers as check_serializers
from trunks.checks import services
from trunks.checks.queries import checks_of
from trunks.checks.reports import as_pcap, as_text, file_headers
from trunks.checks.services.shares import usable_shares
from trunks.checks.wording import call_warnings
from trunks.enums import CheckState, Verdict
from trunks.models import CheckSchedule, CheckShare, Gateway, ReadinessCheck
from trunks.viewsets import OfTrunk, TooOften


class CheckFilter(django_filters.FilterSet):
    """Which checks."""

    state = OneOfFilter(CheckState.choices)
    verdict = OneOfFilter(Verdict.choices)

    class Meta:
        model = ReadinessCheck
        fields: list[str] = []


class ReadinessCheckViewSet(OfTrunk[ReadinessCheck]):
    """Walks over a trunk from name to hang-up, the newest first. The last 50 are kept."""

    model = ReadinessCheck
    noun = ("a readiness check", "readiness checks")
    serializer_class = check_serializers.CheckSerializer
    filterset_class = CheckFilter
    pagination_class = CursorPagination

    def get_serializer_class(self) -> Any:
        if self.action == "list":
            return check_serializers.CheckSummarySerializer
        return check_serializers.CheckSerializer

    def rows(self) -> QuerySet[ReadinessCheck]:
        checks = checks_of(self.tenant).filter(trunk_id=self.kwargs["trunk_id"])
        return checks.defer("steps", "trace") if self.action == "list" else checks

    @extend_schema(
        summary="Start a readiness check",
        request=check_serializers.NewCheckSerializer,
        responses={202: check_serializers.StartedCheckSerializer},
    )
    def create(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Answered at once: read the check until its state is `finished`, `failed` or `cancelled`."""
        asked = check_serializers.NewCheckSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        data = dict(asked.validated_data)
        trunk = self.trunk()
        gateway_id = data.pop("gateway_id")
        gateway = None
        if gateway_id is not None:
            gateway = Gateway.objects.filter(tenant=self.tenant, trunk=trunk, pk=gateway_id).first()
            if gateway is None:
                raise ValidationError({"gateway_id": "This trunk has no such gateway."})
        try:
            check = services.start_check(
                tenant=self.tenant, actor=self.actor, trunk=trunk, gateway=gateway, **data
            )
        except services.CheckedTooOften as refusal:
            raise TooOften(refusal) from None
        gateways = 1 if gateway else trunk.gateways.filter(is_enabled=True).count()
        told = check_serializers.CheckSerializer(check).data
        return Response({**told, "warnings": call_warnings(check.call, gateways)}, status=202)

    @extend_schema(
        summary="Stop a readiness check",
        request=None,
        responses={202: check_serializers.CheckSerializer},
    )
    def cancel(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Its call is hung up, and its binding removed, within seconds."""
        check = services.cancel_check(tenant=self.tenant, actor=self.actor, check=self.get_object())
        return Response(check_serializers.CheckSerializer(check).data, status=202)

    @extend_schema(summary="Read the report as text", responses={(200, TextRenderer.media_type): str})
    def text(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """As `sip check --trace` prints it, with the steps so far while the check runs."""
        check = self.get_object()
        return Response(as_text(check).encode(), headers=file_headers(check, "txt"))

    @extend_schema(
        summary="Read the messages as a capture (pcap)",
        responses={
            (200, CaptureRenderer.media_type): OpenApiTypes.BINARY,
            (409, CONTENT_TYPE): ProblemSerializer,
        },
    )
    def capture(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """For Wireshark and its like; 409 until the check has ended."""
        check = self.get_object()
        return Response(as_pcap(check), headers=file_headers(check, "pcap"))


class CheckScheduleViewSet(OfTrunk[CheckSchedule]):
    """Checking a trunk by itself, from time to time; 404 while it is checked on request alone."""

    model = CheckSchedule
    noun = ("the schedule of checks", "")
    serializer_class = check_serializers.CheckScheduleSerializer
    is_versioned = False

    def rows(self) -> QuerySet[CheckSchedule]:
        return CheckSchedule.objects.filter(tenant=self.tenant, trunk_id=self.kwargs["trunk_id"])

    def get_object(self) -> CheckSchedule:
        return get_object_or_404(self.rows())

    def update(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Have the trunk checked so, from now on."""
        serializer = self.get_serializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        schedule = services.set_check_schedule(
            tenant=self.tenant, actor=self.actor, trunk=self.trunk(), **serializer.validated_data
        )
        return Response(self.get_serializer(schedule).data)

    def destroy(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Have it checked on request alone."""
        services.stop_check_schedule(tenant=self.tenant, actor=self.actor, trunk=self.trunk())
        return Response(status=204)


class CheckShareViewSet(OfTrunk[CheckShare]):
    """Links to one report that still work, the newest first."""

    model = CheckShare
    noun = ("a link to a report", "links to a report")
    serializer_class = check_serializers.CheckShareSerializer
    is_versioned = False

    def check(self) -> ReadinessCheck:
        """Return the report that the address names."""
        checks = checks_of(self.tenant).filter(trunk_id=self.kwargs["trunk_id"])
        return get_object_or_404(checks, pk=self.kwargs["check_id"])

    def rows(self) -> QuerySet[CheckShare]:
        return usable_shares(self.check()).select_related("readiness_check__trunk")

    @extend_schema(
        request=check_serializers.NewCheckShareSerializer,
        responses={201: check_serializers.NewCheckShareSerializer},
    )
    def create(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Whoever has its `url` reads the report without a key; numbers and addresses are masked."""
        serializer = check_serializers.NewCheckShareSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        share, url = services.share_check(
            tenant=self.tenant, actor=self.actor, check=self.check(), **serializer.validated_data
        )
        share.url = url  # type: ignore[attr-defined]  # told once, never stored
        return Response(check_serializers.NewCheckShareSerializer(share).data, status=201)

    def destroy(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """End it at once."""
        services.revoke_share(tenant=self.tenant, actor=self.actor, share=self.get_object())
        return Response(status=204)
