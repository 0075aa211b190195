"""What differs between versions."""

from __future__ import annotations

import pytest

from agents.diff import Difference, differences_between
from tenants.models import Tenant
from tests.agents.conftest import edit, make_agent, publish
from tests.conftest import Person

pytestmark = pytest.mark.django_db


def test_texts_line_by_line_and_other_fields_as_they_are(alice: Person, in_acme: Tenant) -> None:
    agent = make_agent(alice, instructions="Greet.\nAsk.\nEnd.", voice="ash")
    first = publish(alice, agent)
    edit(alice, agent, instructions="Greet.\nAsk twice.\nEnd.", voice="echo")
    second = publish(alice, agent)
    assert differences_between(first, second) == [
        Difference(
            "instructions",
            "Instructions",
            "Greet.\nAsk.\nEnd.",
            "Greet.\nAsk twice.\nEnd.",
            ("@@ -1,3 +1,3 @@", " Greet.", "-Ask.", "+Ask twice.", " End."),
        ),
        Difference("voice", "Voice", "ash", "echo"),
    ]
    assert differences_between(second, edit(alice, agent, name="Other")) == []


def test_another_password_is_told_by_when_it_was_set(alice: Person, in_acme: Tenant) -> None:
    sip = {"runtime": "sip_uri", "sip_uri": "sip:agent@sbc.example.com", "sip_username": "us"}
    agent = make_agent(alice, **sip, sip_secret="first")
    version = publish(alice, agent)
    agent = edit(alice, agent, sip_secret="second")
    assert [each.field for each in differences_between(version, agent)] == ["sip_sign_in_set_at"]
