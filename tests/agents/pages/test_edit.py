"""Editing a draft."""

from __future__ import annotations

from typing import Any

import pytest

from agents.models import Agent
from tenants.context import tenant_context
from tests.agents.conftest import edit, make_agent, make_tool
from tests.agents.pages.conftest import TEMPLATE, agent_page, draft_of, stored
from tests.conftest import Person
from tests.trunks.web.conftest import text_of

pytestmark = pytest.mark.django_db


def send(person: Person, agent: Agent, **changes: Any) -> Any:
    return person.client().post(agent_page("edit", person, agent), draft_of(agent, **changes))


def test_the_draft_is_saved_and_nothing_else(alice: Person, agent: Agent) -> None:
    tool = make_tool(alice)
    response = send(alice, agent, greeting="Hello!", builtin_tools=["hang_up"], tool_ids=[str(tool.pk)])
    row = stored(alice, agent)
    assert (response.status_code, response["Location"]) == (302, agent_page("detail", alice, agent))
    assert (row.greeting, row.builtin_tools, row.published and row.published.greeting) == (
        "Hello!",
        ["hang_up"],
        "",
    )
    page = alice.client().get(agent_page("edit", alice, agent))
    assert page.context["form"]["tool_ids"].value() == [str(tool.pk)]


def test_words_of_the_template_are_pointed_at(alice: Person) -> None:
    made = make_agent(alice, template=TEMPLATE, instructions="Be kind.")
    text = text_of(alice.client().get(agent_page("edit", alice, made)).content)
    assert text.count("[name of the practice]") == 3  # on top, above the greeting, and in it
    assert "Left to fill in here:" in text


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"name": ""}, "Give the agent a name"),
        ({"longest_call_s": "3600"}, "Use at most 3500 seconds"),
        ({"longest_call_s": "5"}, "Use 30 to 14400 seconds."),
        ({"language": "klingon"}, "Write a language tag"),
        ({"runtime": "media_stream", "stream_url": "http://example.com"}, "no encrypted WebSocket address"),
        ({"runtime": "sip_uri", "sip_uri": "sip:agent@10.0.0.1"}, "cannot be reached from the internet"),
        ({"transfer_number": "555"}, "country code"),
        ({"sip_secret": "secret"}, "Enter the SIP URI and the user name that the password is for."),
        ({"vad_threshold": "2"}, "Use 0 to 1"),
    ],
)
def test_wrong_input(alice: Person, agent: Agent, changes: dict[str, str], words: str) -> None:
    response = send(alice, agent, **changes)
    html = response.content.decode()
    assert (response.status_code, words in html) == (422, True)
    assert stored(alice, agent).version == agent.version


def test_a_password_is_kept_until_it_is_replaced_or_forgotten(alice: Person) -> None:
    sip = {"runtime": "sip_uri", "sip_uri": "sip:agent@sbc.example.com", "sip_username": "desk"}
    made = make_agent(alice, **sip, sip_secret="first secret")
    html = alice.client().get(agent_page("edit", alice, made)).content.decode()
    assert ("first secret" in html, "Leave it empty to keep the stored one." in html) == (False, True)
    send(alice, made, name="Reception")
    kept = stored(alice, made)
    assert (kept.name, bool(kept.sip_secret)) == ("Reception", True)
    send(alice, kept, forget_secret="on")
    assert not stored(alice, made).sip_secret


def test_another_address_asks_for_the_password_again(alice: Person) -> None:
    sip = {"runtime": "sip_uri", "sip_uri": "sip:agent@sbc.example.com", "sip_username": "desk"}
    made = make_agent(alice, **sip, sip_secret="first secret")
    response = alice.client().post(
        agent_page("edit", alice, made), draft_of(made, sip_uri="sip:agent@other.example.com"), follow=True
    )
    assert "enter it again" in response.content.decode()


def test_two_people_at_once_see_both_versions(alice: Person, agent: Agent) -> None:
    edit(alice, agent, greeting="Theirs")
    response = send(alice, agent, greeting="Yours")
    html = response.content.decode()
    assert (response.status_code, "Theirs" in html, "Yours" in html) == (409, True, True)
    assert stored(alice, agent).greeting == "Theirs"


def test_two_people_at_once_see_each_others_tools(alice: Person, agent: Agent) -> None:
    theirs, yours = (make_tool(alice, name=name) for name in ("find_slot", "cancel_visit"))
    edit(alice, agent, tool_ids=[theirs.pk])
    response = send(alice, agent, tool_ids=[str(yours.pk)])
    assert response.status_code == 409
    assert response.context["conflict_rows"] == [
        {"label": "Your own tools", "theirs": "find_slot", "yours": "cancel_visit"}
    ]
    form = response.context["form"]
    assert form["tool_ids"].value() == [str(yours.pk)]
    assert send(alice, agent, tool_ids=[str(yours.pk)], version=form["version"].value()).status_code == 302
    chosen = stored(alice, agent).tool_choices
    with tenant_context(alice.tenant):
        assert [each.tool_id for each in chosen.all()] == [yours.pk]


def test_tools_that_were_not_touched_stay_as_somebody_else_chose_them(alice: Person, agent: Agent) -> None:
    browser = alice.client()
    opened = browser.get(agent_page("edit", alice, agent)).context["form"].fields["version"].widget.opened
    edit(alice, agent, tool_ids=[make_tool(alice).pk])
    changed = stored(alice, agent)
    browser.post(agent_page("edit", alice, agent), {**draft_of(changed, greeting="Hi"), "opened": opened})
    page = browser.get(agent_page("edit", alice, agent))
    assert (len(page.context["form"]["tool_ids"].value()), stored(alice, agent).greeting) == (1, "Hi")


def test_another_tenants_tool_is_not_offered_or_taken(alice: Person, charlie: Person, agent: Agent) -> None:
    tool = make_tool(charlie, name="stolen")
    assert "stolen" not in alice.client().get(agent_page("edit", alice, agent)).content.decode()
    assert send(alice, agent, tool_ids=[str(tool.pk)]).status_code == 422
