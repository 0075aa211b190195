"""Editing a draft: versions, and the password that stays with its address."""

from __future__ import annotations

import pytest

from agents import services
from agents.models import Agent
from callsphere.lib.errors import VersionConflict
from tenants.keys import reveal
from tenants.models import AuditEvent, Tenant
from tests.agents.conftest import edit, make_agent, publish
from tests.conftest import Person

pytestmark = pytest.mark.django_db
SIP = {"runtime": "sip_uri", "sip_uri": "sip:agent@sbc.example.com;transport=tls", "sip_username": "us"}


def test_an_edit_changes_the_draft_and_not_what_answers(alice: Person, in_acme: Tenant) -> None:
    agent = make_agent(alice)
    version = publish(alice, agent)
    edit(alice, agent, instructions="Answer kindly.", name="Desk")
    stored = Agent.objects.get()
    assert (stored.instructions, stored.name, stored.version) == ("Answer kindly.", "Desk", 3)
    version.refresh_from_db()
    assert (stored.published, version.instructions) == (version, "Answer the phone.")
    changes = AuditEvent.objects.get(verb="agent.updated").changes
    assert changes == {
        "name": ["Front desk", "Desk"],
        "instructions": ["Answer the phone.", "Answer kindly."],
    }


def test_an_edit_of_an_older_version_is_refused_with_both(alice: Person, in_acme: Tenant) -> None:
    agent = make_agent(alice)
    edit(alice, agent, greeting="Hello.")
    with pytest.raises(VersionConflict) as refused:
        services.edit_draft(
            tenant=in_acme, actor=alice.actor, agent=agent, expected_version=1, greeting="Good day."
        )
    assert (refused.value.yours, refused.value.theirs) == (
        {"greeting": "Good day."},
        {"greeting": "Hello."},
    )


def test_password_is_sealed_and_never_told(alice: Person, in_acme: Tenant) -> None:
    agent = make_agent(alice, **SIP, sip_secret="hush-hush")
    stored = Agent.objects.get()
    assert reveal(stored, "sip_secret") == "hush-hush"
    assert stored.sip_sign_in_set_at is not None
    assert "hush" not in f"{stored.sip_secret!r}{AuditEvent.objects.get(verb='agent.created').changes}"
    assert agent.sip_uri == "sip:agent@sbc.example.com;transport=tls"


@pytest.mark.parametrize(
    "changes",
    [
        {"sip_uri": "sip:agent@evil.example.com;transport=tls"},
        {"sip_uri": "sip:agent@sbc.example.com:5080;transport=tls"},
        {"sip_uri": "sip:agent@sbc.example.com;transport=udp"},
        {"sip_uri": ""},
        {"sip_username": "them"},
        {"sip_secret": ""},
    ],
)
def test_password_is_forgotten_when_it_would_go_to_somebody_else(
    alice: Person, in_acme: Tenant, changes: dict[str, str]
) -> None:
    agent = edit(alice, make_agent(alice, **SIP, sip_secret="hush"), runtime="openai_realtime", **changes)
    assert (agent.sip_secret, agent.sip_sign_in_set_at) == ("", None)


@pytest.mark.parametrize(
    "changes",
    [{"sip_uri": "sip:other@SBC.example.com;transport=tls"}, {"greeting": "Hello."}],
)
def test_password_stays_while_it_goes_to_the_same(
    alice: Person, in_acme: Tenant, changes: dict[str, str]
) -> None:
    edit(alice, make_agent(alice, **SIP, sip_secret="hush"), **changes)
    assert reveal(Agent.objects.get(), "sip_secret") == "hush"
