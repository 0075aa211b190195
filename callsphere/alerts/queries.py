"""Reading incidents. Call these inside a context."""

from __future__ import annotations

import base64
import binascii
import json
import uuid
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q, QuerySet

from callsphere.alerts.enums import State
from callsphere.alerts.models import Incident
from tenants.models import Tenant

PAGE_SIZE = 50


@dataclass(frozen=True, slots=True)
class Page:
    """A stretch of the list, and the cursor of the stretch after it (empty for the last)."""

    rows: list[Incident]
    next: str = ""


def incidents_of(tenant: Tenant) -> QuerySet[Incident]:
    """Return a tenant's incidents: the open ones first, then those that ended last."""
    return Incident.objects.filter(tenant=tenant)


def matching(
    incidents: QuerySet[Incident], *, state: str = "", severity: str = "", kind: str = ""
) -> QuerySet[Incident]:
    """Narrow incidents to the open or resolved ones, to one severity, and to one kind."""
    if state:
        incidents = incidents.filter(resolved_at__isnull=state == State.OPEN)
    if severity:
        incidents = incidents.filter(severity=severity)
    return incidents.filter(kind=kind) if kind else incidents


def page_of(incidents: QuerySet[Incident], cursor: str = "", size: int = PAGE_SIZE) -> Page:
    """Return one page of `incidents_of`, found by its place in the order, not by counting rows.

    `cursor` comes from another page's `next`; one that cannot be read means the first page.
    """
    place = _read_cursor(cursor)
    if place is not None:
        incidents = incidents.filter(_beyond(*place))
    rows = list(incidents[: size + 1])
    shown = rows[:size]
    return Page(shown, _cursor(shown[-1]) if len(rows) > size else "")


def _beyond(resolved_at: datetime | None, opened_at: datetime, pk: uuid.UUID) -> Q:
    older = Q(opened_at__lt=opened_at) | Q(opened_at=opened_at, pk__lt=pk)
    if resolved_at is None:
        return Q(resolved_at__isnull=True) & older | Q(resolved_at__isnull=False)
    return Q(resolved_at__lt=resolved_at) | Q(resolved_at=resolved_at) & older


def _cursor(incident: Incident) -> str:
    ended = incident.resolved_at.isoformat() if incident.resolved_at else ""
    place = json.dumps([ended, incident.opened_at.isoformat(), str(incident.pk)])
    return base64.urlsafe_b64encode(place.encode()).decode().rstrip("=")


def _read_cursor(text: str) -> tuple[datetime | None, datetime, uuid.UUID] | None:
    if not text:
        return None
    try:
        ended, opened, pk = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
        return _moment(ended) if ended else None, _moment(opened), uuid.UUID(pk)
    except (ValueError, TypeError, AttributeError, binascii.Error):
        return None


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError("a moment without its time zone")
    return moment
