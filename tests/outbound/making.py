"""Calls that were asked for and numbers not to call, made at once."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from agents.models import Agent
from callsphere.outbound.models import DoNotCall, OutboundCall
from tenants.clock import database_now
from tenants.context import tenant_context
from tests.agents.conftest import make_agent, publish
from tests.calls.conftest import NUMBER
from tests.conftest import Person

TO = "+12125550199"


def make_order(person: Person, **fields: Any) -> OutboundCall:
    """Make a call that waits, unless fields say otherwise."""
    with tenant_context(person.tenant):
        agent = Agent.objects.select_related("published").exclude(published=None).first()
    if agent is None:
        publish(person, make_agent(person))
    with tenant_context(person.tenant):
        agent = Agent.objects.select_related("published").get()
        values = {
            "from_number": NUMBER,
            "to_number": TO,
            "agent": agent,
            "version": agent.published,
            "requested_by": "alice@example.com",
            "due_at": database_now(),
            "expires_at": database_now() + timedelta(minutes=30),
            **fields,
        }
        order: OutboundCall = OutboundCall.objects.create(tenant=person.tenant, **values)
    return order


def make_entry(person: Person, number: str = TO, reason: str = "") -> DoNotCall:
    """Put a number on the list of those not to call."""
    with tenant_context(person.tenant):
        entry: DoNotCall = DoNotCall.objects.create(tenant=person.tenant, number=number, reason=reason)
    return entry
