"""What became of attempts to register: stored with a fence, nothing of a claim that was lost."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection

from callsphere.lib.ids import uuid7
from tenants.context import platform_context
from trunks.bindings.claims import BindingClaim, Identity
from trunks.bindings.incidents import Finding, follow_registrations
from trunks.bindings.registering import Result, Standing
from trunks.bindings.wording import Known
from trunks.enums import RegistrationState as State
from trunks.enums import RegistrationStep as Step
from trunks.models import RegistrationAttempt, RegistrationChange


@dataclass(frozen=True, slots=True)
class BindingOutcome:
    """What became of one claim: the new standing, and the attempt as it is to be shown."""

    claim: BindingClaim
    standing: Standing
    result: Result
    step: Step
    identity: Identity
    min_expires_s: int | None
    target: str
    duration_ms: int
    messages: Sequence[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class _Before:
    """A registration's state before an attempt, and when the attempt before that ended."""

    state: State
    at: datetime | None


_STORE = """
WITH given AS MATERIALIZED (
    SELECT (e->>0)::uuid AS registration_id, (e->>1)::bigint AS claim, e->>2 AS state, e->>3 AS cause,
           e->>4 AS detail, (e->>5)::smallint AS code, e->>6 AS contact, (e->>7)::bigint AS cseq,
           (e->>8)::integer AS granted_s, (e->>9)::integer AS min_expires_s,
           (e->>10)::timestamptz AS registered_at, (e->>11)::timestamptz AS expires_at,
           (e->>12)::timestamptz AS next_attempt_at, (e->>13)::boolean AS removing,
           (e->>14)::integer AS failures, (e->>15)::integer AS refusals,
           (e->>16)::integer AS retry_after_s
    FROM json_array_elements(%(outcomes)s::json) AS e
), held AS MATERIALIZED (
    -- rows that somebody is editing are left: the edit makes them due again
    SELECT status.id, status.state, status.attempted_at FROM trunks_registrationstatus AS status
    JOIN given ON given.registration_id = status.registration_id AND given.claim = status.claim
    ORDER BY status.id FOR NO KEY UPDATE OF status SKIP LOCKED
)
UPDATE trunks_registrationstatus AS status
SET state = given.state, cause = given.cause, detail = given.detail, code = given.code,
    contact = given.contact, cseq = given.cseq, granted_s = given.granted_s,
    min_expires_s = coalesce(given.min_expires_s, status.min_expires_s),
    registered_at = given.registered_at, expires_at = given.expires_at,
    next_attempt_at = given.next_attempt_at, removing = given.removing, failures = given.failures,
    refusals = given.refusals, retry_after_s = given.retry_after_s, has_slot = false,
    attempt_count = status.attempt_count + 1,
    attempted_at = %(now)s,
    since = CASE WHEN given.state = held.state OR (given.state = 'registered' AND held.state = 'refreshing')
        THEN status.since ELSE %(now)s END
FROM given, held
WHERE status.id = held.id AND status.registration_id = given.registration_id
RETURNING status.registration_id, held.state, held.attempted_at
"""


# As JSON, for an array of texts full of quotation marks takes the driver longer than all the rest.
_STORE_ATTEMPTS = """
INSERT INTO trunks_registrationattempt (id, tenant_id, registration_id, slot, at, step, code, cause, detail,
    granted_s, duration_ms, target, messages, created_at)
SELECT (e->>0)::uuid, (e->>1)::uuid, (e->>2)::uuid, (e->>3)::smallint, %(now)s, e->>4, (e->>5)::smallint,
    e->>6, e->>7, (e->>8)::integer, (e->>9)::integer, e->>10, e->11, %(now)s
FROM jsonb_array_elements(%(attempts)s::jsonb) AS e
ON CONFLICT (tenant_id, registration_id, slot) DO UPDATE
SET at = EXCLUDED.at, step = EXCLUDED.step, code = EXCLUDED.code, cause = EXCLUDED.cause,
    detail = EXCLUDED.detail, granted_s = EXCLUDED.granted_s, duration_ms = EXCLUDED.duration_ms,
    target = EXCLUDED.target, messages = EXCLUDED.messages
"""


