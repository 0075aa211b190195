"""Reading what gateways answered over time, for pages and the API, in a constant number of queries.

Call these inside a tenant's context (or the platform's). What was never looked at has no figures: None or
nothing, never a zero.
"""

from __future__ import annotations

import json
import uuid
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django.db import connection
from django.utils import timezone

from trunks.enums import HealthState
from trunks.health.judging import visible_failures
from trunks.health.rollup import BUCKET, BUCKETS_KEPT, HOUR, rolled_up_until, start_of_hour
from trunks.models import GatewayHealth, ProbeAnswer, ProbeBucket, StatusChange
from trunks.overdue import KNOWN, longest_between, unchecked_since

FINE_SPAN = timedelta(hours=3)
"""Up to this span a series has a point every five minutes, beyond it one every hour."""


class Point(NamedTuple):
    """A stretch of time that starts at `at`: how many checks, how many answered, how fast in milliseconds."""

    at: datetime
    checks: int
    answered: int
    min_ms: float | None
    mean_ms: float | None
    p95_ms: float | None


class Availability(NamedTuple):
    """How checks of a gateway went.

    `percent` is the share of checks answered without a server error, None when there were none. `failures`
    counts the others by cause, in the words that a tenant is told.
    """

    percent: float | None
    checks: int
    answered: int
    healthy: int
    failures: dict[str, int]


class Span(NamedTuple):
    """A gateway was in a state from one moment to the next."""

    start: datetime
    end: datetime
    state: str


NEVER_CHECKED = Availability(None, 0, 0, 0, {})

# The tenant's id comes from the gateway, so that the key's index serves the platform's role too.
_BUCKETS = """
    SELECT history.* FROM trunks_gateway AS gateway
    JOIN trunks_probebucket AS history
      ON history.tenant_id = gateway.tenant_id AND history.gateway_id = gateway.id
    WHERE gateway.id = ANY(%(gateways)s)
      AND (gateway.moved_at IS NULL OR history.starts_at >= gateway.moved_at)"""
_HOURS = _BUCKETS.replace("trunks_probebucket", "trunks_probehour")

_SERIES = f"""
WITH bucket AS MATERIALIZED (
    SELECT date_bin(%(step)s, starts_at, '2000-01-01T00:00:00Z') AS at, fine.*
    FROM ({_BUCKETS} AND history.starts_at >= %(fine_from)s AND history.starts_at < %(now)s) AS fine
), total AS (
    SELECT gateway_id, at, sum(checks) AS checks, sum(answered) AS answered
    FROM bucket GROUP BY gateway_id, at
), latency AS (
    SELECT gateway_id, at, min(us) AS least, round(avg(us)) AS mean,
           percentile_disc(0.95) WITHIN GROUP (ORDER BY us) AS p95
    FROM bucket, unnest(latencies_us) AS us GROUP BY gateway_id, at
)
SELECT gateway_id, at, checks, answered, least, mean::integer, p95
FROM total LEFT JOIN latency USING (gateway_id, at)
UNION ALL
SELECT gateway_id, starts_at, checks, answered, latency_min_us, latency_mean_us, latency_p95_us
FROM ({_HOURS} AND history.starts_at >= %(since)s AND history.starts_at < %(hours_until)s) AS coarse
ORDER BY 1, 2
"""

