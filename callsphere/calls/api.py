"""The API of calls, and of what was told of them."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

import django_filters
from django.db.models import QuerySet
from django.http import StreamingHttpResponse
from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.urls import replace_query_param

from agents.queries import invocations_for
from callsphere.calls import serializers, services
from callsphere.calls.enums import EventKind
from callsphere.calls.exporting import export_calls
from callsphere.calls.filters import CallFilterSet
from callsphere.calls.listing import CallPage, calls_of, page_of, read_cursor, with_costs
from callsphere.calls.models import Call, CallEvent, CallRetention
from callsphere.calls.queries import call_events_of, calls_in_full, retention_of
from callsphere.calls.serializers import CallEventSerializer
from callsphere.calls.summaries import LONGEST, days_of
from tenants.access import Capability
from tenants.errors import WrongParameter
from tenants.filters import OneOfFilter
from tenants.pagination import CursorPagination
from tenants.renderers import FileRenderer
from tenants.resources import EditableViewSet, ResourceViewSet

_SHOWN_DAYS = timedelta(days=6)


class NewestEventFirst(CursorPagination):
    """By the moment at which it was told."""

    ordering = ("-received_at", "-id")


class CallEventFilter(django_filters.FilterSet):
    """Which events."""

    kind = OneOfFilter(EventKind.choices)
    phone_number_id = django_filters.UUIDFilter()
    trunk_id = django_filters.UUIDFilter()
    call_sid = django_filters.CharFilter(max_length=34)

    class Meta:
        model = CallEvent
        fields: list[str] = []


class CallEventViewSet(ResourceViewSet[CallEvent]):
    """What was told of the tenant's calls in the last 90 days, the newest first.

    A call comes in (`incoming`) and goes on (`status`): all that is told of it has its `call_sid`.
    """

    model = CallEvent
    noun = ("an event of a call", "events of calls")
    read_capability = Capability.TRUNKS_READ
    serializer_class = CallEventSerializer
    filterset_class = CallEventFilter
    pagination_class = NewestEventFirst
    http_method_names = ["get", "head"]

    def rows(self) -> QuerySet[CallEvent]:
        return call_events_of(self.tenant)


class CallPagination(CursorPagination):
    """The log's own pages: a cursor names a key."""

    def paginate_queryset(self, queryset: Any, request: Request, view: Any = None) -> Any:
        cursor = request.query_params.get(self.cursor_query_param, "")
        if cursor and read_cursor(cursor) is None:
            raise NotFound(self.invalid_cursor_message)
        self.request = request
        self.found: CallPage = page_of(queryset, cursor, self.get_page_size(request) or self.max_page_size)
        return self.found.calls

    def get_next_link(self) -> str | None:
        return self._link(self.found.next)

    def get_previous_link(self) -> str | None:
        return self._link(self.found.previous)

    def _link(self, cursor: str) -> str | None:
        address = self.request.build_absolute_uri()
        return replace_query_param(address, self.cursor_query_param, cursor) if cursor else None


class CsvRenderer(FileRenderer):
    """A table."""

    media_type = "text/csv"
    format = "csv"
    charset = "utf-8"


