"""Which gateways are due, and what their answers mean: claimed, judged and stored by the database.

A claim raises a number in the gateway's row and lends it to one worker until the lease ends. The worker
talks to the gateway outside any transaction and stores the answer with the number it was given: if anything
has happened to the row in the meantime (the lease ended and somebody else claimed it, the gateway was changed
or paused), the answer is dropped. docs/health.md says in plain words what follows from the rules here.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from django.db import IntegrityError, OperationalError, connection

from callsphere.sip.transport.profile import TlsProfile
from tenants.context import platform_context
from trunks.enums import Severity
from trunks.health.incidents import follow_trunks
from trunks.health.rollup import make_day, partition_is_missing
from trunks.models import ProbeAnswer
from trunks.models.health import JITTER, SLOW_INTERVAL_S
from trunks.tls_profiles import Choice, profiles_of
from trunks.wording import is_withheld_alike, told_cause

MAX_WAIT_S = 10.0
"""The longest that an answer is waited for, in seconds; half the interval where that is less."""
LEASE_MARGIN_S = 10.0
"""How long a worker has beyond the wait to store an answer, before the gateway is due again."""
DOWN_FOR_LONG_S = 24 * 3600

_STORE_ATTEMPTS = 3


class Claim(NamedTuple):
    """A gateway lent to this worker: `number` proves it, `late_s` is how long it had been due."""

    gateway_id: str
    number: int
    uri: str
    interval_s: int
    late_s: float
    tls: TlsProfile | None = None


class Answer(NamedTuple):
    """What became of one probe. `status` is None when no final answer came; `cause` says what was wrong."""

    gateway_id: str
    claim: int
    severity: int
    status: int | None
    reason: str
    cause: str
    detail: str
    rtt_us: int | None
    target: str
    server: str


class Change(NamedTuple):
    """A gateway's state changed."""

    tenant_id: uuid.UUID
    trunk_id: uuid.UUID
    gateway_id: uuid.UUID
    from_state: str
    to_state: str
    cause: str


class Stored(NamedTuple):
    """How many answers were stored (the others had lost their claim), and what they changed."""

    kept: int
    changes: list[Change]


def severity_of(alive: bool, status: int | None) -> Severity:
    """Say how bad an answer is: any final answer is fine but a server error; 501 only knows no OPTIONS."""
    if not alive:
        return Severity.FAILED
    if status is not None and 500 <= status < 600 and status != 501:
        return Severity.IMPAIRED
    return Severity.OK


def wait_s(interval_s: int) -> float:
    """Return how long a probe waits for its answer, in seconds."""
    return min(MAX_WAIT_S, interval_s / 2)


_CLAIM = f"""
WITH due AS MATERIALIZED (
    SELECT id, gateway_id, next_probe_at FROM trunks_gatewayhealth
    WHERE next_probe_at <= %(now)s
    ORDER BY next_probe_at LIMIT %(limit)s
    FOR NO KEY UPDATE SKIP LOCKED
), claimed AS (
    UPDATE trunks_gatewayhealth AS health
    SET claim = health.claim + 1,
        next_probe_at = %(now)s + CASE WHEN tenant.is_active
            THEN make_interval(secs => least({MAX_WAIT_S}, policy.interval_s / 2.0) + {LEASE_MARGIN_S})
            -- nothing is sent for a customer who is switched off; looked at again later
            ELSE interval '10 minutes' END
    FROM due
    JOIN trunks_gateway AS gateway ON gateway.id = due.gateway_id
    JOIN trunks_healthpolicy AS policy ON policy.trunk_id = gateway.trunk_id
    JOIN tenants_tenant AS tenant ON tenant.id = gateway.tenant_id
    WHERE health.id = due.id
    RETURNING health.gateway_id, health.claim, gateway.uri, policy.interval_s, due.next_probe_at,
              tenant.is_active, gateway.tenant_id, gateway.trusted_authority_id, gateway.client_certificate_id
)
SELECT gateway_id::text, claim, uri, interval_s, extract(epoch FROM %(now)s - next_probe_at)::float8,
       tenant_id, trusted_authority_id, client_certificate_id
FROM claimed WHERE is_active
"""


def claim_due(now: datetime, limit: int) -> list[Claim]:
    """Lend up to `limit` due gateways, those that waited longest; other workers skip them meanwhile."""
    with platform_context("claim due gateways"), connection.cursor() as cursor:
        cursor.execute(_CLAIM, {"now": now, "limit": limit})
        rows = [(row[:-3], Choice(*row[-3:])) for row in cursor.fetchall()]
        profiles = profiles_of(choice for _row, choice in rows)
    return [Claim._make((*row, profiles.get(choice))) for row, choice in rows]