# From the last move on. Hours where they are complete, buckets before the first full hour and after the last.
_COUNTS = """
WITH place AS MATERIALIZED (
    SELECT tenant_id, id, since, hours_from, greatest(%(hours_until)s, hours_from) AS fine_from
    FROM trunks_gateway
    CROSS JOIN LATERAL (SELECT greatest(%(since)s, moved_at) AS since) AS counted
    CROSS JOIN LATERAL (
        SELECT date_bin('1 hour', since + interval '59 minutes 59.999999 seconds', '2000-01-01T00:00:00Z')
            AS hours_from
    ) AS full_hours
    WHERE id = ANY(%(gateways)s)
), stretch AS MATERIALIZED (
    SELECT gateway_id, checks, answered, healthy, failures
    FROM place JOIN trunks_probebucket AS history
      ON history.tenant_id = place.tenant_id AND history.gateway_id = place.id
    WHERE history.starts_at >= %(since)s AND history.starts_at < %(now)s
      AND ((history.starts_at >= place.since AND history.starts_at < place.hours_from)
           OR history.starts_at >= place.fine_from)
    UNION ALL
    SELECT gateway_id, checks, answered, healthy, failures
    FROM place JOIN trunks_probehour AS history
      ON history.tenant_id = place.tenant_id AND history.gateway_id = place.id
    WHERE history.starts_at >= %(since)s AND history.starts_at < %(hours_until)s
      AND history.starts_at >= place.hours_from
), failed AS (
    SELECT gateway_id, jsonb_object_agg(cause, times) AS failures
    FROM (SELECT gateway_id, key AS cause, sum(value::integer) AS times
          FROM stretch, jsonb_each_text(failures) GROUP BY gateway_id, key) AS of_cause
    GROUP BY gateway_id
)
SELECT gateway_id, sum(checks)::integer, sum(answered)::integer, sum(healthy)::integer,
       (SELECT failures FROM failed WHERE failed.gateway_id = stretch.gateway_id)
FROM stretch GROUP BY gateway_id
"""


# Where five minutes without a check lasted longer than the policy makes them, at the beginning included. What
# is after the last check is not among them: the gateway's health says since when it is overdue.
_GAPS = f"""
SELECT gateway_id, gap_start, starts_at FROM (
    SELECT history.gateway_id, history.starts_at, coalesce(
        lag(history.starts_at) OVER (PARTITION BY history.gateway_id ORDER BY history.starts_at)
            + interval '5 minutes', %(since)s) AS gap_start
    FROM ({_BUCKETS} AND history.starts_at >= %(since)s - interval '5 minutes'
          AND history.starts_at < %(now)s) AS history
) AS checked WHERE starts_at - gap_start > interval '5 minutes'
ORDER BY gateway_id, starts_at
"""


def latency_series(
    gateway_ids: Collection[uuid.UUID], since: datetime, now: datetime, *, fine: bool | None = None
) -> dict[uuid.UUID, list[Point]]:
    """Return each gateway's points from old to new; times without checks have none.

    A point stands for five minutes when the span is short (FINE_SPAN) or `fine` asks for it (these are kept
    for 48 hours), else for an hour, the running one included. What an address answered that the gateway no
    longer leads to is left out. One query.
    """
    if fine is None:
        fine = now - since <= FINE_SPAN
    hours_until = since if fine else max(_hours_until(now), start_of_hour(since))
    values = {
        "gateways": list(gateway_ids),
        "step": BUCKET if fine else HOUR,
        "since": since if fine else start_of_hour(since),
        "hours_until": hours_until,
        "fine_from": _bucket_start(since) if fine else hours_until,
        "now": now,
    }
    series: dict[uuid.UUID, list[Point]] = {gateway_id: [] for gateway_id in gateway_ids}
    for gateway_id, at, checks, answered, *latencies in _rows(_SERIES, values):
        series[gateway_id].append(Point(at, checks, answered, *(_milliseconds(value) for value in latencies)))
    return series


def availability(
    gateway_ids: Collection[uuid.UUID], since: datetime, now: datetime
) -> dict[uuid.UUID, Availability]:
    """Return how each gateway's checks went, exact to five minutes, beyond 48 hours to the hour.

    What an address answered that a gateway no longer leads to does not count. One query.
    """
    values = {
        "gateways": list(gateway_ids),
        "since": _bucket_start(since),
        "hours_until": _hours_until(now),
        "now": now,
    }
    found = dict.fromkeys(gateway_ids, NEVER_CHECKED)
    for gateway_id, checks, answered, healthy, failures in _rows(_COUNTS, values):
        told = visible_failures(json.loads(failures or "{}"))
        found[gateway_id] = Availability(100 * healthy / checks, checks, answered, healthy, told)
    return found


def overall(figures: Iterable[Availability]) -> Availability:
    """Return several gateways' figures as one, every check counting the same."""
    checks = answered = healthy = 0
    failures: dict[str, int] = defaultdict(int)
    for each in figures:
        checks += each.checks
        answered += each.answered
        healthy += each.healthy
        for cause, times in each.failures.items():
            failures[cause] += times
    return Availability(100 * healthy / checks if checks else None, checks, answered, healthy, dict(failures))


