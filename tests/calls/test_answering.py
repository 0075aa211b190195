"""Calls go where the number's route leads, and somewhere else when nobody takes them there."""

from __future__ import annotations

import threading
from typing import Any
from xml.etree import ElementTree

import jwt
import pytest
from django.db import close_old_connections
from django.test import Client

from agents.models import Agent
from agents.models.agents import LONGEST_ADDRESS
from callsphere.calls import sentences
from callsphere.calls.instructions import LEAVE_A_MESSAGE
from callsphere.calls.models import Call, RealtimeSession
from callsphere.calls.tokens import (
    HEADER,
    SessionName,
    TokenInvalid,
    published_keys,
    read_session,
    stream_audience,
)
from callsphere.checks import LONGEST_PUBLIC_URL
from callsphere.providers.twilio.twiml import LONGEST_PARAMETER
from tenants.context import tenant_context
from tests.agents.conftest import make_agent, make_hours, make_route, publish
from tests.calls.conftest import CALLER, NUMBER, Line, new_sid

PERSON = "+14155550199"
BASE = "http://testserver"


def routed(line: Line, agent: Agent | None = None, **fields: Any) -> Agent:
    """Lead the bought number's calls to an agent that is published."""
    agent = agent or make_agent(line.person)
    publish(line.person, agent)
    make_route(line.person, line.number, agent, **fields)
    return agent


def ring(line: Line, sid: str = "", **fields: str) -> ElementTree.Element:
    """Call the bought number and return what is to be done."""
    told = line.fields(CallSid=sid or new_sid("CA"), **fields)
    return ElementTree.fromstring(line.tell(fields=told).content)


def dialled(line: Line, sid: str, after: str = "agent", **fields: str) -> ElementTree.Element:
    told = {"DialCallStatus": "failed", "DialCallSid": new_sid("CA"), "CallStatus": "in-progress", **fields}
    path = f"{line.place('dialled')}?after={after}"
    return ElementTree.fromstring(line.tell(path, line.fields(CallSid=sid, **told)).content)


def only_call(line: Line) -> Call:
    with tenant_context(line.person.tenant):
        return Call.objects.select_related("version", "agent").get()


@pytest.fixture(autouse=True)
def _openai(settings: Any) -> None:
    settings.OPENAI_PROJECT_ID = "proj_test"
    settings.PUBLIC_URL = BASE


# The three runtimes


def test_openai_is_called_with_a_token_that_names_the_session(line: Line) -> None:
    routed(line, make_agent(line.person, longest_call_s=600))
    (dial,) = ring(line)
    (sip,) = dial
    assert (dial.tag, dial.get("timeLimit"), dial.get("answerOnBridge")) == ("Dial", "600", "true")
    assert dial.get("action") == f"{BASE}{line.place('dialled')}?after=agent"
    address, _, header = str(sip.text).partition("?")
    assert address == "sip:proj_test@sip.api.openai.com;transport=tls"
    name, _, token = header.partition("=")
    with tenant_context(line.person.tenant):
        session = RealtimeSession.objects.select_related("version", "call").get()
    assert name == HEADER
    assert read_session(token.replace("%3A", ":")) == SessionName(line.person.tenant.pk, session.pk)
    call = only_call(line)
    assert (call.version, session.call, session.state) == (session.version, call, "awaited")
    assert call.action == "realtime"
    assert call.because[-1] == "Front desk answers as version 1."


def test_a_sip_address_is_called_with_its_password(line: Line) -> None:
    uri = "sip:agent@sbc.example.com;transport=tls"
    sip = {"runtime": "sip_uri", "sip_uri": uri, "sip_username": "desk", "sip_secret": "s3cret-word"}
    routed(line, make_agent(line.person, instructions="", **sip))
    (dial,) = ring(line)
    (leg,) = dial
    assert (leg.get("username"), leg.get("password")) == ("desk", "s3cret-word")
    assert str(leg.text) == f"{uri}?X-Callsphere-Call={only_call(line).pk}"


