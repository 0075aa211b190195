"""What the support desk sees of agents, tools, business hours and routes."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from agents.invoking import request_test
from agents.models import Agent, AgentVersion, BusinessHours, NumberRoute, Tool, ToolInvocation
from tenants.context import tenant_context
from tests.agents.conftest import edit, make_agent, make_hours, make_number, make_route, make_tool, publish
from tests.conftest import Person
from tests.tenants.conftest import desk as support
from tests.tenants.conftest import sam

__all__ = ["sam", "support"]
pytestmark = pytest.mark.django_db
MODELS = (Agent, AgentVersion, Tool, ToolInvocation, BusinessHours, NumberRoute)
NAMES = [str(model._meta.model_name) for model in MODELS]
SIP = {"runtime": "sip_uri", "sip_uri": "sip:agent@sbc.example.com", "sip_username": "desk"}


def address(name: str, page: str, row: Any = None) -> str:
    return reverse(f"admin:agents_{name}_{page}", args=[row.pk] if row else [])


def add(person: Person, digits: str = "0101") -> None:
    """Give a person one of everything."""
    tool = make_tool(person, name=f"tool_{digits}", secret_headers={"Authorization": "Bearer canary"})
    agent = make_agent(person, f"Desk {digits}", tool_ids=[tool.pk], sip_secret="canary password", **SIP)
    publish(person, agent)
    edit(person, agent, instructions="")
    hours = make_hours(person, name=f"Office {digits}")
    make_route(person, make_number(person, f"+1415555{digits}"), agent, hours_id=hours.pk)
    with tenant_context(person.tenant):
        request_test(tenant=person.tenant, actor=person.actor, tool=tool, arguments={"day": "canary day"})


@pytest.fixture
def rows(alice: Person) -> dict[str, Any]:
    add(alice)
    with tenant_context(alice.tenant):
        return {str(model._meta.model_name): model._default_manager.get() for model in MODELS}


@pytest.mark.parametrize("name", NAMES)
def test_support_looks_and_edits_nothing(support: Client, rows: dict[str, Any], name: str) -> None:
    row = rows[name]
    assert "Acme Dental" in support.get(address(name, "changelist")).content.decode()
    assert support.get(address(name, "change", row)).status_code == 200
    assert support.post(address(name, "change", row), {"name": "x"}).status_code == 403
    assert support.post(address(name, "delete", row)).status_code == 403
    assert support.get(address(name, "add")).status_code == 403


@pytest.mark.parametrize("name", NAMES)
def test_nothing_secret_is_shown(support: Client, rows: dict[str, Any], name: str) -> None:
    html = support.get(address(name, "change", rows[name])).content.decode()
    sealed = [
        getattr(rows[name], field, "")
        for field in ("sip_secret", "secret_headers", "signing_secret", "sealed_arguments")
    ]
    assert "canary" not in html
    assert [text for text in sealed if text and str(text) in html] == []


@pytest.mark.parametrize("name", NAMES)
def test_queries_do_not_grow_with_rows(support: Client, alice: Person, name: str) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert support.get(address(name, "changelist")).status_code == 200
        return len(captured)

    add(alice)
    queries()
    with_one = queries()
    add(alice, "0102")
    add(alice, "0103")
    assert queries() == with_one


def test_pages_say_what_support_is_asked(support: Client, rows: dict[str, Any]) -> None:
    def page(name: str) -> str:
        return support.get(address(name, "change", rows[name])).content.decode()

    assert "+14155550101" in page("agent")
    assert "tool_0101: Free times of a day" in page("agentversion")
    assert "Waits for a worker" in page("toolinvocation")
    assert "Monday: 09:00-17:00" in page("businesshours")
    assert "Too many calls: Voicemail  never happens" in page("numberroute")


def test_what_a_draft_lacks_is_said(support: Client, alice: Person) -> None:
    agent = make_agent(alice, instructions="")
    html = support.get(address("agent", "change", agent)).content.decode()
    assert "instructions: Say what the agent is there for." in html


@pytest.mark.parametrize(
    ("name", "query", "is_there"),
    [("agent", "0101", True), ("agent", "Night", False), ("tool", "tools.example.com", True),
     ("numberroute", "14155550101", True), ("numberroute", "14155550199", False)],
)  # fmt: skip
def test_rows_are_found(support: Client, rows: dict[str, Any], name: str, query: str, is_there: bool) -> None:
    html = support.get(f"{address(name, 'changelist')}?q={query}").content.decode()
    assert (address(name, "change", rows[name]) in html) is is_there
