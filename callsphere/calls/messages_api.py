"""The API of what calls leave behind: messages of callers, callbacks, voice messages, text messages."""

from __future__ import annotations

from typing import Any

import django_filters
from django.db.models import QuerySet
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from callsphere.calls import message_serializers as serializers
from callsphere.calls import services
from callsphere.calls.enums import CallbackState, Direction, SoundState, TextState
from callsphere.calls.models import CallbackRequest, CallerMessage, TextMessage, VoiceMessage
from callsphere.calls.sound_answers import sound_part, why_not_there
from callsphere.lib.errors import Refused
from tenants.access import Capability
from tenants.errors import CONTENT_TYPE
from tenants.filters import OneOfFilter
from tenants.openapi import ProblemSerializer
from tenants.pagination import CursorPagination
from tenants.renderers import SoundRenderer
from tenants.resources import ResourceViewSet


class CallerMessageFilter(django_filters.FilterSet):
    """Which messages."""

    is_handled = django_filters.BooleanFilter("handled_at", lookup_expr="isnull", exclude=True)
    is_urgent = django_filters.BooleanFilter()
    call_id = django_filters.UUIDFilter()

    class Meta:
        model = CallerMessage
        fields: list[str] = []


class CallbackFilter(django_filters.FilterSet):
    """Which callbacks."""

    state = OneOfFilter(CallbackState.choices)
    call_id = django_filters.UUIDFilter()

    class Meta:
        model = CallbackRequest
        fields: list[str] = []


class VoiceMessageFilter(django_filters.FilterSet):
    """Which voice messages."""

    is_handled = django_filters.BooleanFilter("handled_at", lookup_expr="isnull", exclude=True)
    sound_state = OneOfFilter(SoundState.choices)
    call_id = django_filters.UUIDFilter()

    class Meta:
        model = VoiceMessage
        fields: list[str] = []


class TextMessageFilter(django_filters.FilterSet):
    """Which text messages."""

    direction = OneOfFilter(Direction.choices)
    state = OneOfFilter(TextState.choices)
    call_id = django_filters.UUIDFilter()

    class Meta:
        model = TextMessage
        fields: list[str] = []


class CallerMessageViewSet(ResourceViewSet[CallerMessage]):
    """Messages that agents took for people, the newest first."""

    model = CallerMessage
    noun = ("a message of a caller", "messages of callers")
    read_capability = Capability.CALLS_READ
    write_capability = Capability.CALLS_WRITE
    serializer_class = serializers.CallerMessageSerializer
    filterset_class = CallerMessageFilter
    pagination_class = CursorPagination

    def rows(self) -> QuerySet[CallerMessage]:
        return CallerMessage.objects.filter(tenant=self.tenant)

    @extend_schema(
        summary="Deal with a message",
        request=None,
        responses={200: serializers.CallerMessageSerializer},
    )
    @action(detail=True, methods=["post"])
    def handle(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Say that somebody has dealt with it; 409 `handled_already` when somebody has before."""
        row = services.handle_message(tenant=self.tenant, actor=self.actor, message=self.get_object())
        return Response(self.get_serializer(row).data)

    @extend_schema(
        summary="Open a message again",
        request=None,
        responses={200: serializers.CallerMessageSerializer},
    )
    @action(detail=True, methods=["post"])
    def reopen(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Say that nobody has dealt with it after all; 409 `open_already` when it is open."""
        row = services.reopen_message(tenant=self.tenant, actor=self.actor, message=self.get_object())
        return Response(self.get_serializer(row).data)


class CallbackViewSet(ResourceViewSet[CallbackRequest]):
    """Callers who want to be called back, the newest first."""

    model = CallbackRequest
    noun = ("a callback", "callbacks")
    read_capability = Capability.CALLS_READ
    write_capability = Capability.CALLS_WRITE
    serializer_class = serializers.CallbackSerializer
    filterset_class = CallbackFilter
    pagination_class = CursorPagination

    def rows(self) -> QuerySet[CallbackRequest]:
        return CallbackRequest.objects.filter(tenant=self.tenant)

    @extend_schema(
        summary="Close a callback",
        request=None,
        responses={200: serializers.CallbackSerializer},
    )
    @action(detail=True, methods=["post"])
    def handle(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Say that somebody has called back; 409 `handled_already` when somebody has before."""
        row = services.handle_callback(tenant=self.tenant, actor=self.actor, callback=self.get_object())
        return Response(self.get_serializer(row).data)

    @extend_schema(
        summary="Open a callback again",
        request=None,
        responses={200: serializers.CallbackSerializer},
    )
    @action(detail=True, methods=["post"])
    def reopen(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Say that nobody has dealt with it after all; 409 `open_already` when it is open."""
        row = services.reopen_callback(tenant=self.tenant, actor=self.actor, callback=self.get_object())
        return Response(self.get_serializer(row).data)


class VoiceMessageViewSet(ResourceViewSet[VoiceMessage]):
    """Messages that callers left to be heard, the newest first."""

    model = VoiceMessage
    noun = ("a voice message", "voice messages")
    read_capability = Capability.CALLS_READ
    write_capability = Capability.CALLS_WRITE
    serializer_class = serializers.VoiceMessageSerializer
    filterset_class = VoiceMessageFilter
    pagination_class = CursorPagination
    http_method_names = ["get", "head", "post"]

    def rows(self) -> QuerySet[VoiceMessage]:
        return VoiceMessage.objects.filter(tenant=self.tenant)

    @extend_schema(
        summary="Deal with a voice message",
        request=None,
        responses={200: serializers.VoiceMessageSerializer},
    )
    @action(detail=True, methods=["post"])
    def handle(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Say that somebody has dealt with it; 409 `handled_already` when somebody has before."""
        row = services.handle_voice_message(tenant=self.tenant, actor=self.actor, message=self.get_object())
        return Response(self.get_serializer(row).data)

    @extend_schema(
        summary="Open a voice message again",
        request=None,
        responses={200: serializers.VoiceMessageSerializer},
    )
    @action(detail=True, methods=["post"])
    def reopen(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Say that nobody has dealt with it after all; 409 `open_already` when it is open."""
        row = services.reopen_voice_message(tenant=self.tenant, actor=self.actor, message=self.get_object())
        return Response(self.get_serializer(row).data)

    @extend_schema(
        summary="Hear a voice message (WAV)",
        responses={
            (200, SoundRenderer.media_type): OpenApiTypes.BINARY,
            (206, SoundRenderer.media_type): OpenApiTypes.BINARY,
            (409, CONTENT_TYPE): ProblemSerializer,
        },
    )
    def sound(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Read its sound, or the one `Range` of bytes that is named; 409 `sound_not_there` says why not."""
        message = self.get_object()
        part = sound_part(self.tenant, message, request.method, request.headers)
        if part is None:
            raise Refused(why_not_there(message), code="sound_not_there")
        return Response(part.data, part.status, headers=part.headers)


class TextMessageViewSet(ResourceViewSet[TextMessage]):
    """Text messages that agents sent, what became of them, and callers' replies, the newest first."""

    model = TextMessage
    noun = ("a text message", "text messages")
    read_capability = Capability.CALLS_READ
    serializer_class = serializers.TextMessageSerializer
    filterset_class = TextMessageFilter
    pagination_class = CursorPagination
    http_method_names = ["get", "head"]

    def rows(self) -> QuerySet[TextMessage]:
        return TextMessage.objects.filter(tenant=self.tenant)