# `held` takes the rows, or leaves those that somebody is changing: a worker that waited for an edit while it
# holds other rows could deadlock with it. Such an answer is dropped; the lease's end or the edit makes the
# gateway due again. How `judged` reads: `standing` is the severity of the present state (none while
# unknown); `course` says whether the answer is worse than it and whether it goes on with the streak;
# `count` is the streak with this answer in it and the mildest change that all its answers agree on;
# `verdict` is the new severity, or none. Every step uses only the row and the answer, but one: where a change
# stops halfway, at impaired, `rest` counts the newest answers that go further, in the ring (the smallest age
# of one that does not). The new streak begins with them, so that N failures in a row are down all the same.
_STORE = f"""
WITH given AS MATERIALIZED (
    SELECT (e->>0)::uuid AS gateway_id, (e->>1)::bigint AS claim, (e->>2)::smallint AS severity,
           (e->>3)::smallint AS status, e->>4 AS reason, e->>5 AS cause, e->>6 AS detail,
           (e->>7)::integer AS rtt_us, e->>8 AS target, e->>9 AS server
    FROM json_array_elements(%(answers)s::json) AS e
), held AS MATERIALIZED (
    SELECT health.id, health.tenant_id, health.gateway_id, health.state, health.since, health.probe_count,
           health.streak, health.streak_is_worse, health.streak_severity
    FROM given
    JOIN trunks_gatewayhealth AS health
      ON health.gateway_id = given.gateway_id AND health.claim = given.claim AND health.state <> 'paused'
    ORDER BY health.id
    FOR NO KEY UPDATE OF health SKIP LOCKED
), judged AS (
    SELECT health.id, health.tenant_id, health.state AS from_state, health.since AS from_since,
           mod(health.probe_count, {ProbeAnswer.KEPT}) AS slot, gateway.trunk_id, gateway.uri,
           gateway.moved_at, given.*,
           CASE WHEN verdict.severity IS NULL THEN count.streak ELSE rest.streak END AS streak,
           coalesce(course.is_worse, false) AS is_worse,
           CASE WHEN verdict.severity IS NULL THEN count.severity ELSE given.severity END AS streak_severity,
           CASE verdict.severity WHEN 0 THEN 'up' WHEN 1 THEN 'impaired' WHEN 2 THEN 'down' END AS to_state,
           CASE WHEN given.severity = 2 AND health.state = 'down'
                     AND health.since < %(now)s - interval '{DOWN_FOR_LONG_S} seconds'
                THEN greatest(policy.interval_s, {SLOW_INTERVAL_S}) ELSE policy.interval_s END AS interval_s
    FROM given
    JOIN held AS health ON health.gateway_id = given.gateway_id
    JOIN trunks_gateway AS gateway ON gateway.id = health.gateway_id
    JOIN trunks_healthpolicy AS policy ON policy.trunk_id = gateway.trunk_id
    CROSS JOIN LATERAL (
        SELECT CASE health.state WHEN 'up' THEN 0 WHEN 'impaired' THEN 1 WHEN 'down' THEN 2 END AS severity
    ) AS standing
    CROSS JOIN LATERAL (
        SELECT given.severity > standing.severity AS is_worse,
               health.streak > 0 AND health.streak_is_worse = (given.severity > standing.severity) AS goes_on
    ) AS course
    CROSS JOIN LATERAL (
        SELECT CASE WHEN standing.severity IS NULL OR given.severity = standing.severity THEN 0
                    WHEN course.goes_on THEN health.streak + 1 ELSE 1 END AS streak,
               CASE WHEN NOT course.goes_on OR course.goes_on IS NULL THEN given.severity
                    WHEN course.is_worse THEN least(health.streak_severity, given.severity)
                    ELSE greatest(health.streak_severity, given.severity) END AS severity
    ) AS count
    CROSS JOIN LATERAL (
        SELECT CASE WHEN standing.severity IS NULL THEN given.severity
                    WHEN count.streak > 0 AND count.streak >= CASE
                         WHEN course.is_worse THEN policy.failures_to_down ELSE policy.successes_to_up END
                    THEN count.severity END AS severity
    ) AS verdict
    CROSS JOIN LATERAL (
        SELECT CASE WHEN standing.severity IS NULL OR verdict.severity = given.severity THEN 0
                    WHEN verdict.severity IS NOT NULL THEN least(count.streak, 1 + (
                        SELECT min(mod({ProbeAnswer.KEPT - 1} + health.probe_count - past.slot,
                                       {ProbeAnswer.KEPT}))
                        FROM trunks_probeanswer AS past
                        WHERE past.tenant_id = health.tenant_id AND past.gateway_id = health.gateway_id
                          AND given.severity <> CASE WHEN past.status IS NULL THEN 2
                              WHEN past.status BETWEEN 500 AND 599 AND past.status <> 501 THEN 1 ELSE 0 END
                    )) END AS streak
    ) AS rest
), stored AS (
    UPDATE trunks_gatewayhealth AS health
    SET state = coalesce(judged.to_state, health.state),
        since = CASE WHEN judged.to_state IS NULL THEN health.since ELSE %(now)s END,
        streak = judged.streak, streak_is_worse = judged.is_worse, streak_severity = judged.streak_severity,
        next_probe_at = %(claimed_at)s
            + make_interval(secs => judged.interval_s * ({1 - JITTER} + {2 * JITTER} * random())),
        probe_count = health.probe_count + 1, checked_at = %(now)s,
        status = judged.status, reason = judged.reason, cause = judged.cause, detail = judged.detail,
        rtt_us = judged.rtt_us, target = judged.target, server = judged.server
    FROM judged
    -- the claim again: the row may have been changed since it was read, and then this looks at the new one
    WHERE health.id = judged.id AND health.claim = judged.claim AND health.state = judged.from_state
    RETURNING judged.*
), changed AS (
    INSERT INTO trunks_statuschange (id, created_at, tenant_id, trunk_id, gateway_id, uri, from_state,
                                     to_state, at, previous_since, status, cause, detail)
    SELECT (lpad(to_hex((extract(epoch FROM %(now)s) * 1000)::bigint), 12, '0') || '7'
            || substr(replace(gen_random_uuid()::text, '-', ''), 14))::uuid,  -- RFC 9562 §5.7
           %(now)s, tenant_id, trunk_id, gateway_id, uri, from_state, to_state,
           %(now)s, from_since, status, cause, detail
    FROM stored WHERE to_state IS NOT NULL
), ring AS (
    INSERT INTO trunks_probeanswer (id, created_at, tenant_id, gateway_id, slot, at, status, reason, cause,
                                    detail, rtt_us, target)
    SELECT gen_random_uuid(), %(now)s, tenant_id, gateway_id, slot, %(now)s, status, reason, cause,
           detail, rtt_us, target
    FROM stored
    ON CONFLICT (tenant_id, gateway_id, slot) DO UPDATE SET
        at = EXCLUDED.at, status = EXCLUDED.status, reason = EXCLUDED.reason, cause = EXCLUDED.cause,
        detail = EXCLUDED.detail, rtt_us = EXCLUDED.rtt_us, target = EXCLUDED.target
), bucket AS (
    INSERT INTO trunks_probebucket AS bucket (tenant_id, gateway_id, starts_at, checks, answered, healthy,
                                              failures, latencies_us)
    -- a gateway that was led elsewhere within these five minutes has a second bucket, from then on
    SELECT tenant_id, gateway_id,
           greatest(date_bin('5 minutes', %(now)s, '2000-01-01T00:00:00Z'), moved_at), 1,
           (severity < 2)::integer, (severity = 0)::integer,
           CASE WHEN severity = 0 THEN '{{}}'::jsonb
                ELSE jsonb_build_object(coalesce(nullif(cause, ''), 'unexpected_answer'), 1) END,
           CASE WHEN rtt_us IS NULL THEN '{{}}'::integer[] ELSE ARRAY[rtt_us] END
    FROM stored
    ON CONFLICT (tenant_id, gateway_id, starts_at) DO UPDATE SET
        checks = bucket.checks + 1,
        answered = bucket.answered + EXCLUDED.answered,
        healthy = bucket.healthy + EXCLUDED.healthy,
        failures = bucket.failures || (
            SELECT coalesce(jsonb_object_agg(key, coalesce((bucket.failures->>key)::integer, 0) + 1), '{{}}')
            FROM jsonb_object_keys(EXCLUDED.failures) AS key),
        latencies_us = bucket.latencies_us || EXCLUDED.latencies_us
)
SELECT count(*),
       jsonb_agg(jsonb_build_array(tenant_id, trunk_id, gateway_id, from_state, to_state, cause))
           FILTER (WHERE to_state IS NOT NULL)
FROM stored
"""


