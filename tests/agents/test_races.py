"""Edits at the same time, on connections of their own."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import connections

from agents import services
from agents.models import Agent, AgentVersion, NumberRoute
from callsphere.lib.errors import Refused
from tenants.context import tenant_context
from tests.agents.conftest import make_agent, make_number, make_route, publish
from tests.conftest import Person

pytestmark = pytest.mark.django_db(transaction=True)


def at_once(person: Person, *actions: Callable[[], Any]) -> list[str]:
    """Run the actions together, each in a transaction of its own; return how each ended."""
    barrier = Barrier(len(actions))

    def run(action: Callable[[], Any]) -> str:
        try:
            barrier.wait(60)
            with tenant_context(person.tenant):
                action()
            return "done"
        except (ValidationError, Refused) as error:
            return type(error).__name__
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(actions)) as pool:
        return sorted(pool.map(run, actions))


def test_a_draft_is_published_once(alice: Person) -> None:
    agent = make_agent(alice)
    who: dict[str, Any] = {"tenant": alice.tenant, "actor": alice.actor, "agent": agent}
    endings = at_once(alice, *[lambda: services.publish(**who, expected_version=None)] * 3)
    assert endings == ["Refused", "Refused", "done"]
    with tenant_context(alice.tenant):
        assert [each.number for each in AgentVersion.objects.all()] == [1]


def test_no_route_leads_to_an_agent_that_is_deleted_meanwhile(alice: Person) -> None:
    agent, number = make_agent(alice), make_number(alice)
    publish(alice, agent)
    who: dict[str, Any] = {"tenant": alice.tenant, "actor": alice.actor}
    endings = at_once(
        alice,
        lambda: services.delete_agent(**who, agent=agent),
        lambda: make_route(alice, number, agent),
    )
    assert endings in (["Refused", "done"], ["ValidationError", "done"])
    with tenant_context(alice.tenant):
        is_routed = NumberRoute.objects.exists()
        assert Agent.objects.filter(deleted_at=None).exists() == is_routed
