"""What became of registrations means for their incidents: one opens, says what is wrong now, or ends.

A trunk has one open incident of its registration while it is refused, has run out, or cannot be made while
the carrier does not have it any more. Who changes a registration's state calls this in the same transaction.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from callsphere.alerts.enums import Severity
from callsphere.alerts.kinds import IncidentKind
from callsphere.alerts.services import Recovery, Sighting, Subject, open_incidents, resolve_incidents
from tenants.audit import Actor
from trunks.bindings.wording import Known, told, told_state
from trunks.enums import RegistrationState as State
from trunks.models import Trunk
from trunks.wording import is_withheld_alike, told_cause

REGISTRATION = IncidentKind("registration", "Trunk is not registered")
_ACTOR = Actor.system("registrations")
_TITLES = {
    State.REJECTED: "{} is refused registration: {}",
    State.UNREACHABLE: "{} cannot register: {}",
    State.THROTTLED: "{} has to wait with its registration: {}",
    State.EXPIRED: "{} is no longer registered: it was not refreshed in time",
}


@dataclass(frozen=True, slots=True)
class Finding:
    """What is known of a trunk's registration after its state has changed, or its binding has run out."""

    tenant_id: uuid.UUID
    trunk_id: uuid.UUID
    known: Known
    detail: str = ""


def follow_registrations(findings: Collection[Finding], now: datetime) -> None:
    """Open, update or end the incidents of registrations. A fixed number of statements for any number."""
    troubled = [each for each in findings if _is_trouble(each.known, now)]
    if troubled:
        trunks = Trunk.objects.in_bulk([each.trunk_id for each in troubled])
        sightings = [
            _sighting(each, trunks[each.trunk_id].name, now) for each in troubled if each.trunk_id in trunks
        ]
        open_incidents(actor=_ACTOR, sightings=sightings, now=now)
    over = [each for each in findings if each.known.state == State.REGISTERED and each.known.bound(now)]
    _end([(each.tenant_id, each.trunk_id) for each in over], "Registered again.", now)


def end_registration_incident(trunk_id: uuid.UUID, tenant_id: uuid.UUID, note: str, now: datetime) -> None:
    """End the incident of a registration that is not wanted any more."""
    _end([(tenant_id, trunk_id)], note, now)


def _end(trunks: Collection[tuple[uuid.UUID, uuid.UUID]], note: str, now: datetime) -> None:
    recoveries = [Recovery(tenant_id, _key(trunk_id), note) for tenant_id, trunk_id in trunks]
    if recoveries:
        resolve_incidents(actor=_ACTOR, recoveries=recoveries, now=now)


def _is_trouble(known: Known, now: datetime) -> bool:
    """Whether people should know: a silent or busy registrar alone costs nothing while the binding lasts."""
    state = told_state(known, now)
    if state in (State.REJECTED, State.EXPIRED):
        return True
    return state in (State.UNREACHABLE, State.THROTTLED) and not _lasts(known, now)


def _lasts(known: Known, now: datetime) -> bool:
    """Whether the carrier still has the registration when it is asked next."""
    return known.bound(max(now, known.next_attempt_at or now))


def _sighting(finding: Finding, name: str, now: datetime) -> Sighting:
    known = finding.known
    state = told_state(known, now)
    cause = told_cause(known.cause)
    lasts = _lasts(known, now) and known.next_attempt_at is not None
    return Sighting(
        tenant_id=finding.tenant_id,
        key=_key(finding.trunk_id),
        kind=REGISTRATION.code,
        severity=Severity.WARNING if lasts else Severity.CRITICAL,
        subject=Subject("trunk", finding.trunk_id, name),
        title=_TITLES[state].format(name, told(known, now).detail),
        cause=cause.code if cause else "",
        # The same words for an address that we refuse as for a name that does not exist.
        detail="" if is_withheld_alike(known.cause) else finding.detail,
    )


def _key(trunk_id: uuid.UUID) -> str:
    return f"trunk:{trunk_id}:registration"