def store_answers(answers: Sequence[Answer], *, claimed_at: datetime, now: datetime) -> Stored:
    """Judge and store answers, each gateway's at most once; one statement, one transaction.

    Where states change, a fixed number of statements more opens and ends incidents of their trunks.

    `claimed_at` is when they were claimed: the next probe counts from there. Answers whose claim is no
    longer the gateway's, and those for gateways that somebody is changing at this moment, are dropped.
    """
    values = {"answers": json.dumps(answers), "claimed_at": claimed_at, "now": now}
    for attempt in range(1, _STORE_ATTEMPTS + 1):
        try:
            return _store(values)
        except IntegrityError as error:
            if not partition_is_missing(error) or attempt == _STORE_ATTEMPTS:
                raise
            make_day(now.date())
        except OperationalError as error:
            # Somebody deletes a trunk of ours at this moment, in another order: they win, then we.
            if not _is_deadlock(error) or attempt == _STORE_ATTEMPTS:
                raise
    raise AssertionError("unreachable")


def _store(values: Mapping[str, Any]) -> Stored:
    with platform_context("store what probes found"), connection.cursor() as cursor:
        cursor.execute(_STORE, values)
        kept, found = cursor.fetchone()
        changes = [_change(*row) for row in json.loads(found or "[]")]
        if changes:
            follow_trunks({change.trunk_id for change in changes}, values["now"])
    return Stored(kept, changes)


