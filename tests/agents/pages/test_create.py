"""Making an agent, from nothing or from a template."""

from __future__ import annotations

import pytest

from agents.models import Agent
from tenants.context import tenant_context
from tests.agents.pages.conftest import TEMPLATE, agent_page, page
from tests.conftest import Person
from tests.trunks.web.conftest import text_of

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("template", ["", TEMPLATE])
def test_it_leads_to_the_draft(alice: Person, template: str) -> None:
    response = alice.client().post(page("create", alice), {"name": "Front desk", "template": template})
    with tenant_context(alice.tenant):
        made = Agent.objects.get()
    assert (response.status_code, response["Location"]) == (302, agent_page("edit", alice, made))
    assert (made.name, made.template, bool(made.instructions)) == ("Front desk", template, bool(template))


def test_the_page_says_what_a_template_does(alice: Person) -> None:
    text = text_of(alice.client().get(page("create", alice)).content)
    for words in ("Healthcare receptionist", "[name of the practice]", "Transfer to a human", "safety rules"):
        assert words in text, words


@pytest.mark.parametrize(
    ("sent", "words"),
    [
        ({"name": ""}, "Give the agent a name"),
        ({"name": "Front desk", "template": "butcher"}, "Select a valid choice"),
        ({"name": "Front\x07desk"}, "Remove line breaks, control characters and invisible characters."),
    ],
)
def test_wrong_input(alice: Person, sent: dict[str, str], words: str) -> None:
    response = alice.client().post(page("create", alice), sent)
    assert (response.status_code, words in response.content.decode()) == (422, True)


def test_a_name_is_given_once(alice: Person, agent: Agent) -> None:
    response = alice.client().post(page("create", alice), {"name": "front DESK"})
    assert (response.status_code, "You have an agent of this name." in response.content.decode()) == (
        422,
        True,
    )
