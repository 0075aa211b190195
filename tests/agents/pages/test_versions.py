"""Publishing, versions and rolling back."""

from __future__ import annotations

from typing import Any

import pytest

from agents.models import Agent, AgentVersion
from tenants.context import tenant_context
from tests.agents.conftest import edit, make_agent, make_route, publish
from tests.agents.pages.conftest import agent_page, same_queries, stored
from tests.calls.conftest import make_line
from tests.conftest import Person
from tests.trunks.web.conftest import text_of
from trunks.models import PhoneNumber

pytestmark = pytest.mark.django_db


def send(person: Person, name: str, agent: Agent, version: int, note: str = "", **kwargs: Any) -> Any:
    sent = {"version": version, "note": note}
    return person.client().post(agent_page(name, person, agent, **kwargs), sent, follow=True)


def test_publishing_shows_what_changes_and_keeps_the_note(alice: Person, agent: Agent) -> None:
    text = text_of(alice.client().get(agent_page("publish", alice, agent)).content)
    assert ("added: Good day!" in text, "becomes version 2" in text) == (True, True)
    html = send(alice, "publish", agent, agent.version, "New greeting").content.decode()
    assert "Version 2 answers calls from now on." in html
    row = stored(alice, agent)
    assert row.published is not None
    assert (row.published.number, row.published.note) == (2, "New greeting")


def test_what_is_missing_is_said_instead(alice: Person) -> None:
    made = make_agent(alice, instructions="")
    response = alice.client().post(agent_page("publish", alice, made), {"version": made.version})
    html = response.content.decode()
    assert (response.status_code, "Say what the agent is there for." in html) == (422, True)
    assert "Publish version 1" not in html
    overview = text_of(alice.client().get(agent_page("detail", alice, made)).content)
    assert "Instructions: Say what the agent is there for." in overview


def test_texts_that_will_not_arrive_are_told_of_before(alice: Person, agent: Agent) -> None:
    number = make_line(alice).number
    make_route(alice, number, agent)
    edit(alice, agent, builtin_tools=["send_sms"])
    with tenant_context(alice.tenant):
        PhoneNumber.objects.filter(pk=number.pk).update(country="US", has_sms=True)
    words = (
        f"{number.number} is not registered for text messages, so carriers in the US do not deliver them."
        " Its callers are not sent any."
    )
    for page in ("publish", "detail"):
        assert words in text_of(alice.client().get(agent_page(page, alice, agent)).content)
    with tenant_context(alice.tenant):
        PhoneNumber.objects.update(messaging_state="registered")
    for page in ("publish", "detail"):
        assert words not in text_of(alice.client().get(agent_page(page, alice, agent)).content)


def test_nothing_new_is_not_published(alice: Person) -> None:
    made = make_agent(alice)
    publish(alice, made)
    assert "Nothing to publish" in alice.client().get(agent_page("publish", alice, made)).content.decode()
    html = send(alice, "publish", made, stored(alice, made).version).content.decode()
    assert "Nothing has changed since this agent was published." in html


def test_a_draft_that_was_edited_meanwhile_is_looked_at_first(alice: Person, agent: Agent) -> None:
    edit(alice, agent, greeting="Somebody else's")
    html = send(alice, "publish", agent, agent.version).content.decode()
    assert "Somebody edited the draft since you opened the page." in html
    assert stored(alice, agent).published_id == agent.published_id


@pytest.mark.parametrize("note", ["x" * 201, "two\x07bells"])
def test_wrong_notes(alice: Person, agent: Agent, note: str) -> None:
    sent = {"version": agent.version, "note": note}
    response = alice.client().post(agent_page("publish", alice, agent), sent)
    assert (response.status_code, response.context["form"].errors.keys()) == (422, {"note"})


def test_versions_are_compared(alice: Person, agent: Agent) -> None:
    second = publish(alice, agent)
    edit(alice, agent, voice="cedar")
    third = publish(alice, agent)
    browser = alice.client()
    text = text_of(browser.get(agent_page("version", alice, agent, version_id=third.pk)).content)
    assert ("Compared with version 2" in text, "Marin → is now Cedar" in text) == (True, True)
    other = agent_page("version", alice, agent, version_id=third.pk) + "?with=1"
    text = text_of(browser.get(other).content)
    assert ("Compared with version 1" in text, "added: Good day!" in text) == (True, True)
    text = text_of(
        browser.get(agent_page("version", alice, agent, version_id=second.pk) + "?with=no").content
    )
    assert "Compared with version 1" in text


def test_an_earlier_version_answers_again(alice: Person, agent: Agent, version: AgentVersion) -> None:
    publish(alice, agent)
    text = text_of(alice.client().get(agent_page("roll-back", alice, agent, version_id=version.pk)).content)
    assert "removed: Good day!" in text
    row = stored(alice, agent)
    html = send(alice, "roll-back", agent, row.version, version_id=version.pk).content.decode()
    assert "Version 1 answers calls from now on." in html
    row = stored(alice, agent)
    assert (row.published_id, row.greeting) == (version.pk, "Good day!")


def test_what_answers_already_is_not_rolled_back_to(
    alice: Person, agent: Agent, version: AgentVersion
) -> None:
    address = agent_page("roll-back", alice, agent, version_id=version.pk)
    assert "It answers already" in alice.client().get(address).content.decode()
    html = send(alice, "roll-back", agent, agent.version, version_id=version.pk).content.decode()
    assert "Version 1 answers calls already." in html


def test_queries_are_the_same_for_one_and_three_versions(alice: Person, agent: Agent) -> None:
    def grow() -> None:
        publish(alice, agent)
        edit(alice, agent, greeting="Hello")
        publish(alice, agent)

    assert same_queries(alice.client(), agent_page("versions", alice, agent), grow)


def test_pages_of_versions_follow_each_other(
    alice: Person, agent: Agent, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("agents.views.versions.VERSIONS_LISTED", 1)
    publish(alice, agent)
    browser = alice.client()
    first = browser.get(agent_page("versions", alice, agent))
    second = browser.get(first.context["older_url"])
    assert [each.number for each in first.context["versions"]] == [2]
    assert [each.number for each in second.context["versions"]] == [1]
    assert second.context["newest_url"] == agent_page("versions", alice, agent)


def test_a_version_of_another_agent_is_not_found(alice: Person, version: AgentVersion) -> None:
    other = make_agent(alice, "Night")
    for name in ("version", "roll-back"):
        address = agent_page(name, alice, other, version_id=version.pk)
        assert alice.client().get(address).status_code == 404
    with tenant_context(alice.tenant):
        assert AgentVersion.objects.count() == 1
