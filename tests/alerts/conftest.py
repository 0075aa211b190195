"""Incidents of the cast."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from typing import Any

import pytest

from callsphere.alerts.enums import Severity
from callsphere.alerts.models import Incident
from callsphere.alerts.services import Sighting, Subject, open_incident
from tenants.audit import Actor
from tenants.context import tenant_context
from tests.conftest import Person

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
WORKER = Actor.system("health checks")
NOBODY = uuid.UUID(int=7)


def sighting_of(person: Person, key: str = "trunk:1", **changes: Any) -> Sighting:
    """Return that something of the person's tenant is wrong."""
    values: dict[str, Any] = {
        "kind": "trunk_health",
        "severity": Severity.CRITICAL,
        "subject": Subject("trunk", NOBODY, "Main line"),
        "title": "Main line is down: no answer from the gateway",
        "cause": "no_answer",
        "detail": "Nothing came back.",
        **changes,
    }
    return Sighting(person.tenant.pk, key, **values)


def make_incident(person: Person, key: str = "trunk:1", *, now: datetime = NOON, **changes: Any) -> Incident:
    """Open an incident, or see it once more. Call it outside any context, or inside the person's tenant."""
    sighting = sighting_of(person, key, **changes)
    values = {name: getattr(sighting, name) for name in Sighting.__dataclass_fields__ if name != "tenant_id"}
    with tenant_context(person.tenant):
        return open_incident(tenant=person.tenant, actor=WORKER, now=now, **values)


@pytest.fixture
def incident(alice: Person) -> Incident:
    """Something is wrong in Alice's tenant."""
    return make_incident(alice)