def _change(tenant: str, trunk: str, gateway: str, from_state: str, to_state: str, cause: str) -> Change:
    return Change(uuid.UUID(tenant), uuid.UUID(trunk), uuid.UUID(gateway), from_state, to_state, cause)


def _is_deadlock(error: OperationalError) -> bool:
    return getattr(error.__cause__, "sqlstate", None) == "40P01"


_POSTPONE = """
WITH held AS MATERIALIZED (
    SELECT health.id, health.claim, (e->>2)::float8 AS delay_s
    FROM json_array_elements(%(claims)s::json) AS e
    JOIN trunks_gatewayhealth AS health
      ON health.gateway_id = (e->>0)::uuid AND health.claim = (e->>1)::bigint AND health.state <> 'paused'
    ORDER BY health.id
    FOR NO KEY UPDATE OF health SKIP LOCKED
)
UPDATE trunks_gatewayhealth AS health
SET next_probe_at = %(now)s + make_interval(secs => held.delay_s)
FROM held
WHERE health.id = held.id AND health.claim = held.claim
"""


def postpone(claims: Iterable[tuple[str, int, float]], now: datetime) -> None:
    """Give claims back without an answer: (gateway id, claim number, seconds until it is due again).

    Gateways that somebody is changing at this moment are due again when their lease ends, or by the change.
    """
    values: dict[str, Any] = {"now": now, "claims": json.dumps(list(claims))}
    with platform_context("postpone probes"), connection.cursor() as cursor:
        cursor.execute(_POSTPONE, values)


def oldest_due_s(now: datetime) -> float:
    """Return for how long the longest-waiting gateway has been due, in seconds; 0 when none is."""
    with platform_context("measure the probes' lag"), connection.cursor() as cursor:
        cursor.execute("SELECT min(next_probe_at) FROM trunks_gatewayhealth WHERE next_probe_at <= %s", [now])
        (oldest,) = cursor.fetchone()
    return (now - oldest).total_seconds() if oldest else 0.0


def visible_cause(cause: str) -> str:
    """Return the cause that a tenant is told for a stored one; "" stays "".

    A refused address reads like a name that does not resolve, so that nothing can be scanned through us.
    """
    told = told_cause(cause)
    return told.code if told else cause


def visible_detail(cause: str, detail: str) -> str:
    """Return the detail that a tenant may read: none where it would tell the two cases apart."""
    return "" if is_withheld_alike(cause) else detail


def visible_target(cause: str, target: str) -> str:
    """Return the address that a tenant may read; see `visible_detail`."""
    return "" if is_withheld_alike(cause) else target


def visible_failures(failures: Mapping[str, int]) -> dict[str, int]:
    """Return counts by cause as a tenant reads them."""
    told: dict[str, int] = {}
    for cause, times in failures.items():
        told[visible_cause(cause)] = told.get(visible_cause(cause), 0) + times
    return told