def test_a_stream_gets_a_token_that_our_published_keys_prove(line: Line, client: Client) -> None:
    url = "wss://agent.example.com:8084/calls"
    stream = {"runtime": "media_stream", "stream_url": url, "instructions": ""}
    agent = routed(line, make_agent(line.person, **stream))
    (connect,) = ring(line)
    (opened,) = connect
    parameters = {each.get("name"): str(each.get("value")) for each in opened}
    assert (connect.tag, opened.get("url")) == ("Connect", url)
    assert (parameters["from"], parameters["agent"]) == (CALLER, str(agent.pk))
    keys = client.get("/.well-known/jwks.json").json()
    assert keys == published_keys()
    (key,) = jwt.PyJWKSet.from_dict(keys).keys
    claims = jwt.decode(
        parameters["token"], key, algorithms=["EdDSA"], audience=stream_audience(url), issuer=BASE
    )
    assert (claims["sub"], claims["jti"]) == (str(agent.pk), str(only_call(line).pk))


def test_a_stream_of_the_longest_address_gets_parameters_that_twilio_takes(line: Line, settings: Any) -> None:
    settings.PUBLIC_URL = "https://".ljust(LONGEST_PUBLIC_URL, "p")
    url = f"wss://{'a' * 60}.{'b' * 60}.{'c' * 60}.example.com/".ljust(LONGEST_ADDRESS, "d")
    stream = {"runtime": "media_stream", "stream_url": url, "instructions": ""}
    routed(line, make_agent(line.person, **stream))
    fields = line.fields()
    signature = line.sign(f"{settings.PUBLIC_URL}{line.place()}", fields)
    document = line.tell(fields=fields, headers={"X-Twilio-Signature": signature}).content
    (opened,) = ElementTree.fromstring(document).iter("Stream")
    lengths = {each.get("name"): len(each.get("name", "") + each.get("value", "")) for each in opened}
    assert opened.get("url") == url
    assert "token" in lengths
    assert max(lengths.values()) < LONGEST_PARAMETER


def test_a_token_that_is_not_ours_names_nothing() -> None:
    for token in ("", "x", "a.b:c:d"):
        with pytest.raises(TokenInvalid):
            read_session(token)


# Where a route leads


def test_a_number_without_a_route_says_so(line: Line) -> None:
    said, _hang_up = ring(line)
    assert said.text == sentences.NOT_CONNECTED
    call = only_call(line)
    assert (call.action, call.because) == ("hang_up", [sentences.why(sentences.NOT_CONNECTED)])


@pytest.mark.parametrize(
    ("way", "expected"),
    [
        ({"closed_action": "voicemail"}, ["Say", "Record", "Hangup"]),
        ({"closed_action": "human", "closed_number": PERSON}, ["Dial"]),
        ({"closed_action": "hang_up"}, ["Say", "Hangup"]),
    ],
)
def test_out_of_hours_the_route_decides(line: Line, way: dict[str, Any], expected: list[str]) -> None:
    hours = make_hours(line.person, weekly=[])
    routed(line, hours_id=hours.pk, **way)
    assert [verb.tag for verb in ring(line)] == expected
    assert any("closed" in sentence.lower() for sentence in only_call(line).because)


def test_more_calls_than_are_taken_at_a_time_overflow(line: Line) -> None:
    routed(line, most_calls=1, overflow_action="hang_up")
    assert [verb.tag for verb in ring(line)] == ["Dial"]
    assert [verb.tag for verb in ring(line)] == ["Say", "Hangup"]


