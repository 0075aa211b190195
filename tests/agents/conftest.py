"""Agents to work with."""

from __future__ import annotations

from typing import Any

from agents import services
from agents.models import Agent, AgentVersion
from tenants.context import tenant_context
from tests.conftest import Person


def make_agent(person: Person, name: str = "Front desk", **fields: Any) -> Agent:
    """Give a person an agent that could be published."""
    with tenant_context(person.tenant):
        return services.create_agent(
            tenant=person.tenant,
            actor=person.actor,
            name=name,
            **{"instructions": "Answer the phone.", **fields},
        )


def publish(person: Person, agent: Agent) -> AgentVersion:
    """Publish what an agent's draft says now."""
    with tenant_context(person.tenant):
        return services.publish(tenant=person.tenant, actor=person.actor, agent=agent, expected_version=None)


def edit(person: Person, agent: Agent, **changes: Any) -> Agent:
    """Edit a draft, whatever its version."""
    with tenant_context(person.tenant):
        return services.edit_draft(
            tenant=person.tenant, actor=person.actor, agent=agent, expected_version=None, **changes
        )
