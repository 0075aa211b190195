"""The list of agents, and an agent's own page."""

from __future__ import annotations

import pytest

from agents.models import Agent
from tests.agents.conftest import edit, make_agent, make_number, make_route, make_tool, publish
from tests.agents.pages.conftest import TEMPLATE, agent_page, page, same_queries
from tests.conftest import Person
from tests.trunks.web.conftest import text_of

pytestmark = pytest.mark.django_db


def seen(person: Person, address: str) -> str:
    return text_of(person.client().get(address).content)


def test_an_empty_list_says_what_belongs_there(alice: Person) -> None:
    html = alice.client().get(page("list", alice)).content.decode()
    assert "No agents yet" in html
    assert f'class="btn btn-primary" href="{page("create", alice)}"' in html


def test_each_agent_says_what_answers(alice: Person, agent: Agent) -> None:
    make_agent(alice, "Night")
    text = seen(alice, page("list", alice))
    for words in (
        *("Version 1 answers", "The draft has unpublished changes.", "No number leads to it yet."),
        *("Night", "Not published", "It takes no calls before it is published."),
    ):
        assert words in text, words


def test_numbers_that_lead_to_an_agent_are_named(alice: Person, agent: Agent) -> None:
    night = make_agent(alice, "Night")
    publish(alice, night)
    number = make_number(alice)
    make_route(alice, number, agent, pinned_version=1, closed_action="agent", closed_agent_id=night.pk)
    text = seen(alice, page("list", alice))
    assert "+1 415-555-0101 version 1" in text
    assert "stands in at 1 number" in text
    assert "+1 415-555-0101 stands in: closed" in seen(alice, agent_page("detail", alice, night))


def test_other_tenants_agents_are_not_listed(alice: Person, charlie: Person, agent: Agent) -> None:
    make_agent(charlie, "Globex desk")
    texts = seen(alice, page("list", alice)), seen(charlie, page("list", charlie))
    assert ("Globex desk" in texts[0], "Front desk" in texts[1]) == (False, False)


def test_queries_are_the_same_for_one_and_three_agents(alice: Person) -> None:
    tool = make_tool(alice)

    def add(name: str, digits: str) -> None:
        made = make_agent(alice, name, tool_ids=[tool.pk])
        publish(alice, made)
        edit(alice, made, greeting="Hello")
        make_route(alice, make_number(alice, f"+1415555{digits}"), made)

    def grow() -> None:
        add("Two", "0102")
        add("Three", "0103")

    add("One", "0101")
    assert same_queries(alice.client(), page("list", alice), grow)


def test_an_unfinished_draft_says_what_is_left(alice: Person) -> None:
    made = make_agent(alice, template=TEMPLATE, instructions="You answer for [name of the practice].")
    text = seen(alice, agent_page("detail", alice, made))
    assert "Not ready to be published" in text
    assert "Replace [name of the practice]." in text
    assert "Publish…" not in text


def test_what_the_draft_changes_is_shown(alice: Person, agent: Agent) -> None:
    text = seen(alice, agent_page("detail", alice, agent))
    assert "The draft changes this" in text
    assert "added: Good day!" in text
    assert "Publish…" in text


def test_a_published_agent_offers_a_number_that_leads_nowhere(alice: Person, agent: Agent) -> None:
    assert "Get a phone number first" in seen(alice, agent_page("detail", alice, agent))
    number = make_number(alice)
    assert "Lead +1 415-555-0101 to it" in seen(alice, agent_page("detail", alice, agent))
    other = make_agent(alice, "Night")
    publish(alice, other)
    make_route(alice, number, other)
    assert "All your numbers lead to other agents." in seen(alice, agent_page("detail", alice, agent))
