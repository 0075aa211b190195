"""An earlier version answers again."""

from __future__ import annotations

import pytest
from django.core.exceptions import ValidationError

from agents import services
from agents.models import Agent
from callsphere.lib.errors import Refused
from tenants.models import AuditEvent, Tenant
from tests.agents.conftest import edit, make_agent, publish
from tests.conftest import Person

pytestmark = pytest.mark.django_db


def roll_back(person: Person, agent: Agent, number: int) -> None:
    services.roll_back(
        tenant=person.tenant, actor=person.actor, agent=agent, expected_version=None, number=number
    )


def test_the_pointer_moves_and_the_draft_stays(alice: Person, in_acme: Tenant) -> None:
    agent = make_agent(alice)
    first = publish(alice, agent)
    edit(alice, agent, greeting="Hello.")
    publish(alice, agent)
    roll_back(alice, agent, 1)
    stored = Agent.objects.get()
    assert (stored.published, stored.greeting, stored.versions.count()) == (first, "Hello.", 2)
    assert AuditEvent.objects.get(verb="agent.rolled_back").changes == {"published_version": [2, 1]}
    # and what was rolled back can be published again: as a version of its own
    assert publish(alice, agent).number == 3


def test_only_to_another_version_that_there_is(alice: Person, in_acme: Tenant) -> None:
    agent = make_agent(alice)
    publish(alice, agent)
    with pytest.raises(Refused, match="Version 1 answers calls already"):
        roll_back(alice, agent, 1)
    with pytest.raises(ValidationError) as refused:
        roll_back(alice, agent, 2)
    assert refused.value.message_dict == {"number": ["There is no such version."]}
