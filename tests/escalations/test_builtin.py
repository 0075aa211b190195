"""The tool `escalate`: people on call where a policy serves the agent, else as without one."""

from __future__ import annotations

from typing import Any

import pytest

from callsphere.escalations.models import Escalation, EscalationPolicy
from callsphere.escalations.services import add_person, create_policy
from callsphere.outbound.models import OutboundCall
from tenants.context import tenant_context
from tests.calls.builtin_tools.conftest import Talk, make_talk
from tests.calls.builtin_tools.test_transfer import ALARMED
from tests.calls.conftest import CALLER
from tests.conftest import Person

pytestmark = pytest.mark.django_db
ASKED = {"reason": "The kitchen burns.", "name": "Jane Roe"}


@pytest.fixture
def talk(alice: Person) -> Talk:
    talk = make_talk(alice)
    with tenant_context(alice.tenant):
        talk.line.number.country = "US"
        talk.line.number.save(update_fields=["country"])
    return talk


def serve(talk: Talk) -> EscalationPolicy:
    who: dict[str, Any] = {"tenant": talk.person.tenant, "actor": talk.person.actor}
    with tenant_context(talk.person.tenant):
        bob = add_person(**who, name="Bob", number="+12125550101")
        ids: dict[str, Any] = {"phone_number_id": talk.line.number.pk, "agent_ids": [talk.version.agent_id]}
        return create_policy(**who, name="After hours", tiers=[[bob.pk]], **ids)


def test_people_on_call_are_asked_once_in_a_call(talk: Talk) -> None:
    serve(talk)
    told = [talk.told("escalate", ASKED) for _ in range(2)]
    assert told[0] == told[1]
    assert (told[0]["done"], told[0]["state"]) == (True, "ringing")
    assert "People on call are being called" in told[0]["what_to_do"]
    (run,) = talk.rows(Escalation)
    assert (run.call_id, run.caller_number, run.summary) == (
        talk.call.pk,
        CALLER,
        "Jane Roe: The kitchen burns.",
    )
    assert [order.purpose for order in talk.rows(OutboundCall)] == ["on_call"]


def test_the_model_is_told_who_took_it(talk: Talk) -> None:
    serve(talk)
    talk.told("escalate", ASKED)
    with tenant_context(talk.person.tenant):
        run = Escalation.objects.get()
        run.state, run.accepted_name, run.tier_until = "accepted", "Bob", None
        run.accepted_at = run.ended_at = run.created_at
        run.save()
    assert talk.told("escalate", ASKED)["what_to_do"] == (
        "Bob has taken it, and calls the caller back. Tell the caller so."
    )


def test_without_a_policy_it_is_as_before(talk: Talk) -> None:
    assert talk.told("escalate", ASKED) == ALARMED
    assert talk.rows(Escalation) == []


def test_a_policy_that_cannot_start_does_not_stand_in_the_way(talk: Talk) -> None:
    serve(talk)
    with tenant_context(talk.person.tenant):
        EscalationPolicy.objects.update(phone_number=None)
    assert talk.told("escalate", ASKED) == ALARMED
