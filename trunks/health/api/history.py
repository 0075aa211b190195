"""The API of what gateways answered over time: the figures of the pages, for a span of choice."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django.http import Http404
from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from tenants.errors import WrongParameter
from trunks.health.cause_fields import CauseField, DetailField
from trunks.health.history import FINE_SPAN, availability, last_answers_of, latency_series, overall
from trunks.health.rollup import BUCKETS_KEPT, HOURS_KEPT
from trunks.models import ProbeAnswer, Trunk
from trunks.queries import gateways_of
from trunks.viewsets import OfTrunk

DAY = timedelta(hours=24)
RESOLUTIONS = {"5m": BUCKETS_KEPT, "1h": HOURS_KEPT}
"""How fine a series is, and how far back it reaches."""
_FROM = "Where the span begins; a day before `to` unless given"
_TO = "Where it ends; now unless given"
_RESOLUTION = "`5m` reaches back 48 hours, `1h` 90 days; by itself the finer one up to three hours"


class AvailabilitySerializer(serializers.Serializer[Any]):
    """How checks went. `percent` is null when there were none."""

    percent = serializers.FloatField(allow_null=True, help_text="Answered without a server error")
    checks = serializers.IntegerField()
    answered = serializers.IntegerField()
    healthy = serializers.IntegerField(help_text="Answered without a server error")
    failures = serializers.DictField(child=serializers.IntegerField(), help_text="The others by cause")


class PointSerializer(serializers.Serializer[Any]):
    """Five minutes, or an hour. Times without checks have no point; latencies are null without an answer."""

    at = serializers.DateTimeField()
    checks = serializers.IntegerField()
    answered = serializers.IntegerField()
    min_ms = serializers.FloatField(allow_null=True)
    mean_ms = serializers.FloatField(allow_null=True)
    p95_ms = serializers.FloatField(allow_null=True)


class PastAnswerSerializer(serializers.Serializer[ProbeAnswer]):
    """What one check met with."""

    at = serializers.DateTimeField()
    status = serializers.IntegerField(allow_null=True, help_text="SIP status code; null when nothing came")
    reason = serializers.CharField()
    rtt_ms = serializers.SerializerMethodField()
    cause = CauseField()
    detail = DetailField("detail")
    target = DetailField("target", help_text="Address, port and transport that was tried")

    def get_rtt_ms(self, answer: ProbeAnswer) -> float | None:
        return None if answer.rtt_us is None else round(answer.rtt_us / 1000, 2)


class GatewayHistorySerializer(serializers.Serializer[Any]):
    """One gateway's history, from its last change of address on."""

    gateway_id = serializers.UUIDField()
    uri = serializers.CharField()
    availability = AvailabilitySerializer()
    latency = PointSerializer(many=True)
    last_answers = PastAnswerSerializer(many=True, help_text="20 at most, the newest first")


class TrunkHistorySerializer(serializers.Serializer[Any]):
    """What a trunk's gateways answered in a span of time."""

    trunk_id = serializers.UUIDField()
    since = serializers.DateTimeField()
    until = serializers.DateTimeField()
    resolution = serializers.ChoiceField(list(RESOLUTIONS))
    availability = AvailabilitySerializer(help_text="All gateways together, every check counting the same")
    gateways = GatewayHistorySerializer(many=True)


class _Span(NamedTuple):
    since: datetime
    until: datetime
    resolution: str


class TrunkHistoryViewSet(OfTrunk[Trunk]):
    """Availability, latency and last answers of a trunk's gateways."""

    model = Trunk
    noun = ("the history of a trunk's health", "")
    serializer_class = TrunkHistorySerializer

    @extend_schema(
        parameters=[
            OpenApiParameter("from", datetime, description=_FROM),
            OpenApiParameter("to", datetime, description=_TO),
            OpenApiParameter("resolution", str, enum=list(RESOLUTIONS), description=_RESOLUTION),
        ]
    )
    def retrieve(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().retrieve(request, *args, **kwargs)

    def get_object(self) -> Any:
        trunk = Trunk.objects.filter(tenant=self.tenant, pk=self.kwargs["trunk_id"]).first()
        if trunk is None:
            raise Http404
        span = _span(self.request)
        gateways = list(gateways_of(trunk))
        ids = [gateway.pk for gateway in gateways]
        figures = availability(ids, span.since, span.until)
        series = latency_series(ids, span.since, span.until, fine=span.resolution == "5m")
        answers = last_answers_of(ids)
        parts = [
            {
                "gateway_id": each.pk,
                "uri": each.uri,
                "availability": figures[each.pk],
                "latency": series[each.pk],
                "last_answers": answers[each.pk],
            }
            for each in gateways
        ]
        return {
            "trunk_id": trunk.pk,
            **span._asdict(),
            "availability": overall(figures.values()),
            "gateways": parts,
        }

    def _check_parameters(self, request: Request) -> None:
        known = ("from", "to", "resolution")
        unknown = [name for name in request.query_params if name not in known]
        if unknown:
            takes = f"Unknown parameter. Known here: {', '.join(known)}."
            raise WrongParameter(dict.fromkeys(unknown, takes))


def _span(request: Request) -> _Span:
    now = timezone.now()
    until = _moment(request, "to") or now
    since = _moment(request, "from") or until - DAY
    if since >= until:
        raise WrongParameter({"from": "Begin before `to`."})
    resolution = request.query_params.get("resolution") or ("5m" if until - since <= FINE_SPAN else "1h")
    if resolution not in RESOLUTIONS:
        raise WrongParameter({"resolution": f"Choose one of: {', '.join(RESOLUTIONS)}."})
    if since < now - BUCKETS_KEPT and "resolution" not in request.query_params:
        resolution = "1h"
    reach = RESOLUTIONS[resolution]
    if since < now - reach - timedelta(minutes=1):
        hours = int(reach.total_seconds() // 3600)
        raise WrongParameter(
            {"from": f"With a resolution of {resolution} history reaches back {hours} hours."}
        )
    return _Span(since, until, resolution)


def _moment(request: Request, name: str) -> datetime | None:
    text = request.query_params.get(name)
    if not text:
        return None
    try:
        moment: datetime = serializers.DateTimeField().to_internal_value(text)
    except serializers.ValidationError:
        raise WrongParameter({name: "Write a time such as 2026-01-31T10:42:00Z."}) from None
    return moment
