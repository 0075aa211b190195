"""A draft becomes a version, which nobody changes any more."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest
from django.core.exceptions import ValidationError
from django.db import connection

from agents import services
from agents.models import Agent, AgentVersion
from agents.models.agents import CONFIGURED
from callsphere.lib.errors import Refused, VersionConflict
from tenants.audit import Actor
from tenants.context import tenant_context
from tenants.keys import reveal
from tenants.models import AuditEvent, Tenant
from tenants.services.key_rotation import replace_data_keys
from tests.agents.conftest import edit, make_agent, publish
from tests.conftest import Person

pytestmark = pytest.mark.django_db
SIP = {"runtime": "sip_uri", "sip_uri": "sip:agent@sbc.example.com;transport=tls", "sip_username": "us"}


def test_versions_are_counted_and_hold_what_the_draft_said(alice: Person, in_acme: Tenant) -> None:
    agent = make_agent(alice, voice="coral", builtin_tools=["hang_up"], idle_timeout_ms=8000)
    publish(alice, agent)
    edit(alice, agent, voice="echo")
    second = services.publish(
        tenant=in_acme, actor=alice.actor, agent=agent, expected_version=3, note="A deeper voice"
    )
    stored = Agent.objects.get()
    assert [(v.number, v.voice, v.note) for v in stored.versions.order_by("number")] == [
        (1, "coral", ""),
        (2, "echo", "A deeper voice"),
    ]
    assert (stored.published, stored.version, second.published_by) == (second, 4, "alice@example.com")
    same = [name for name in CONFIGURED if getattr(second, name) != getattr(stored, name)]
    assert same == []
    event = AuditEvent.objects.filter(verb="agent.published").first()
    assert event is not None
    assert (event.changes, event.reason) == ({"published_version": [1, 2]}, "A deeper voice")


@pytest.mark.parametrize(
    ("fields", "field", "code"),
    [
        ({"instructions": ""}, "instructions", "required"),
        ({"runtime": "media_stream"}, "stream_url", "required"),
        ({"runtime": "sip_uri"}, "sip_uri", "required"),
        (SIP, "sip_secret", "required"),
        ({"builtin_tools": ["transfer_to_human"]}, "transfer_number", "required"),
    ],
)
def test_what_takes_no_calls_is_not_published(
    alice: Person, in_acme: Tenant, fields: dict[str, Any], field: str, code: str
) -> None:
    agent = make_agent(alice, **fields)
    with pytest.raises(ValidationError) as refused:
        publish(alice, agent)
    assert [(name, each[0].code) for name, each in refused.value.error_dict.items()] == [(field, code)]
    assert not AgentVersion.objects.exists()


def test_words_of_the_template_are_replaced_first(alice: Person, in_acme: Tenant) -> None:
    agent = make_agent(alice, template="healthcare-receptionist", transfer_number="+12125550155")
    with pytest.raises(ValidationError) as refused:
        publish(alice, agent)
    assert refused.value.message_dict == {"greeting": ["Replace [name of the practice]."]}
    edit(alice, agent, greeting="Thank you for calling Acme Dental [the one on Main Street].")
    assert publish(alice, agent).number == 1


def test_nothing_new_is_not_published_again(alice: Person, in_acme: Tenant) -> None:
    agent = make_agent(alice)
    publish(alice, agent)
    edit(alice, agent, name="Another name")
    with pytest.raises(Refused, match="Nothing has changed"):
        publish(alice, agent)


def test_a_draft_that_somebody_edited_meanwhile_is_not_published(alice: Person, in_acme: Tenant) -> None:
    agent = make_agent(alice)
    edit(alice, agent, greeting="Hello.")
    with pytest.raises(VersionConflict):
        services.publish(tenant=in_acme, actor=alice.actor, agent=agent, expected_version=1)


def test_a_version_has_its_own_password(alice: Person, in_acme: Tenant) -> None:
    agent = make_agent(alice, **SIP, sip_secret="first")
    first = publish(alice, agent)
    edit(alice, agent, sip_secret="second")
    second = publish(alice, agent)
    found = [reveal(AgentVersion.objects.get(pk=each.pk), "sip_secret") for each in (first, second)]
    assert found == ["first", "second"]


def test_passwords_of_versions_are_sealed_anew_with_the_tenants_key(alice: Person) -> None:
    version = publish(alice, make_agent(alice, **SIP, sip_secret="hush"))
    assert replace_data_keys(Actor.system("test")) >= 2
    with tenant_context(alice.tenant):
        stored = AgentVersion.objects.get()
        assert (reveal(stored, "sip_secret"), stored.sip_secret != version.sip_secret) == ("hush", True)


@pytest.mark.parametrize(
    "statement",
    ["UPDATE agents_agentversion SET instructions = 'other'", "DELETE FROM agents_agentversion"],
)
def test_the_database_changes_no_version(alice: Person, in_acme: Tenant, statement: str) -> None:
    publish(alice, make_agent(alice))
    raw = connection.connection
    with pytest.raises(psycopg.errors.InsufficientPrivilege), raw.transaction():
        raw.execute(statement)


def test_an_agent_answers_only_as_a_version_of_its_own(alice: Person, in_acme: Tenant) -> None:
    version = publish(alice, make_agent(alice))
    other = make_agent(alice, "Other")
    raw = connection.connection
    raw.execute("SAVEPOINT before")
    raw.execute(
        "UPDATE agents_agent SET published_id = %s, published_at = now() WHERE id = %s",
        [version.pk, other.pk],
    )
    with pytest.raises(psycopg.errors.ForeignKeyViolation, match="own_version"):
        raw.execute("SET CONSTRAINTS ALL IMMEDIATE")
    raw.execute("ROLLBACK TO SAVEPOINT before")
