"""Every page of agents, asked by everybody: the owner, a member who only reads, a stranger, nobody."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from agents.models import Agent, AgentVersion, ToolInvocation
from agents.urls import urlpatterns
from tests.agents.conftest import make_hours
from tests.agents.pages.conftest import page
from tests.conftest import Person

pytestmark = pytest.mark.django_db
NAMES = sorted(str(pattern.name) for pattern in urlpatterns)
READ = {"list", "detail", "versions", "version", "tools", "tool", "invocation", "hours"}
ABOUT_NOTHING = {"list", "create", "tools", "tool-create", "hours", "hours-create"}


@pytest.fixture
def addresses(
    alice: Person, agent: Agent, version: AgentVersion, invocation: ToolInvocation
) -> dict[str, str]:
    """The address of every page in Alice's tenant."""
    parts: dict[str, Any] = {"agent_id": agent.pk, "version_id": version.pk}
    parts |= {"tool_id": invocation.tool_id, "invocation_id": invocation.pk, "hours_id": make_hours(alice).pk}
    found = {}
    for pattern in urlpatterns:
        wanted = {name: value for name, value in parts.items() if name in str(pattern.pattern)}
        found[str(pattern.name)] = page(str(pattern.name), alice, **wanted)
    return found


@pytest.mark.parametrize("name", NAMES)
def test_alice_sees_every_page(name: str, alice: Person, addresses: dict[str, str]) -> None:
    assert alice.client().get(addresses[name]).status_code == 200


@pytest.mark.parametrize("name", NAMES)
def test_bob_reads_and_changes_nothing(name: str, bob: Person, addresses: dict[str, str]) -> None:
    browser = bob.client()
    assert browser.get(addresses[name]).status_code == (200 if name in READ else 403)
    assert browser.post(addresses[name]).status_code == 403


def test_bob_sees_no_controls(bob: Person, addresses: dict[str, str]) -> None:
    for name in READ:
        html = bob.client().get(addresses[name]).content.decode()
        main = html.partition("<main")[2].partition("</main>")[0]
        assert '<form method="post"' not in main, name
        for part in ("/new/", "/edit/", "/publish/", "/delete/", "/roll-back/", "/test/", "/secret/"):
            assert part not in main, (name, part)


@pytest.mark.parametrize("name", NAMES)
def test_charlie_finds_nothing(name: str, charlie: Person, addresses: dict[str, str]) -> None:
    browser = charlie.client()
    own = addresses[name].replace("/acme-dental/", f"/{charlie.tenant.slug}/")
    assert browser.get(addresses[name]).status_code == 404
    assert browser.post(addresses[name]).status_code == 404
    if name not in ABOUT_NOTHING:
        assert browser.get(own).status_code == 404
        assert browser.post(own).status_code in (404, 405)


@pytest.mark.parametrize("name", NAMES)
def test_nobody_is_asked_to_sign_in(name: str, addresses: dict[str, str]) -> None:
    response = Client().get(addresses[name])
    assert (response.status_code, response["Location"].startswith("/accounts/login/")) == (302, True)