def last_answers_of(gateway_ids: Collection[uuid.UUID]) -> dict[uuid.UUID, list[ProbeAnswer]]:
    """Return each gateway's last answers (20 at most), the newest first. One query."""
    found: dict[uuid.UUID, list[ProbeAnswer]] = {gateway_id: [] for gateway_id in gateway_ids}
    for answer in ProbeAnswer.objects.filter(gateway_id__in=gateway_ids).order_by("-at", "-slot"):
        found[answer.gateway_id].append(answer)
    return found


def state_spans(
    gateway_ids: Collection[uuid.UUID], since: datetime, now: datetime
) -> dict[uuid.UUID, list[Span]]:
    """Return each gateway's states from `since` (or its beginning, or its last move) to `now`, without gaps.

    It is unknown where nobody looked, and from the last check on when the next is overdue. Three queries.
    """
    changes: dict[uuid.UUID, list[StatusChange]] = defaultdict(list)
    for change in StatusChange.objects.filter(gateway_id__in=gateway_ids, at__gt=since, at__lte=now).order_by(
        "at", "id"
    ):
        changes[change.gateway_id].append(change)
    gaps = defaultdict(list)
    values = {"gateways": list(gateway_ids), "since": max(since, now - BUCKETS_KEPT), "now": now}
    for gateway_id, start, end in _rows(_GAPS, values):
        gaps[gateway_id].append((start, end))
    watched = GatewayHealth.objects.select_related("gateway__trunk__health_policy")
    return {
        health.gateway_id: list(
            _greyed(
                _spans(health, changes[health.gateway_id], since, now),
                gaps[health.gateway_id],
                longest_between(health.gateway.trunk.health_policy.interval_s),
            )
        )
        for health in watched.filter(gateway_id__in=gateway_ids)
    }


def _greyed(
    spans: Iterable[Span], gaps: Sequence[tuple[datetime, datetime]], longest: timedelta
) -> Iterator[Span]:
    """Yield the spans, unknown where nobody had looked for longer than the policy makes it."""
    for span in spans:
        start = span.start
        for gap_start, gap_end in gaps if span.state in KNOWN else ():
            grey = Span(max(start, gap_start), min(span.end, gap_end), HealthState.UNKNOWN)
            if grey.end - grey.start <= longest:
                continue
            if start < grey.start:
                yield Span(start, grey.start, span.state)
            yield grey
            start = grey.end
        if start < span.end:
            yield Span(start, span.end, span.state)


def _spans(
    health: GatewayHealth, changes: Sequence[StatusChange], since: datetime, now: datetime
) -> list[Span]:
    first = max(since, health.gateway.moved_at or since)
    beginning = changes[0].previous_since if changes else health.since
    edges = [max(first, moment) for moment in (beginning, *(change.at for change in changes), now)]
    states = [change.from_state for change in changes] + [changes[-1].to_state if changes else health.state]
    unchecked = unchecked_since(health)
    if unchecked is not None:
        edges[-1:] = [max(unchecked, edges[-2]), now]
        states.append(HealthState.UNKNOWN)
    return [
        Span(start, end, state)
        for start, end, state in zip(edges, edges[1:], states, strict=False)
        if start < end
    ]


def _rows(sql: str, values: dict[str, Any]) -> list[tuple[Any, ...]]:
    ProbeBucket.objects.all()  # raises ScopeError outside any context, where the database would show nothing
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return cursor.fetchall()


def _hours_until(end: datetime) -> datetime:
    """Return the hour from which on buckets are to be read; where they are gone, there is none."""
    return rolled_up_until(end) if end > timezone.now() - BUCKETS_KEPT + HOUR else end


def _bucket_start(moment: datetime) -> datetime:
    return moment.replace(minute=moment.minute // 5 * 5, second=0, microsecond=0)


def _milliseconds(microseconds: int | None) -> float | None:
    return None if microseconds is None else int(microseconds) / 1000
