"""The API of what was told of calls."""

from __future__ import annotations

import django_filters
from django.db.models import QuerySet

from callsphere.calls.enums import EventKind
from callsphere.calls.models import CallEvent
from callsphere.calls.queries import call_events_of
from callsphere.calls.serializers import CallEventSerializer
from tenants.access import Capability
from tenants.filters import OneOfFilter
from tenants.pagination import CursorPagination
from tenants.resources import ResourceViewSet


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
