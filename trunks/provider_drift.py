"""The incident of a trunk that somebody changed at its provider: it opens when a look finds that, and ends.

Whoever stores the state of a trunk at its provider calls this in the same transaction.
"""

from __future__ import annotations

import uuid
from datetime import datetime

from callsphere.alerts.enums import Severity
from callsphere.alerts.kinds import IncidentKind, add_kind
from callsphere.alerts.services import Recovery, Sighting, Subject, open_incidents, resolve_incidents
from tenants.audit import Actor

PROVIDER_DRIFT = IncidentKind("provider_drift", "Trunk was changed at its provider")
_ACTOR = Actor.system("provisioning")


def add_kinds() -> None:
    """Register the kind of incident."""
    add_kind(PROVIDER_DRIFT)


def drift_found(
    *, tenant_id: uuid.UUID, trunk_id: uuid.UUID, name: str, parts: list[str], now: datetime
) -> None:
    """Open the incident, or update it. `parts` say in words what was changed."""
    shown = "; ".join(parts[:5]) + ("; and more" if len(parts) > 5 else "")
    sighting = Sighting(
        tenant_id=tenant_id,
        key=_key(trunk_id),
        kind=PROVIDER_DRIFT.code,
        severity=Severity.WARNING,
        subject=Subject("trunk", trunk_id, name),
        title=f"{name} was changed at Twilio",
        detail=f"{shown}. Take over what is there, or put back what is here, on the trunk's page At Twilio.",
    )
    open_incidents(actor=_ACTOR, sightings=[sighting], now=now)


def drift_over(*, tenant_id: uuid.UUID, trunk_id: uuid.UUID, note: str, now: datetime) -> None:
    """End the incident, where there is one."""
    resolve_incidents(actor=_ACTOR, recoveries=[Recovery(tenant_id, _key(trunk_id), note)], now=now)


def _key(trunk_id: uuid.UUID) -> str:
    return f"trunk:{trunk_id}:provider_drift"
