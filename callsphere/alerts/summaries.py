"""What pages show of incidents: rows ready to print. A fixed number of queries for any number of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from callsphere.alerts.enums import Resolution, Severity
from callsphere.alerts.kinds import kind_label
from callsphere.alerts.models import Incident
from callsphere.sip.causes import CAUSES, Cause
from tenants.audit_lines import urls_of
from tenants.models import Tenant

# How a state looks, as the design system names looks.
_LOOKS = {Severity.CRITICAL: "fail", Severity.WARNING: "warn"}
_OVER = "pass"


@dataclass(frozen=True, slots=True)
class IncidentRow:
    """An incident in words.

    `look` is how its state looks; `subject_url` is empty when the subject is gone.
    """

    incident: Incident
    look: str
    kind: str
    cause: Cause | None
    subject_url: str

    @property
    def state(self) -> str:
        """The state's first words: "Critical" while it is open, "Resolved" afterwards."""
        return self.incident.get_severity_display() if self.incident.is_open else "Resolved"

    @property
    def tone(self) -> str:
        """The tone in which its cause is told."""
        return "info" if self.look == _OVER else self.look

    @property
    def lasted(self) -> timedelta | None:
        """From the first sighting to the end; None while it is open."""
        end = self.incident.resolved_at
        return end - self.incident.opened_at if end else None

    @property
    def ended_by_person(self) -> bool:
        """Whether somebody resolved it, rather than the trouble being over."""
        return self.incident.resolution == Resolution.CLOSED


def incident_rows(tenant: Tenant, incidents: Sequence[Incident]) -> list[IncidentRow]:
    """Return a line for each incident. One query for each kind of subject among them."""
    urls = urls_of(tenant, ((each.subject_kind, each.subject_id) for each in incidents))
    return [_row(each, urls.get((each.subject_kind, each.subject_id), "")) for each in incidents]


def _row(incident: Incident, subject_url: str) -> IncidentRow:
    return IncidentRow(
        incident,
        look=_OVER if incident.resolved_at else _LOOKS[Severity(incident.severity)],
        kind=kind_label(incident.kind),
        cause=CAUSES.get(incident.cause),
        subject_url=subject_url,
    )
