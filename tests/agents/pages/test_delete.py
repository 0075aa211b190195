"""Taking an agent away."""

from __future__ import annotations

import pytest

from agents.models import Agent
from tests.agents.conftest import edit, make_number, make_route
from tests.agents.pages.conftest import agent_page, page, stored
from tests.conftest import Person

pytestmark = pytest.mark.django_db


def test_it_is_gone(alice: Person, agent: Agent) -> None:
    browser = alice.client()
    response = browser.post(agent_page("delete", alice, agent), {"version": agent.version})
    assert (response.status_code, response["Location"]) == (302, page("list", alice))
    assert browser.get(agent_page("detail", alice, agent)).status_code == 404


def test_while_a_number_leads_to_it_the_page_says_which(alice: Person, agent: Agent) -> None:
    make_route(alice, make_number(alice), agent)
    browser = alice.client()
    html = browser.get(agent_page("delete", alice, agent)).content.decode()
    assert ("+1 415-555-0101" in html, "Delete the agent" in html) == (True, False)
    response = browser.post(agent_page("delete", alice, agent), {"version": agent.version}, follow=True)
    assert "Lead calls to +1 415-555-0101 elsewhere first." in response.content.decode()
    assert stored(alice, agent).deleted_at is None


def test_what_was_edited_meanwhile_is_looked_at_first(alice: Person, agent: Agent) -> None:
    edit(alice, agent, greeting="Hello")
    response = alice.client().post(agent_page("delete", alice, agent), {"version": agent.version})
    assert response["Location"] == agent_page("delete", alice, agent)
    assert stored(alice, agent).deleted_at is None
