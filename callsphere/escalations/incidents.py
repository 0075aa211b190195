"""Incidents of escalations that nobody took."""

from __future__ import annotations

from datetime import datetime

from callsphere.alerts.enums import Severity
from callsphere.alerts.kinds import IncidentKind, add_kind
from callsphere.alerts.services import Recovery, Sighting, Subject, open_incidents, resolve_incidents
from callsphere.escalations.models import Escalation
from tenants.audit import Actor

UNANSWERED = IncidentKind("escalation_unanswered", "Nobody took an escalation")
ACTOR = Actor.system("escalations")


def add_kinds() -> None:
    """Make the kinds of incidents of escalations known."""
    add_kind(UNANSWERED)


def tell_unanswered(run: Escalation, now: datetime) -> None:
    """Open the run's one incident: it stays open until somebody says that it is dealt with."""
    sighting = Sighting(
        tenant_id=run.tenant_id,
        key=_key(run),
        kind=UNANSWERED.code,
        severity=Severity.CRITICAL,
        subject=Subject("escalation", run.pk, str(run)),
        title=f"{run.policy_name}: a caller needs help, and nobody on call took it",
        detail="Everybody was called. Read the escalation, call the caller back, and resolve this.",
    )
    open_incidents(actor=ACTOR, sightings=[sighting], now=now)


def tell_taken(run: Escalation, now: datetime) -> None:
    """End the run's incident where somebody took it late."""
    recovery = Recovery(run.tenant_id, _key(run), f"{run.accepted_name} took it late.")
    resolve_incidents(actor=ACTOR, recoveries=[recovery], now=now)


def tell_canceled(run: Escalation, now: datetime) -> None:
    """End the run's incident where somebody canceled it."""
    resolve_incidents(actor=ACTOR, recoveries=[Recovery(run.tenant_id, _key(run), "Canceled.")], now=now)


def _key(run: Escalation) -> str:
    return f"escalation:{run.pk}:unanswered"
