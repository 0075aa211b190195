"""Reading what was told of calls. Call these inside the tenant's context."""

from __future__ import annotations

import uuid
from collections.abc import Iterable

from django.db.models import QuerySet

from callsphere.calls.enums import EventKind
from callsphere.calls.listing import calls_of
from callsphere.calls.models import Call, CallEvent, CallRetention
from tenants.models import Tenant


def call_events_of(tenant: Tenant) -> QuerySet[CallEvent]:
    """Return what was told of the tenant's calls, the newest first."""
    return CallEvent.objects.filter(tenant=tenant)


def last_call_events(tenant: Tenant, number_ids: Iterable[uuid.UUID]) -> dict[uuid.UUID, CallEvent]:
    """Return, by number, when a call came in last; numbers that were never called are left out. One query."""
    came_in = call_events_of(tenant).filter(phone_number_id__in=list(number_ids), kind=EventKind.INCOMING)
    newest = came_in.order_by("phone_number_id", "-received_at", "-id").distinct("phone_number_id")
    return {event.phone_number_id: event for event in newest if event.phone_number_id}


def calls_in_full(tenant: Tenant) -> QuerySet[Call]:
    """Return calls with all that hangs on them: legs, notes, transcript, messages, sessions."""
    return calls_of(tenant).prefetch_related(
        "legs", "notes", "transcript", "voice_messages", "sessions__version"
    )


def retention_of(tenant: Tenant) -> CallRetention:
    """Return how long a tenant's calls are kept; what it never said is not stored, and of version 1."""
    return CallRetention.objects.filter(tenant=tenant).first() or CallRetention(tenant=tenant)
