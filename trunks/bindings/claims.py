"""Which registrations are due, lent to one worker at a time.

A claim raises a number in the row and lends it until the lease ends; what is stored names that number (see
`trunks.bindings.outcomes`). An edit raises it too, so that nothing of an attempt under way is stored for what
is wanted now. A claim also sets CSeq numbers aside, so that they rise whatever becomes of the worker
(RFC 3261 §10.2).
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from django.db import connection

from callsphere.sip.transport.profile import TlsProfile
from tenants.context import platform_context
from tenants.keys import reveal_all
from trunks.bindings.incidents import Finding, follow_registrations
from trunks.bindings.pace import Waiter, put_off
from trunks.bindings.registering import Standing
from trunks.bindings.wording import Known
from trunks.enums import RegistrationState as State
from trunks.models import DigestCredential, RegistrationChange
from trunks.tls_profiles import Choice, choices_at, profiles_of

LEASE_S = 75.0
"""How long a worker has: longer than an attempt may take (see `trunks.bindings.registrar`)."""
CSEQ_SET_ASIDE = 256
"""More REGISTERs than one attempt can need: 16 targets, two raised intervals and a few challenges at each."""
GIVEN_BACK_S = 5.0
"""When a claim is tried again that this machine could not ask for."""
SWITCHED_OFF_S = 600
"""A customer who is switched off is looked at again after so long."""


@dataclass(frozen=True, slots=True)
class Identity:
    """Who we are on the wire for one binding; `contact` is empty before the first attempt."""

    call_id: str
    from_tag: str
    contact: str
    cseq: int


@dataclass(frozen=True, slots=True)
class BindingClaim:
    """A registration lent to this worker. `password` is in clear, and for the registrar alone."""

    registration_id: uuid.UUID
    tenant_id: uuid.UUID
    trunk_id: uuid.UUID
    number: int
    attempt: int
    registrar: str
    host: str
    username: str
    expires_s: int
    identity: Identity
    standing: Standing
    auth_username: str
    realm: str
    password: str | None
    late_s: float
    tls: TlsProfile | None = None
    tls_choice: Choice | None = None

    def __repr__(self) -> str:
        return f"BindingClaim({self.registration_id}, {self.number})"


_NO_FAREWELL = """NOT EXISTS (
        -- the same binding of something deleted or edited is taken away first
        SELECT FROM trunks_registrationfarewell AS farewell
        WHERE farewell.tenant_id = registration.tenant_id AND farewell.registrar = registration.registrar
          AND farewell.username = registration.username)"""

# A binding that lapsed while nobody looked is told as such before anything else happens.
_CLAIM = f"""
WITH due AS MATERIALIZED (
    SELECT status.id, status.next_attempt_at, status.state, status.has_slot
    FROM trunks_registrationstatus AS status
    JOIN trunks_registration AS registration ON registration.id = status.registration_id
    WHERE status.next_attempt_at <= %(now)s AND {_NO_FAREWELL}
    ORDER BY status.next_attempt_at LIMIT %(limit)s
    FOR NO KEY UPDATE OF status SKIP LOCKED
)
UPDATE trunks_registrationstatus AS status
SET claim = status.claim + 1,
    cseq = status.cseq + %(set_aside)s,
    has_slot = false, -- taken up now: whoever claims after us, should we die, needs another
    state = CASE
        WHEN status.removing OR due.state NOT IN ('registered', 'refreshing') THEN due.state
        WHEN status.expires_at <= %(now)s THEN 'expired' ELSE 'refreshing' END,
    since = CASE WHEN due.state IN ('registered', 'refreshing') AND status.expires_at <= %(now)s
        AND NOT status.removing THEN status.expires_at ELSE status.since END,
    next_attempt_at = %(now)s + make_interval(secs =>
        CASE WHEN tenant.is_active THEN %(lease)s ELSE %(switched_off)s END)
FROM due, trunks_registration AS registration
JOIN trunks_trunk AS trunk ON trunk.id = registration.trunk_id
JOIN tenants_tenant AS tenant ON tenant.id = trunk.tenant_id
WHERE status.id = due.id AND registration.id = status.registration_id
RETURNING status.registration_id, status.tenant_id, registration.trunk_id, status.claim, status.attempt_count,
    registration.registrar, registration.host, registration.username,
    greatest(registration.expires_s, coalesce(status.min_expires_s, 0)),
    status.call_id, status.from_tag, status.contact, status.cseq - %(set_aside)s,
    status.state, due.state, status.granted_s, status.expires_at, status.registered_at, status.removing,
    status.failures, status.refusals, status.cause, status.detail,
    registration.credential_id, due.has_slot, due.next_attempt_at, tenant.is_active
"""


_GIVE_BACK = """
UPDATE trunks_registrationstatus AS status SET next_attempt_at = %(soon)s,
    state = CASE WHEN status.state = 'refreshing' THEN 'registered' ELSE status.state END
