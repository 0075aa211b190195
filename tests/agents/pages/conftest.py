"""Pages of agents: addresses, and things to look at."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from agents.invoking import request_test
from agents.models import Agent, AgentVersion, Tool, ToolInvocation
from agents.services.drafts import EDITABLE
from tenants.context import tenant_context
from tests.agents.conftest import edit, make_agent, make_tool, publish
from tests.conftest import Person

TEMPLATE = "healthcare-receptionist"


def page(name: str, person: Person, **kwargs: Any) -> str:
    """Return the address of one of the agents' pages in the person's tenant."""
    return reverse(f"agents:{name}", kwargs={"tenant": person.tenant.slug, **kwargs})


def agent_page(name: str, person: Person, agent: Agent, **kwargs: Any) -> str:
    return page(name, person, agent_id=agent.pk, **kwargs)


def stored(person: Person, agent: Agent) -> Agent:
    """Return an agent as it is stored now."""
    with tenant_context(person.tenant):
        return Agent.objects.select_related("published").get(pk=agent.pk)


def draft_of(agent: Agent, **changes: Any) -> dict[str, Any]:
    """Return what the form of a draft sends when these fields are changed."""
    sent = {name: getattr(agent, name) for name in EDITABLE} | {"version": agent.version, **changes}
    on = {name: "on" for name, value in sent.items() if value is True}
    return {name: value for name, value in sent.items() if value not in (None, False)} | on


def same_queries(browser: Client, address: str, grow: Callable[[], None]) -> bool:
    """Whether a list asks the database as often after it has grown."""

    def queries() -> int:
        browser.get(address)
        with CaptureQueriesContext(connection) as captured:
            assert browser.get(address).status_code == 200
        return len(captured)

    before = queries()
    grow()
    return queries() == before


@pytest.fixture
def agent(alice: Person) -> Agent:
    """An agent of Alice's that was published, and edited since."""
    made = make_agent(alice)
    publish(alice, made)
    return edit(alice, made, greeting="Good day!")


@pytest.fixture
def version(alice: Person, agent: Agent) -> AgentVersion:
    """What answers as that agent."""
    with tenant_context(alice.tenant):
        return AgentVersion.objects.get(agent=agent)


@pytest.fixture
def tool(alice: Person) -> Tool:
    """A tool of Alice's."""
    return make_tool(alice)


@pytest.fixture
def invocation(alice: Person, tool: Tool) -> ToolInvocation:
    """A test of that tool which waits for a worker."""
    with tenant_context(alice.tenant):
        return request_test(
            tenant=alice.tenant, actor=alice.actor, tool=tool, arguments={"day": "2027-01-04"}
        )
