"""Edits at the same time, on connections of their own."""

from __future__ import annotations

from typing import Any

import pytest

from agents import services
from agents.models import Agent, AgentVersion, NumberRoute
from tenants.context import tenant_context
from tests.agents.conftest import make_agent, make_number, make_route, publish
from tests.conftest import Person
from tests.racing import endings_of

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_draft_is_published_once(alice: Person) -> None:
    agent = make_agent(alice)
    who: dict[str, Any] = {"tenant": alice.tenant, "actor": alice.actor, "agent": agent}
    endings = endings_of(alice, *[lambda: services.publish(**who, expected_version=None)] * 3)
    assert endings == ["Refused", "Refused", "done"]
    with tenant_context(alice.tenant):
        assert [each.number for each in AgentVersion.objects.all()] == [1]


def test_no_route_leads_to_an_agent_that_is_deleted_meanwhile(alice: Person) -> None:
    agent, number = make_agent(alice), make_number(alice)
    publish(alice, agent)
    who: dict[str, Any] = {"tenant": alice.tenant, "actor": alice.actor}
    endings = endings_of(
        alice,
        lambda: services.delete_agent(**who, agent=agent),
        lambda: make_route(alice, number, agent),
    )
    assert endings in (["Refused", "done"], ["ValidationError", "done"])
    with tenant_context(alice.tenant):
        is_routed = NumberRoute.objects.exists()
        assert Agent.objects.filter(deleted_at=None).exists() == is_routed