FROM json_array_elements(%(given)s::json) AS e
WHERE status.registration_id = (e->>0)::uuid AND status.claim = (e->>1)::bigint
"""


_OLDEST_DUE = f"""
SELECT min(status.next_attempt_at) FROM trunks_registrationstatus AS status
JOIN trunks_registration AS registration ON registration.id = status.registration_id
WHERE status.next_attempt_at <= %s AND {_NO_FAREWELL}
"""


def oldest_due_s(now: datetime) -> float:
    """Return for how long the longest-waiting registration has been due, in seconds; 0 when none is."""
    with platform_context("measure the registrations' lag"), connection.cursor() as cursor:
        cursor.execute(_OLDEST_DUE, [now])
        (oldest,) = cursor.fetchone()
    return (now - oldest).total_seconds() if oldest else 0.0


def claim_due(now: datetime, limit: int, *, rate: float) -> list[BindingClaim]:
    """Lend up to `limit` due registrations, those that waited longest; other workers skip them meanwhile.

    Each registrar's host is asked at most `rate` times a second (0: no limit), whoever asks: what is over
    gets the next free time of that host, in its row, and is claimed again then.
    """
    values: dict[str, Any] = {
        "now": now,
        "limit": limit,
        "set_aside": CSEQ_SET_ASIDE,
        "lease": LEASE_S,
        "switched_off": SWITCHED_OFF_S,
    }
    with platform_context("claim due registrations"):
        with connection.cursor() as cursor:
            cursor.execute(_CLAIM, values)
            rows = [row for row in cursor.fetchall() if row[-1]]
        rows.sort(key=lambda row: row[-2])
        _tell_lapsed(rows, now)
        rows = _within_pace(rows, now, rate)
        credentials = DigestCredential.objects.in_bulk({row[23] for row in rows if row[23] is not None})
        passwords = reveal_all((credentials[pk] for pk in _sendable(rows, credentials)), "secret")
        choices = choices_at((row[2], row[5]) for row in rows)
        profiles = profiles_of(choices.values())
    claims = [_claim(row, now, credentials, passwords) for row in rows]
    return [
        replace(claim, tls=profiles.get(choice), tls_choice=choice)
        if (choice := choices.get((claim.trunk_id, claim.registrar))) is not None
        else claim
        for claim in claims
    ]


def give_back(claims: Sequence[BindingClaim], now: datetime) -> None:
    """Have what could not be asked for tried again soon: this machine lacked something, not the registrar."""
    pairs = [(str(claim.registration_id), claim.number) for claim in claims]
    values: dict[str, Any] = {"given": json.dumps(pairs), "soon": now + timedelta(seconds=GIVEN_BACK_S)}
    with platform_context("give registrations back"), connection.cursor() as cursor:
        cursor.execute(_GIVE_BACK, values)


def _sendable(
    rows: Iterable[tuple[Any, ...]], credentials: Mapping[uuid.UUID, DigestCredential]
) -> set[uuid.UUID]:
    """The credentials whose password was entered for the registrar it would go to now."""
    wanted = {(row[23], row[6]) for row in rows if row[23] in credentials}
    return {pk for pk, host in wanted if host in credentials[pk].bound_hosts}


def _claim(
    row: tuple[Any, ...],
    now: datetime,
    credentials: dict[uuid.UUID, DigestCredential],
    passwords: dict[uuid.UUID, str],
) -> BindingClaim:
    credential = credentials.get(row[23])
    return BindingClaim(
        registration_id=row[0],
        tenant_id=row[1],
        trunk_id=row[2],
        number=row[3],
        attempt=row[4],
        registrar=row[5],
        host=row[6],
        username=row[7],
        expires_s=row[8],
        identity=Identity(row[9], row[10], row[11], row[12]),
        standing=Standing(
            State(row[13]),
            granted_s=row[15],
            expires_at=row[16],
            registered_at=row[17],
            removing=row[18],
            failures=row[19],
            refusals=row[20],
            cause=row[21],
            detail=row[22],
        ),
        auth_username=credential.username if credential is not None else "",
        realm=credential.realm if credential is not None else "",
        password=passwords.get(credential.pk) if credential is not None else None,
        late_s=(now - row[25]).total_seconds(),
    )


def _tell_lapsed(rows: Iterable[tuple[Any, ...]], now: datetime) -> None:
    lapsed = [row for row in rows if row[13] == State.EXPIRED and row[14] != State.EXPIRED]
    RegistrationChange.objects.bulk_create(
        RegistrationChange(
            tenant_id=row[1],
            trunk_id=row[2],
            from_state=row[14],
            to_state=State.EXPIRED,
            at=row[16],
            detail="It was not refreshed in time.",
        )
        for row in lapsed
    )
    follow_registrations(
        [Finding(row[1], row[2], Known(State.EXPIRED, since=row[16])) for row in lapsed], now
    )


_PUT_OFF = """
UPDATE trunks_registrationstatus AS status SET next_attempt_at = (e->>1)::timestamptz, has_slot = true,
    state = CASE WHEN status.state = 'refreshing' THEN 'registered' ELSE status.state END
FROM json_array_elements(%(later)s::json) AS e WHERE status.registration_id = (e->>0)::uuid
"""


def _within_pace(rows: list[tuple[Any, ...]], now: datetime, rate: float) -> list[tuple[Any, ...]]:
    later = put_off((Waiter(row[0], row[6], row[24], row[25]) for row in rows), now, rate)
    if later:
        pairs = [(str(pk), slot.isoformat()) for pk, slot in later.items()]
        with connection.cursor() as cursor:
            cursor.execute(_PUT_OFF, {"later": json.dumps(pairs)})
    return [row for row in rows if row[0] not in later]