class CallViewSet(ResourceViewSet[Call]):
    """The tenant's calls, the newest first."""

    model = Call
    noun = ("a call", "calls")
    read_capability = Capability.CALLS_READ
    write_capability = Capability.CALLS_WRITE
    serializer_class = serializers.CallSerializer
    filterset_class = CallFilterSet
    pagination_class = CallPagination
    http_method_names = ["get", "head", "post"]

    def get_serializer_class(self) -> Any:
        return serializers.CallSerializer if self.action == "list" else serializers.CallInFullSerializer

    def rows(self) -> QuerySet[Call]:
        if self.action in ("list", "export"):
            return with_costs(calls_of(self.tenant))
        return calls_in_full(self.tenant)

    def retrieve(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """With legs, notes, transcript, tools, messages and sessions."""
        return self._in_full(self.get_object(), 200)

    @extend_schema(
        summary="Hang up a call",
        request=None,
        responses={202: serializers.CallInFullSerializer},
    )
    def hang_up(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """It is ended within seconds; 409 when it is over already."""
        call = self.get_object()
        services.hang_up(tenant=self.tenant, actor=self.actor, call=call)
        return self._in_full(call, 202)

    @extend_schema(summary="Export calls (CSV)", filters=True, responses={(200, CsvRenderer.media_type): str})
    def export(self, request: Request, *args: Any, **kwargs: Any) -> Any:
        """All that the filters leave, however many, the newest first. The audit log tells who took them."""
        asked = CallFilterSet(request.query_params, queryset=self.get_queryset())
        if not asked.is_valid():
            raise WrongParameter({name: errors[0] for name, errors in asked.errors.items()})
        pieces = export_calls(tenant=self.tenant, actor=self.actor, which=asked.which)
        name = f"calls-{timezone.now():%Y-%m-%d}.csv"
        headers = {"Content-Disposition": f'attachment; filename="{name}"'}
        return StreamingHttpResponse(pieces, content_type="text/csv; charset=utf-8", headers=headers)

    @extend_schema(
        summary="Sum up calls by day",
        parameters=[
            OpenApiParameter("from", date, description="The first day; a week back unless given"),
            OpenApiParameter("to", date, description="The last day; today unless given"),
            OpenApiParameter("time_zone", str, description="Where days begin, such as `Europe/Berlin`; UTC"),
        ],
        responses={200: serializers.SummarySerializer},
        filters=False,
    )
    def summary(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """92 days at most: how many calls, answered by whom, with which SIP codes, and how long."""
        first, last, zone = _days(request)
        days = days_of(self.tenant, first, last, zone)
        return Response(serializers.SummarySerializer({"time_zone": zone.key, "days": days}).data)

    def known_parameters(self) -> tuple[str, ...]:
        if self.action == "export":
            return tuple(CallFilterSet.base_filters)
        return ("from", "to", "time_zone") if self.action == "summary" else super().known_parameters()

    def _in_full(self, call: Call, code: int) -> Response:
        told = {**self.get_serializer_context(), "invocations": invocations_for(self.tenant, str(call.pk))}
        return Response(serializers.CallInFullSerializer(call, context=told).data, status=code)


class CallRetentionViewSet(EditableViewSet[CallRetention]):
    """How long the tenant's calls are kept."""

    model = CallRetention
    noun = ("how long calls are kept", "")
    read_capability = Capability.CALLS_READ
    write_capability = Capability.CALLS_WRITE
    serializer_class = serializers.CallRetentionSerializer
    http_method_names = ["get", "head", "patch"]

    def get_object(self) -> CallRetention:
        return retention_of(self.tenant)

    def change(self, row: CallRetention, version: int, data: dict[str, Any]) -> CallRetention:
        return services.set_retention(tenant=self.tenant, actor=self.actor, expected_version=version, **data)

    def as_answered(self, row: CallRetention) -> CallRetention:
        return retention_of(self.tenant)


def _days(request: Request) -> tuple[date, date, ZoneInfo]:
    name = request.query_params.get("time_zone", "UTC")
    if name not in available_timezones():
        raise WrongParameter({"time_zone": "Write the name of a time zone, such as Europe/Berlin."})
    zone = ZoneInfo(name)
    last = _day(request, "to") or timezone.now().astimezone(zone).date()
    first = _day(request, "from") or last - _SHOWN_DAYS
    if not timedelta(0) <= last - first < LONGEST:
        raise WrongParameter({"from": f"Ask for 1 to {LONGEST.days} days, from the first to the last."})
    return first, last, zone


def _day(request: Request, name: str) -> date | None:
    text = request.query_params.get(name)
    if text is None:
        return None
    try:
        day = date.fromisoformat(text)
    except ValueError:
        day = date.min
    if not 1971 <= day.year <= 9000:
        raise WrongParameter({name: "Write a day, such as 2026-03-01."})
    return day
