"""An agent puts a caller through to a person, while the double plays the call."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest
from pytest_django.live_server_helper import LiveServer

from agents.models import AgentVersion
from callsphere.calls.builtin_tools import run_builtin
from callsphere.calls.models import Call, CallNote
from tenants.context import tenant_context
from tests.agents.conftest import make_agent, make_route, publish
from tests.conftest import Person
from tests.e2e.test_whole_calls import logged, owner, ring, states, wait_until_over  # noqa: F401  # a fixture
from tests.trunks.numbers.conftest import stored
from tests.twilio_double import DoubledTwilio
from tests.waiting import wait_until
from trunks.models import ProviderAccount

pytestmark = pytest.mark.django_db(transaction=True)
AGENT, PERSON = "sip:agent@sbc.example.com;transport=tls", "+12125550155"


def talking(person: Person, twilio: DoubledTwilio, legs: dict[str, Any]) -> tuple[str, AgentVersion]:
    """Have a caller talk with an agent; return the call's id at the provider, and the agent's version."""
    agent = make_agent(
        person,
        runtime="sip_uri",
        sip_uri=AGENT,
        builtin_tools=["transfer_to_human"],
        transfer_number=PERSON,
    )
    version = publish(person, agent)
    make_route(person, stored(person), agent)
    sid = ring(twilio, legs=legs)
    wait_until(lambda: states(person) == ["in_progress"])
    return sid, version


def transfer(person: Person, version: AgentVersion) -> dict[str, Any]:
    with tenant_context(person.tenant):
        call = Call.objects.get()
    answer = run_builtin(
        tenant=person.tenant,
        call_id=call.pk,
        version=version,
        name="transfer_to_human",
        arguments={},
        function_call_id="call_1",
    )
    told: dict[str, Any] = json.loads(answer.output)
    return told


def account(person: Person) -> str:
    with tenant_context(person.tenant):
        return ProviderAccount.objects.get().sid


def legs_of(twilio: DoubledTwilio, sid: str) -> list[tuple[str, str]]:
    state = httpx.get(f"{twilio.url}/_double/calls/{sid}", trust_env=False, timeout=60).json()
    return [(leg["to"], leg["status"]) for leg in state["legs"]]


def test_a_person_takes_over(
    owner: Person,  # noqa: F811  # the fixture
    twilio: DoubledTwilio,
    live_server: LiveServer,
) -> None:
    sid, version = talking(owner, twilio, {"*": {"talks_s": None}})
    done = {"done": True, "what_to_do": "The caller is being put through. Say nothing more."}
    assert transfer(owner, version) == done
    wait_until(lambda: legs_of(twilio, sid)[-1] == (PERSON, "in-progress"))
    asked = twilio.count
    assert (transfer(owner, version), twilio.count) == (done, asked)
    httpx.post(f"{twilio.url}/_double/calls/{sid}/hangup", json={}, trust_env=False, timeout=60)
    wait_until_over(twilio, sid)
    call = logged(owner)
    assert (call.action, call.sent_to, call.end_due_at, call.state) == ("person", PERSON, None, "ended")
    with tenant_context(owner.tenant):
        assert [(leg.kind, leg.target.partition("?")[0]) for leg in call.legs.all()] == [
            ("agent", AGENT),
            ("person", PERSON),
        ]
        assert [note.text for note in CallNote.objects.all()] == [
            f"The agent transferred the caller to {PERSON}."
        ]


def test_the_answer_was_lost_and_it_went_through(
    owner: Person,  # noqa: F811  # the fixture
    twilio: DoubledTwilio,
    live_server: LiveServer,
) -> None:
    sid, version = talking(owner, twilio, {"*": {"talks_s": None}})
    twilio.fail(kind="lose", method="POST", path=f"/Calls/{sid}.json")
    assert transfer(owner, version)["done"] is True
    assert (
        twilio.asked("POST").count(
            f"POST api.twilio.com/2010-04-01/Accounts/{account(owner)}/Calls/{sid}.json"
        )
        == 1
    )
    wait_until(lambda: legs_of(twilio, sid)[-1] == (PERSON, "in-progress"))
    assert len(legs_of(twilio, sid)) == 2
    with tenant_context(owner.tenant):
        assert (Call.objects.get().action, Call.objects.get().sent_to) == ("person", PERSON)


def test_the_request_was_lost_and_the_agent_still_has_the_caller(
    owner: Person,  # noqa: F811  # the fixture
    twilio: DoubledTwilio,
    live_server: LiveServer,
) -> None:
    sid, version = talking(owner, twilio, {"*": {"talks_s": None}})
    twilio.fail(kind="drop", method="POST", path=f"/Calls/{sid}.json")
    assert transfer(owner, version)["done"] is False
    assert [status for _to, status in legs_of(twilio, sid)] == ["in-progress"]
    with tenant_context(owner.tenant):
        assert Call.objects.get().action == "sip"


def test_nobody_answers_and_the_caller_leaves_a_message(
    owner: Person,  # noqa: F811  # the fixture
    twilio: DoubledTwilio,
    live_server: LiveServer,
) -> None:
    sid, version = talking(owner, twilio, {AGENT: {"talks_s": None}, PERSON: {"outcome": "no-answer"}})
    assert transfer(owner, version)["done"] is True
    wait_until_over(twilio, sid)
    call = logged(owner)
    assert (call.action, call.sent_to) == ("voicemail", PERSON)


def test_the_caller_has_hung_up(
    owner: Person,  # noqa: F811  # the fixture
    twilio: DoubledTwilio,
    live_server: LiveServer,
) -> None:
    sid, version = talking(owner, twilio, {"*": {"talks_s": None}})
    httpx.post(f"{twilio.url}/_double/calls/{sid}/hangup", json={}, trust_env=False, timeout=60)
    wait_until_over(twilio, sid)
    assert transfer(owner, version) == {
        "done": False,
        "what_to_do": "The caller cannot be put through. Tell them so, and offer to take a message.",
    }
    assert logged(owner).sent_to == ""