def store_outcomes(outcomes: Sequence[BindingOutcome], now: datetime) -> list[BindingOutcome]:
    """Store what became of claims, with changes and attempts; return those whose claim was lost."""
    with platform_context("store registrations"):
        with connection.cursor() as cursor:
            rows = json.dumps([_row(outcome) for outcome in outcomes])
            cursor.execute(_STORE, {"outcomes": rows, "now": now})
            before = {key: _Before(State(state), at) for key, state, at in cursor.fetchall()}
        kept = [outcome for outcome in outcomes if outcome.claim.registration_id in before]
        pairs = [(outcome, before[outcome.claim.registration_id]) for outcome in kept]
        RegistrationChange.objects.bulk_create(
            _change(outcome, old.state, now)
            for outcome, old in pairs
            if _is_news(old.state, outcome.standing.state)
        )
        follow_registrations(
            [_finding(outcome, now) for outcome, old in pairs if _may_be_trouble(outcome, old, now)], now
        )
        with connection.cursor() as cursor:
            attempts = json.dumps([_attempt(outcome) for outcome in kept])
            cursor.execute(_STORE_ATTEMPTS, {"attempts": attempts, "now": now})
    return [outcome for outcome in outcomes if outcome.claim.registration_id not in before]


def _is_news(before: State, after: State) -> bool:
    return before != after and not (before == State.REFRESHING and after == State.REGISTERED)


def _may_be_trouble(outcome: BindingOutcome, before: _Before, now: datetime) -> bool:
    """Whether the state changed, or the binding ran out since the attempt before or will until the next."""
    standing = outcome.standing
    if _is_news(before.state, standing.state):
        return True
    if standing.expires_at is None or before.at is None:
        return False
    return before.at < standing.expires_at <= max(now, standing.next_attempt_at or now)


def _finding(outcome: BindingOutcome, now: datetime) -> Finding:
    standing = outcome.standing
    known = Known(
        standing.state,
        since=now,
        cause=standing.cause,
        code=outcome.result.code,
        expires_at=standing.expires_at,
        next_attempt_at=standing.next_attempt_at,
        removing=standing.removing,
        retry_after_s=standing.retry_after_s,
    )
    return Finding(outcome.claim.tenant_id, outcome.claim.trunk_id, known, standing.detail)


def _row(outcome: BindingOutcome) -> list[Any]:
    standing, claim = outcome.standing, outcome.claim
    times = (standing.registered_at, standing.expires_at, standing.next_attempt_at)
    return [
        str(claim.registration_id),
        claim.number,
        standing.state,
        standing.cause,
        standing.detail[:255],
        outcome.result.code,
        outcome.identity.contact,
        outcome.identity.cseq,
        standing.granted_s,
        outcome.min_expires_s,
        *(None if at is None else at.isoformat() for at in times),
        standing.removing,
        standing.failures,
        standing.refusals,
        standing.retry_after_s,
    ]


def _change(outcome: BindingOutcome, before: State, now: datetime) -> RegistrationChange:
    return RegistrationChange(
        tenant_id=outcome.claim.tenant_id,
        trunk_id=outcome.claim.trunk_id,
        from_state=before,
        to_state=outcome.standing.state,
        at=now,
        cause=outcome.standing.cause,
        detail=outcome.standing.detail[:255],
    )


def _attempt(outcome: BindingOutcome) -> list[Any]:
    return [
        str(uuid7()),
        str(outcome.claim.tenant_id),
        str(outcome.claim.registration_id),
        outcome.claim.attempt % RegistrationAttempt.KEPT,
        outcome.step,
        outcome.result.code,
        outcome.result.cause,
        outcome.result.detail[:255],
        outcome.result.granted_s,
        outcome.duration_ms,
        outcome.target[:64],
        list(outcome.messages),
    ]