@pytest.mark.django_db(transaction=True)
def test_of_two_calls_at_once_one_is_too_many(line: Line) -> None:
    routed(line, most_calls=1, overflow_action="hang_up")
    verbs: list[str] = []

    def call() -> None:
        try:
            verbs.append(ring(line)[0].tag)
        finally:
            close_old_connections()

    threads = [threading.Thread(target=call) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(verbs) == ["Dial", "Say", "Say", "Say"]


def test_a_repeated_request_gets_the_same_answer(line: Line) -> None:
    routed(line, most_calls=1)
    sid = new_sid("CA")
    first, again = ring(line, sid), ring(line, sid)
    assert [verb.tag for verb in again] == [verb.tag for verb in first] == ["Dial"]
    with tenant_context(line.person.tenant):
        assert (Call.objects.count(), RealtimeSession.objects.count()) == (1, 1)


# When nobody takes it


def test_an_agent_that_cannot_be_reached_is_what_the_fallback_is_for(line: Line) -> None:
    routed(line, fallback_action="human", fallback_number=PERSON)
    sid = new_sid("CA")
    ring(line, sid)
    (dial,) = dialled(line, sid, DialSipResponseCode="503")
    (number,) = dial
    assert (number.tag, number.text) == ("Number", PERSON)
    assert dial.get("action") == f"{BASE}{line.place('dialled')}?after=last"
    assert only_call(line).sent_to == PERSON
    assert "Front desk cannot be reached." in only_call(line).because
    said, _record, _hang_up = dialled(line, sid, "last")
    assert said.text == LEAVE_A_MESSAGE


STREAM = {"runtime": "media_stream", "stream_url": "wss://agent.example.com/calls", "instructions": ""}


def tell_of_stream(line: Line, sid: str, event: str) -> None:
    told = line.fields(CallSid=sid, StreamSid=new_sid("MZ"), StreamEvent=event)
    del told["CallStatus"]
    assert line.tell(line.place("status"), told).status_code in (200, 204)


def test_what_comes_after_a_stream_is_the_end_if_it_was_opened(line: Line) -> None:
    routed(line, make_agent(line.person, **STREAM))
    sid = new_sid("CA")
    (connect,) = ring(line, sid)
    assert connect[0].get("statusCallback") == f"{BASE}{line.place('status')}"
    tell_of_stream(line, sid, "stream-started")
    tell_of_stream(line, sid, "stream-stopped")
    (hang_up,) = dialled(line, sid, DialCallStatus="", DialCallSid="")
    assert hang_up.tag == "Hangup"
    assert only_call(line).action == "stream"
    assert [event.call_status for event in line.events()][1:3] == ["stream-started", "stream-stopped"]


def test_a_stream_that_never_opened_is_what_the_fallback_is_for(line: Line) -> None:
    routed(line, make_agent(line.person, **STREAM))
    sid = new_sid("CA")
    ring(line, sid)
    tell_of_stream(line, sid, "stream-error")
    said, *_rest = dialled(line, sid, DialCallStatus="", DialCallSid="")
    assert said.text == LEAVE_A_MESSAGE
    assert (only_call(line).action, only_call(line).because[-2]) == (
        "voicemail",
        "Front desk cannot be reached.",
    )


def test_another_agent_takes_over(line: Line) -> None:
    other = make_agent(line.person, "Second desk")
    publish(line.person, other)
    routed(line, fallback_action="agent", fallback_agent_id=other.pk)
    sid = new_sid("CA")
    ring(line, sid)
    (dial,) = dialled(line, sid)
    assert dial[0].tag == "Sip"
    assert only_call(line).agent == other


@pytest.mark.parametrize("fields", [{"DialCallStatus": "completed"}, {"CallStatus": "completed"}])
def test_after_a_talk_nothing_comes(line: Line, fields: dict[str, str]) -> None:
    routed(line)
    sid = new_sid("CA")
    ring(line, sid)
    assert [verb.tag for verb in dialled(line, sid, **fields)] == ["Hangup"]


def test_without_openai_the_fallback_takes_the_call(line: Line, settings: Any) -> None:
    settings.OPENAI_PROJECT_ID = ""
    routed(line)
    assert [verb.tag for verb in ring(line)] == ["Say", "Record", "Hangup"]
    assert "The agent cannot be called: OpenAI is not set up here." in only_call(line).because


def test_whoever_left_a_message_is_thanked(line: Line) -> None:
    left = {"RecordingSid": new_sid("RE"), "RecordingDuration": "9", "CallStatus": "in-progress"}
    answer = ElementTree.fromstring(line.tell(line.place("recorded"), line.fields(**left)).content)
    assert [verb.tag for verb in answer] == ["Say", "Hangup"]


def test_when_our_answer_failed_the_fallback_takes_the_call(line: Line) -> None:
    routed(line)
    answer = ElementTree.fromstring(line.tell(line.place("fallback")).content)
    assert [verb.tag for verb in answer] == ["Say", "Record", "Hangup"]


def test_whoever_takes_over_is_not_cut_off_when_the_agent_would_have_been(line: Line) -> None:
    routed(line, fallback_action="human", fallback_number=PERSON)
    sid = new_sid("CA")
    ring(line, sid)
    assert only_call(line).end_due_at is not None
    dialled(line, sid)
    assert only_call(line).end_due_at is None


@pytest.mark.parametrize(("caller", "shown"), [(CALLER, None), ("+266696687", NUMBER), ("anonymous", NUMBER)])
def test_a_person_sees_the_called_number_where_the_callers_is_withheld(
    line: Line, caller: str, shown: str | None
) -> None:
    hours = make_hours(line.person, weekly=[])
    routed(line, hours_id=hours.pk, closed_action="human", closed_number=PERSON)
    (dial,) = ring(line, From=caller)
    assert dial.get("callerId") == shown
