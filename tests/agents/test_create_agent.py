"""Making agents, empty or from a template."""

from __future__ import annotations

import pytest
from django.core.exceptions import ValidationError

from agents import services
from agents.agent_templates import agent_templates
from agents.models import Agent
from agents.services.agents import AGENTS_PER_TENANT
from callsphere.lib.errors import LimitReached
from tenants.models import AuditEvent, Tenant
from tests.agents.conftest import make_agent
from tests.conftest import Person

pytestmark = pytest.mark.django_db


def test_empty_agent_has_what_every_agent_starts_with(alice: Person, in_acme: Tenant) -> None:
    agent = services.create_agent(tenant=in_acme, actor=alice.actor, name=" Front desk ")
    stored = Agent.objects.get()
    assert (stored.pk, stored.name, stored.published, stored.version) == (agent.pk, "Front desk", None, 1)
    assert (stored.runtime, stored.model, stored.voice, stored.longest_call_s) == (
        "openai_realtime",
        "gpt-realtime-2.1",
        "marin",
        1800,
    )
    event = AuditEvent.objects.get(verb="agent.created")
    assert event.changes["name"] == [None, "Front desk"]


def test_template_fills_in_the_draft_and_what_is_given_comes_on_top(alice: Person, in_acme: Tenant) -> None:
    template = agent_templates()["healthcare-receptionist"]
    agent = make_agent(alice, template=template.key, instructions="Ours.", voice="coral")
    assert (agent.template, agent.instructions, agent.voice) == (template.key, "Ours.", "coral")
    assert (agent.greeting, agent.safety_rules) == (template.greeting, template.safety_rules)
    assert agent.builtin_tools == sorted(template.builtin_tools, key=list(template_order()).index)


def template_order() -> list[str]:
    from agents.enums import BuiltinTool

    return list(BuiltinTool.values)


@pytest.mark.parametrize(
    ("fields", "field", "code"),
    [
        ({"template": "sales"}, "template", "invalid_choice"),
        ({"name": ""}, "name", "blank"),
        ({"name": "a\nb"}, "name", "control"),
        ({"instructions": "a" * 16_001}, "instructions", "max_length"),
        ({"greeting": "Hello\x00"}, "greeting", "control"),
        ({"language": "xx-YY"}, "language", "language"),
        ({"language": ""}, "language", "language"),
        ({"voice": "bob"}, "voice", "invalid_choice"),
        ({"model": "gpt-realtime"}, "model", "invalid_choice"),
        ({"vad_threshold": 1.5}, "vad_threshold", "max_value"),
        ({"longest_call_s": 3501}, "longest_call_s", "invalid"),
        ({"longest_call_s": 10}, "longest_call_s", "min_value"),
        ({"builtin_tools": ["dance"]}, "builtin_tools", "invalid_choice"),
        ({"transfer_number": "555"}, "transfer_number", "number_invalid"),
        ({"sip_uri": "agent@example.com"}, "sip_uri", "uri_invalid"),
        ({"sip_uri": "sip:a:b@example.com"}, "sip_uri", "uri_invalid"),
        ({"sip_uri": "sip:a@example.com;maddr=10.0.0.1"}, "sip_uri", "uri_invalid"),
        ({"sip_uri": "sip:a@10.1.2.3"}, "sip_uri", "address_refused"),
        ({"stream_url": "https://a.example.com"}, "stream_url", "url_invalid"),
        ({"stream_url": "wss://u:p@a.example.com"}, "stream_url", "url_invalid"),
        ({"stream_url": "wss://a.example.com/?call=1"}, "stream_url", "url_invalid"),
        ({"stream_url": "wss://a.example.com:99999/"}, "stream_url", "url_invalid"),
        ({"stream_url": "wss://192.168.0.1/"}, "stream_url", "address_refused"),
        ({"sip_secret": "hush"}, "sip_secret", "secret_without_address"),
    ],
)
def test_wrong_fields_are_named(
    alice: Person, in_acme: Tenant, fields: dict[str, object], field: str, code: str
) -> None:
    with pytest.raises(ValidationError) as refused:
        make_agent(alice, **fields)  # type: ignore[arg-type]  # some are wrong on purpose
    assert [(name, errors[0].code) for name, errors in refused.value.error_dict.items()] in (
        [(field, code)],
        [(field, None)],
    )
    assert not Agent.objects.exists()


def test_the_number_of_a_person_is_kept_as_it_is_dialled(alice: Person, in_acme: Tenant) -> None:
    assert make_agent(alice, transfer_number=" +1 (212) 555-0177 ").transfer_number == "+12125550177"


def test_longer_calls_are_fine_where_no_session_of_openai_ends_them(alice: Person, in_acme: Tenant) -> None:
    agent = make_agent(
        alice, runtime="media_stream", stream_url="WSS://agent.example.com:8084/calls", longest_call_s=7200
    )
    assert (agent.stream_url, agent.longest_call_s) == ("wss://agent.example.com:8084/calls", 7200)


def test_a_name_is_given_once_whatever_its_case(alice: Person, in_acme: Tenant) -> None:
    make_agent(alice)
    with pytest.raises(ValidationError) as refused:
        make_agent(alice, "FRONT DESK")
    assert refused.value.message_dict == {"name": ["You have an agent of this name."]}


def test_there_is_room_for_so_many(alice: Person, in_acme: Tenant) -> None:
    Agent.objects.bulk_create(Agent(tenant=in_acme, name=f"A{n}") for n in range(AGENTS_PER_TENANT))
    with pytest.raises(LimitReached, match="100 agents"):
        make_agent(alice)
