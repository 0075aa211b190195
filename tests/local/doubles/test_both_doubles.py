"""Twilio's double and OpenAI's on one line: the one dials, the other answers, as far as our side lets it."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from callsphere.local.doubles.twilio.voice.agents import AgentSide
from callsphere.providers.openai import accept_call, hang_up_call, refer_call, reject_call, sip_address
from tests.openai_double import DoubledOpenAI
from tests.openai_double import openai_double as openai_double
from tests.voice_peers import NUMBER, OurSide, Phone
from tests.voice_peers import ours as ours
from tests.voice_peers import phone as phone
from tests.waiting import wait_until

SESSION = {"type": "realtime", "model": "gpt-realtime-2.1", "instructions": "You answer for Acme Dental."}


@pytest.fixture
def line(phone: Phone, openai_double: DoubledOpenAI) -> Phone:
    """A number whose calls are led to an agent."""
    phone.twilio.twilio.switchboard.agents = AgentSide.at(f"{openai_double.url}/v1", "")
    sip = f"<Sip statusCallback='/leg'>{sip_address()}?X-Cs-Call=a%2Fb</Sip>"
    phone.says("/voice", f"<Dial action='/next' answerOnBridge='true' referUrl='/refer'>{sip}</Dial>")
    phone.says("/next", "<Say>And then.</Say>")
    phone.says("/refer", "<Say>I put you through.</Say>")
    return phone


def arrived(openai_double: DoubledOpenAI) -> dict[str, Any]:
    """Return the call at OpenAI's side once it is there."""
    calls: list[dict[str, Any]] = []

    def is_there() -> bool:
        answer = httpx.get(f"{openai_double.url}/_double/calls", trust_env=False, timeout=60)
        calls[:] = answer.json()["calls"]
        return bool(calls)

    wait_until(is_there)
    return calls[0]


def test_agent_hangs_up(line: Phone, ours: OurSide, openai_double: DoubledOpenAI) -> None:
    sid = line.ring(script="books-an-appointment")
    there = arrived(openai_double)
    headers = {each["name"]: each["value"] for each in there["sip_headers"]}

    accept_call(there["call_id"], SESSION)
    leg = line.wait_for_leg(sid, "in-progress")
    hang_up_call(there["call_id"])
    call = line.over(sid)

    assert (headers["X-Cs-Call"], headers["X-Twilio-CallSid"]) == ("a/b", leg["sid"])
    assert NUMBER in headers["Diversion"]
    assert there["script"] == "books an appointment"
    assert (call["status"], call["said"]) == ("completed", ["And then."])
    assert ours.told("/next")[0]["DialCallStatus"] == "completed"


def test_agent_rejects(line: Phone, ours: OurSide, openai_double: DoubledOpenAI) -> None:
    sid = line.ring()

    reject_call(arrived(openai_double)["call_id"], 503)
    line.over(sid)

    assert (ours.told("/next")[0]["DialCallStatus"], ours.told("/leg")[0]["SipResponseCode"]) == (
        *("failed", "503"),
    )


def test_agent_refers(line: Phone, ours: OurSide, openai_double: DoubledOpenAI) -> None:
    sid = line.ring()
    there = arrived(openai_double)
    accept_call(there["call_id"], SESSION)
    line.wait_for_leg(sid, "in-progress")

    refer_call(there["call_id"], "tel:+14155550199")

    assert line.over(sid)["said"] == ["I put you through."]
    assert ours.told("/refer")[0]["ReferTransferTarget"] == "tel:+14155550199"


def test_caller_hangs_up(line: Phone, openai_double: DoubledOpenAI) -> None:
    sid = line.ring()
    there = arrived(openai_double)
    accept_call(there["call_id"], SESSION)
    line.wait_for_leg(sid, "in-progress")

    line.control(f"calls/{sid}/hangup", {})

    assert openai_double.wait_for(there["call_id"], "ended")["ended_by"] == "caller"
    assert line.over(sid)["status"] == "completed"


def test_script_that_is_not_there_is_named(line: Phone) -> None:
    call = line.play(script="sings-a-song")
    why = next(event["why"] for event in call["events"] if event["kind"] == "trouble")
    assert why.startswith("OpenAI's double answered 400: There is no script 'sings-a-song'")


def test_project_that_is_nobodys_is_not_there(line: Phone, ours: OurSide) -> None:
    dial = "<Dial action='/next'><Sip statusCallback='/leg'>sip:proj_x@sip.api.openai.com</Sip></Dial>"
    line.says("/voice", dial)
    line.play()
    assert ours.told("/leg")[0]["SipResponseCode"] == "404"
