"""What happened to gateways, the newest first. Call these inside a context."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime

from django.db.models import Q, QuerySet

from tenants.models import Tenant
from trunks.models import RegistrationChange, StatusChange


def changes_of(tenant: Tenant) -> QuerySet[StatusChange]:
    """Return the changes of state of all of a tenant's gateways, the newest first."""
    return StatusChange.objects.filter(tenant=tenant).select_related("trunk", "gateway")


def changes_before(
    changes: QuerySet[StatusChange], place: tuple[datetime, uuid.UUID] | None
) -> QuerySet[StatusChange]:
    """Return the changes that are older than a place in the history; all of them for None."""
    if place is None:
        return changes
    at, change_id = place
    return changes.filter(Q(at__lt=at) | Q(at=at, id__lt=change_id))


def place_of(change: StatusChange | RegistrationChange) -> str:
    """Write a change's place in the history, for the address of the next page."""
    return f"{change.at:%Y%m%dT%H%M%S.%fZ}_{change.pk}"


def read_place(text: str) -> tuple[datetime, uuid.UUID] | None:
    """Read what `place_of` wrote; None for anything else."""
    moment, _, change_id = text.partition("_")
    try:
        at = datetime.strptime(moment, "%Y%m%dT%H%M%S.%fZ").replace(tzinfo=UTC)
        return at, uuid.UUID(change_id)
    except ValueError:
        return None
