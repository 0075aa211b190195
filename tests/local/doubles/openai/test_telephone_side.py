"""Twilio's double leads calls here, as Twilio leads them to OpenAI."""

from __future__ import annotations

import pytest

from callsphere.local.doubles.twilio.voice.agents import AgentSide, AgentState, NotThere
from callsphere.providers.openai import accept_call, hang_up_call, refer_call, reject_call, sip_address
from tests.openai_double import DoubledOpenAI

SESSION = {"type": "realtime", "model": "gpt-realtime-2.1"}
HEADERS = [("X-Cs-Call", "token"), ("Diversion", "<sip:+14155550100@twilio.com>;reason=unconditional")]


def invite(double: DoubledOpenAI, script: str = "stays silent") -> tuple[AgentSide, str]:
    side = AgentSide(double.url)
    return side, side.invite(f"{sip_address()}?X-Cs-Call=token@1", HEADERS, script)


def test_headers_arrive(openai_double: DoubledOpenAI) -> None:
    side, call_id = invite(openai_double)

    headers = [(each["name"], each["value"]) for each in openai_double.call(call_id)["sip_headers"]]
    assert headers[-2:] == HEADERS
    assert ("To", f"<{sip_address()}>") in headers
    assert side.has(sip_address())
    assert side.state(call_id) == AgentState("ringing")


def test_agent_takes_the_call_and_ends_it(openai_double: DoubledOpenAI) -> None:
    side, call_id = invite(openai_double)

    accept_call(call_id, SESSION)
    assert side.state(call_id) == AgentState("accepted")

    hang_up_call(call_id)
    assert side.state(call_id) == AgentState("ended", ended_by="agent")


def test_agent_refuses(openai_double: DoubledOpenAI) -> None:
    side, call_id = invite(openai_double)

    reject_call(call_id, 503)

    assert side.state(call_id) == AgentState("rejected", status_code=503)


def test_agent_hands_the_caller_over(openai_double: DoubledOpenAI) -> None:
    side, call_id = invite(openai_double)
    accept_call(call_id, SESSION)

    refer_call(call_id, "tel:+14155550199")

    assert side.state(call_id).referred_to == "tel:+14155550199"


def test_caller_hangs_up(openai_double: DoubledOpenAI) -> None:
    side, call_id = invite(openai_double)
    accept_call(call_id, SESSION)

    side.hang_up(call_id)

    assert side.state(call_id) == AgentState("ended", ended_by="caller")


def test_another_project_is_not_here(openai_double: DoubledOpenAI) -> None:
    with pytest.raises(NotThere):
        AgentSide(openai_double.url).invite("sip:proj_1@sip.api.openai.com", HEADERS, "")
