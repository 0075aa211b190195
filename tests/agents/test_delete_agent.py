"""Taking agents away."""

from __future__ import annotations

import pytest

from agents import services
from agents.models import Agent, AgentVersion
from callsphere.lib.errors import Refused, VersionConflict
from tenants.keys import reveal
from tenants.models import AuditEvent, Tenant
from tests.agents.conftest import edit, make_agent, publish
from tests.conftest import Person

pytestmark = pytest.mark.django_db


def delete(person: Person, agent: Agent, version: int | None = None) -> None:
    services.delete_agent(tenant=person.tenant, actor=person.actor, agent=agent, expected_version=version)


def test_it_answers_no_more_and_its_versions_stay(alice: Person, in_acme: Tenant) -> None:
    agent = make_agent(alice)
    publish(alice, agent)
    delete(alice, agent, 2)
    stored = Agent.objects.get()
    assert (stored.published, stored.deleted_at is not None, AgentVersion.objects.count()) == (None, True, 1)
    assert AuditEvent.objects.filter(verb="agent.deleted").count() == 1
    assert make_agent(alice).name == stored.name  # the name is free again


def test_its_passwords_are_destroyed_those_of_its_versions_too(alice: Person, in_acme: Tenant) -> None:
    fields = {"runtime": "sip_uri", "sip_uri": "sip:agent@sbc.example.com", "sip_username": "acme"}
    agent = make_agent(alice, **fields, sip_secret="hush")
    version = publish(alice, agent)
    assert reveal(AgentVersion.objects.get(), "sip_secret") == "hush"
    delete(alice, agent)
    version.refresh_from_db()
    assert (Agent.objects.get().sip_secret, reveal(version, "sip_secret")) == ("", "")
    assert version.sip_sign_in_set_at is not None  # that there was one, it still says


def test_it_is_gone_for_every_edit(alice: Person, in_acme: Tenant) -> None:
    agent = make_agent(alice)
    delete(alice, agent)
    with pytest.raises(Refused, match="deleted in the meantime"):
        edit(alice, agent, greeting="Hello.")
    with pytest.raises(Refused, match="deleted in the meantime"):
        delete(alice, agent)


def test_not_from_an_older_version(alice: Person, in_acme: Tenant) -> None:
    agent = make_agent(alice)
    edit(alice, agent, greeting="Hello.")
    with pytest.raises(VersionConflict):
        delete(alice, agent, 1)
