"""How fast gateways answer lately: what the small trend lines draw."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import F, Q

from trunks.health.history import latency_series
from trunks.models import Gateway, ProbeAnswer

SPAN = timedelta(hours=4)
YOUNG = timedelta(minutes=30)
"""What is watched for less has too few five-minute figures for a line: its single answers are drawn."""


@dataclass(frozen=True, slots=True)
class Trend:
    """Milliseconds from old to new, None for what was not answered, and what the line stands for."""

    values: list[float | None]
    label: str

    def __bool__(self) -> bool:
        return bool(self.values)


NO_TREND = Trend([], "")


def trends_of(gateways: Iterable[Gateway], now: datetime) -> dict[uuid.UUID, Trend]:
    """Return each gateway's trend, of the address that it leads to now. At most two queries."""
    ids: dict[bool, list[uuid.UUID]] = {True: [], False: []}
    for gateway in gateways:
        ids[(gateway.moved_at or gateway.created_at) > now - YOUNG].append(gateway.pk)
    return _of_answers(ids[True]) | _of_buckets(ids[False], now)


def _of_buckets(gateway_ids: list[uuid.UUID], now: datetime) -> dict[uuid.UUID, Trend]:
    if not gateway_ids:
        return {}
    found = {}
    for gateway_id, points in latency_series(gateway_ids, now - SPAN, now, fine=True).items():
        means = [point.mean_ms for point in points]
        known = [point for point in points if point.mean_ms is not None]
        label = "Latency of the last 4 hours, five minutes a point"
        if known:
            fastest = min(point.min_ms for point in known if point.min_ms is not None)
            slowest = max(point.p95_ms for point in known if point.p95_ms is not None)
            label = f"{label}: {fastest:.0f} ms at best, 95 % within {slowest:.0f} ms"
        found[gateway_id] = Trend(means, label)
    return found


def _of_answers(gateway_ids: list[uuid.UUID]) -> dict[uuid.UUID, Trend]:
    if not gateway_ids:
        return {}
    since_moved = Q(gateway__moved_at=None) | Q(at__gte=F("gateway__moved_at"))
    answers = ProbeAnswer.objects.filter(since_moved, gateway__in=gateway_ids).order_by("at")
    values: dict[uuid.UUID, list[float | None]] = {}
    for gateway_id, rtt_us in answers.values_list("gateway_id", "rtt_us"):
        values.setdefault(gateway_id, []).append(None if rtt_us is None else rtt_us / 1000)
    return {key: Trend(each, f"Latency of the last {len(each)} checks") for key, each in values.items()}
