"""Keeping history small: hours made from five-minute buckets, days of it made and dropped."""

from datetime import date, datetime, timedelta

from django.db import IntegrityError, connection

from tenants.context import platform_context

BUCKET = timedelta(minutes=5)
HOUR = timedelta(hours=1)
BUCKETS_KEPT = timedelta(hours=48)
HOURS_KEPT = timedelta(days=90)

DAYS_AHEAD = 7
# An answer is stored within seconds; an hour is complete for good a minute after its end.
_SETTLED = timedelta(minutes=1)
# How long after its end an hour is rolled up for certain: the task runs every five minutes.
_ROLLED_UP = timedelta(minutes=30)

_MISSING_HOURS = """
SELECT hour FROM generate_series(%(first)s::timestamptz, %(last)s::timestamptz, interval '1 hour') AS hour
WHERE NOT EXISTS (SELECT FROM trunks_probehour WHERE starts_at = hour)
  AND EXISTS (SELECT FROM trunks_probebucket WHERE starts_at >= hour AND starts_at < hour + interval '1 hour')
ORDER BY hour
"""

_ROLL_UP = """
WITH bucket AS MATERIALIZED (
    SELECT * FROM trunks_probebucket
    WHERE starts_at >= %(hour)s::timestamptz AND starts_at < %(hour)s::timestamptz + interval '1 hour'
), total AS (
    SELECT tenant_id, gateway_id, sum(checks) AS checks, sum(answered) AS answered, sum(healthy) AS healthy
    FROM bucket GROUP BY tenant_id, gateway_id
), failed AS (
    SELECT tenant_id, gateway_id, jsonb_object_agg(cause, times) AS failures
    FROM (
        SELECT tenant_id, gateway_id, key AS cause, sum(value::integer) AS times
        FROM bucket, jsonb_each_text(failures) GROUP BY tenant_id, gateway_id, key
    ) AS of_cause
    GROUP BY tenant_id, gateway_id
), latency AS (
    SELECT tenant_id, gateway_id, min(us) AS least, round(avg(us)) AS mean,
           percentile_disc(0.95) WITHIN GROUP (ORDER BY us) AS p95
    FROM bucket, unnest(latencies_us) AS us GROUP BY tenant_id, gateway_id
)
INSERT INTO trunks_probehour (tenant_id, gateway_id, starts_at, checks, answered, healthy, failures,
                              latency_min_us, latency_mean_us, latency_p95_us)
SELECT tenant_id, gateway_id, %(hour)s, checks, answered, healthy, coalesce(failures, '{}'), least, mean, p95
FROM total LEFT JOIN failed USING (tenant_id, gateway_id) LEFT JOIN latency USING (tenant_id, gateway_id)
-- in one order, so that two that make the same hour wait for each other instead of for ever
ORDER BY tenant_id, gateway_id
ON CONFLICT (tenant_id, gateway_id, starts_at) DO UPDATE SET
    checks = EXCLUDED.checks, answered = EXCLUDED.answered, healthy = EXCLUDED.healthy,
    failures = EXCLUDED.failures, latency_min_us = EXCLUDED.latency_min_us,
    latency_mean_us = EXCLUDED.latency_mean_us, latency_p95_us = EXCLUDED.latency_p95_us
"""


def start_of_hour(moment: datetime) -> datetime:
    """Return the full hour that a moment lies in."""
    return moment.replace(minute=0, second=0, microsecond=0)


def rolled_up_until(now: datetime) -> datetime:
    """Return the hour before which hours are to be read, and from which on five-minute buckets are."""
    return start_of_hour(now - _ROLLED_UP)


def roll_up(now: datetime) -> list[datetime]:
    """Make the hours that are over and not made yet; return which.

    Each hour is one transaction. Making one again gives the same rows.
    """
    last = start_of_hour(now - _SETTLED) - HOUR
    with platform_context("find hours to roll up"), connection.cursor() as cursor:
        cursor.execute(_MISSING_HOURS, {"first": start_of_hour(now - BUCKETS_KEPT), "last": last})
        hours = [row[0] for row in cursor.fetchall()]
    for hour in hours:
        roll_up_hour(hour)
    return hours


def roll_up_hour(hour: datetime) -> None:
    """Make one hour of every gateway from its buckets."""
    try:
        _roll_up_hour(hour)
    except IntegrityError as error:
        if not partition_is_missing(error):
            raise
        make_day(hour.date())
        _roll_up_hour(hour)


def _roll_up_hour(hour: datetime) -> None:
    with platform_context("roll up an hour of history"), connection.cursor() as cursor:
        # An hour of tens of thousands of gateways takes longer than a request may.
        cursor.execute("SELECT set_config('statement_timeout', '100s', true)")
        cursor.execute(_ROLL_UP, {"hour": hour})


def maintain_partitions(now: datetime) -> None:
    """Make the coming days' partitions, drop those that hold nothing young enough, forget idle addresses.

    The database's own clock decides about dropping.
    """
    with platform_context("make and drop days of history"), connection.cursor() as cursor:
        cursor.execute("SELECT trunks_maintain_history(%s)", [DAYS_AHEAD])
        # An address that was not probed for an hour has its full allowance again.
        cursor.execute("DELETE FROM trunks_addressallowance WHERE at < %s", [now - HOUR])


def make_day(day: date) -> None:
    """Make one day's partitions, should the maintenance have been out for a week."""
    with platform_context("make a day of history"), connection.cursor() as cursor:
        cursor.execute("SELECT trunks_make_history_day(%s)", [day])


def partition_is_missing(error: IntegrityError) -> bool:
    """Whether a write found no partition for its day."""
    return getattr(error.__cause__, "sqlstate", None) == "23514" and "no partition of relation" in str(error)
