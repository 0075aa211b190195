"""Incidents of calls in which somebody needs a person at once."""

from __future__ import annotations

from datetime import datetime

from callsphere.alerts.enums import Severity
from callsphere.alerts.kinds import IncidentKind, add_kind
from callsphere.alerts.services import Sighting, Subject, open_incidents
from callsphere.calls.models import Call
from tenants.audit import Actor

ESCALATED = IncidentKind("call_escalated", "Caller needs a person")
_ACTOR = Actor.system("agents")


def add_kinds() -> None:
    """Make the kinds of incidents of calls known."""
    add_kind(ESCALATED)


def tell_escalated(call: Call, now: datetime) -> None:
    """Open the incident that an agent could reach nobody for a caller, or count one more try in this call."""
    agent = call.agent.name if call.agent else "An agent"
    sighting = Sighting(
        tenant_id=call.tenant_id,
        key=f"call:{call.pk}:escalated",
        kind=ESCALATED.code,
        severity=Severity.CRITICAL,
        subject=Subject("call", call.pk, str(call)),
        title=f"{agent}: a caller needs a person, and could not be put through",
        detail="An urgent message was taken. Read it, and call back.",
    )
    open_incidents(actor=_ACTOR, sightings=[sighting], now=now)
