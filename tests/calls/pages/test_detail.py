"""One call: what became of it and why, and what was said."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from agents import services as agents
from agents.models import Agent, AgentVersion, Tool, ToolInvocation
from callsphere.calls.models import Call, CallEvent, CallLeg, CallNote, RealtimeSession, VoiceMessage
from tenants.context import tenant_context
from tests.agents.conftest import make_agent as make_draft
from tests.agents.conftest import publish
from tests.calls.conftest import NUMBER, new_sid
from tests.calls.pages.calls import NOON, address, answered, make_agent, make_call, say
from tests.conftest import Person
from tests.trunks.checks.reports import make_report
from tests.trunks.conftest import make_trunk
from tests.trunks.web.conftest import text_of
from trunks.models import PlacedCall, ReadinessCheck


def page(person: Person, call: Call, **headers: str) -> Any:
    return person.client().get(address("detail", person, call), headers=headers)


def read(person: Person, call: Call) -> str:
    return text_of(page(person, call).content)


@pytest.fixture
def version(alice: Person) -> AgentVersion:
    version = make_agent(alice).published
    assert version is not None
    return version


def test_what_became_of_it_and_why(alice: Person, version: AgentVersion) -> None:
    call = make_call(
        alice,
        **answered(version),
        because=["Front desk answers, in version 1."],
        verstat="TN-Validation-Passed-A",
        price="0.00850",
        price_unit="USD",
    )

    text = read(alice, call)

    assert "From +1 212-555-0100 Answered by Front desk · 2 min 14 s" in text
    assert "Why it went there Front desk answers, in version 1." in text
    assert "Why it ended The caller hung up." in text
    assert "Signed A: the caller&#x27;s carrier vouches for caller and number" in text
    assert "Cost at Twilio 0.0085 USD" in text
    assert "Hang up…" not in text


@pytest.mark.parametrize(
    ("fields", "headline", "ended"),
    [
        ({"outcome": "missed"}, "Missed after 14 s", "The caller hung up."),
        ({"outcome": "voicemail"}, "Left a message", "The caller hung up."),
        ({"outcome": "turned_away", "hung_up_by": "us"}, "Told that nobody is there", "CallSphere said that"),
        (
            {"outcome": "person", "sent_to": "+14155550123", "talked_s": 65, "hung_up_by": "person"},
            "Answered by +1 415-555-0123 · 1 min 5 s",
            "The person who was called hung up.",
        ),
        ({"outcome": "busy", "hung_up_by": ""}, "Busy", "Nothing says who hung up."),
        ({"outcome": "no_answer"}, "Nobody answered for 14 s", "The caller hung up."),
        (
            {"outcome": "failed", "end_reason": "asked", "hung_up_by": "us"},
            "Failed",
            "Somebody of yours hung it up.",
        ),
        (
            {"outcome": "failed", "end_reason": "too_long", "hung_up_by": "us"},
            "Failed",
            "It reached the longest time",
        ),
    ],
)
def test_every_outcome_in_words(alice: Person, fields: dict[str, Any], headline: str, ended: str) -> None:
    text = read(alice, make_call(alice, **fields))

    assert headline in text
    assert f"Why it ended {ended}" in text


def test_a_cause_says_what_to_change_and_where(alice: Person) -> None:
    call = make_call(alice, outcome="failed", sip_code=503, cause="carrier_overloaded")

    text = read(alice, call)

    assert "Failed: the carrier is overloaded or in maintenance (503)" in text
    assert "What to change Look at the carrier&#x27;s status page." in text
    assert "On your carrier&#x27;s side" in text


def test_an_error_of_the_provider_says_more_than_the_code(alice: Person) -> None:
    failed: dict[str, Any] = {"outcome": "failed", "sip_code": 503, "cause": "carrier_overloaded"}
    text = read(alice, make_call(alice, **failed, error_code=32001))
    assert "Failed: too many calls were started in one second (503)" in text
    assert "Too many calls were started in one second (error 32001)" in text
    assert "The carrier is overloaded" not in text

    text = read(alice, make_call(alice, **failed, error_code=99999))
    assert "The carrier is overloaded" in text
    assert "Twilio noted error 99999" in text


def test_what_an_agent_answers_is_no_carriers_fault(alice: Person, version: AgentVersion) -> None:
    call = make_call(alice, agent=version.agent, version=version, sip_code=503, cause="carrier_overloaded")
    with tenant_context(alice.tenant):
        CallLeg.objects.create(
            tenant=alice.tenant,
            call=call,
            call_sid=new_sid("CA"),
            kind="agent",
            target="sip:proj_x@sip.api.openai.com",
            state="failed",
            sip_code=503,
            started_at=NOON,
            ended_at=NOON + timedelta(seconds=1),
        )

    text = read(alice, call)

    assert "OpenAI did not take the call" in text
    assert "It answered 503 Service Unavailable." in text
    assert "carrier is overloaded" not in text


@pytest.mark.parametrize(("cost", "words"), [("0.04251", "0.0425 USD"), (None, "price not known")])
def test_what_was_said_with_tools_in_between(
    alice: Person, version: AgentVersion, cost: str | None, words: str
) -> None:
    with tenant_context(alice.tenant):
        tool = a_tool(alice, version.agent)
        version = AgentVersion.objects.select_related("agent").get(number=2)
    call = make_call(alice, **answered(version))
    say(call, "Harbor Dental, how can I help?", "I need an <b>appointment</b>.")
    with tenant_context(alice.tenant):
        RealtimeSession.objects.create(
            tenant=alice.tenant,
            call=call,
            version=version,
            state="over",
            openai_call_id="rtc_1",
            usage={"input_tokens": 1200, "output_tokens": 340},
            cost=cost,
        )
        ended = NOON + timedelta(seconds=12)
        for reference in (str(call.pk), "another call"):
            ToolInvocation.objects.create(
                tenant=alice.tenant,
                tool=tool,
                version=version,
                kind="call",
                reference=reference,
                outcome="ok",
                duration_ms=240,
                created_at=ended,
                ended_at=ended,
            )

    html = page(alice, call).content.decode()
    text = text_of(html.encode())

    assert "Agent 3 s Harbor Dental, how can I help?" in text
    assert "Caller 8 s I need an &lt;b&gt;appointment&lt;/b&gt;." in text
    assert html.count("conversation-tool") == 1
    assert "The agent used “find-slot” · Answered after 240 ms" in text
    assert f"Cost at OpenAI {words} 1200 tokens in, 340 out" in text


def a_tool(person: Person, agent: Agent) -> Tool:
    """Give an agent a tool, and publish it."""
    who: dict[str, Any] = {"tenant": person.tenant, "actor": person.actor}
    tool, _secret = agents.create_tool(
        **who, name="find-slot", endpoint="https://tools.example.com/", description="Finds a slot"
    )
    agents.edit_draft(**who, agent=agent, expected_version=agent.version, tool_ids=[tool.pk])
    agent.refresh_from_db()
    agents.publish(**who, agent=agent, expected_version=agent.version)
    return tool


def test_the_ladder_of_a_call_that_a_check_placed(alice: Person) -> None:
    trunk = make_trunk(alice)
    call = make_call(alice)
    assert "SIP messages" not in read(alice, call)
    with tenant_context(alice.tenant):
        check = make_report(alice, trunk)
        call_id = "readiness-1@203.0.113.9"
        check.trace = [
            {
                "at_ms": 12,
                "direction": "sent",
                "summary": "INVITE sip:+14155550101@carrier.example",
                "text": f"INVITE sip:x SIP/2.0\r\nCall-ID: {call_id}\r\n\r\n",
            },
            {
                "at_ms": 13,
                "direction": "sent",
                "summary": "OPTIONS sip:x",
                "text": "OPTIONS sip:x SIP/2.0\r\n",
            },
        ]
        check.save()
        placed(check, call_id)
        CallEvent.objects.create(
            tenant=alice.tenant,
            trunk=trunk,
            kind="incoming",
            call_sid=call.call_sid,
            root_sid=call.call_sid,
            payload={"SipCallId": call_id, "To": NUMBER},
        )

    text = read(alice, call)

    assert "One of your checks placed this call" in text
    assert "sent: INVITE sip:+14155550101@carrier.example" in text
    assert "OPTIONS" not in text


def placed(check: ReadinessCheck, call_id: str) -> None:
    texts = dict.fromkeys(("request_uri", "via", "local", "remote", "contact"), "x")
    PlacedCall.objects.create(
        tenant=check.tenant,
        readiness_check=check,
        state="ended",
        address="203.0.113.5",
        port=5060,
        transport="udp",
        server_name="carrier.example",
        call_id=call_id,
        cseq=1,
        **texts,
    )


def test_a_live_call_refreshes_itself_until_it_is_over(alice: Person, version: AgentVersion) -> None:
    call = make_call(alice, state="in_progress", agent=version.agent, version=version, answered_at=NOON)
    html = page(alice, call).content.decode()
    assert "Talking with Front desk" in text_of(html.encode())
    assert 'hx-trigger="every 2s"' in html
    assert "Hang up…" in html
    assert page(alice, call, HX_Request="true").status_code == 200

    over = make_call(alice)
    assert "hx-trigger" not in page(alice, over).content.decode().partition("<main")[2]
    assert page(alice, over, HX_Request="true").status_code == 286


def test_as_many_queries_for_a_word_as_for_a_long_talk(alice: Person, version: AgentVersion) -> None:
    counts = []
    for lines in (1, 20):
        call = make_call(alice, at=NOON + timedelta(minutes=lines), **answered(version))
        say(call, *(f"line {number}" for number in range(lines)))
        with tenant_context(alice.tenant):
            of_call: dict[str, Any] = {"tenant": alice.tenant, "call": call}
            for number in range(lines):
                CallLeg.objects.create(**of_call, call_sid=new_sid("CA"), kind="agent", started_at=NOON)
                CallNote.objects.create(**of_call, key=str(number), text="Noted", noted_at=NOON)
                VoiceMessage.objects.create(**of_call, recording_sid=new_sid("RE"), duration_s=3)
        client = alice.client()
        client.get(address("detail", alice, call))
        with CaptureQueriesContext(connection) as queries:
            assert client.get(address("detail", alice, call)).status_code == 200
        counts.append(len(queries))
    assert counts[0] == counts[1] == 25


def test_a_strangers_call_is_not_found(alice: Person, charlie: Person) -> None:
    call = make_call(alice)
    assert charlie.client().get(address("detail", alice, call)).status_code == 404
    assert page(charlie, call).status_code == page(charlie, Call(pk=uuid.uuid4())).status_code == 404


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"action": "realtime"}, "Talking with Front desk"),
        ({"action": "person", "sent_to": "+14155550177"}, "Talking with +1 415-555-0177"),
        ({"action": "voicemail"}, "Leaving a message"),
        ({"action": "hang_up"}, "Hearing that nobody is there"),
    ],
)
def test_a_live_call_says_what_the_caller_does_now(
    alice: Person, version: AgentVersion, fields: dict[str, Any], words: str
) -> None:
    taken: dict[str, Any] = {"agent": version.agent, "version": version, "answered_at": NOON, **fields}
    assert words in read(alice, make_call(alice, state="in_progress", **taken))


def test_a_stream_that_nobody_answered_says_what_to_change(alice: Person) -> None:
    agent = make_draft(alice, runtime="media_stream", stream_url="wss://agent.example.com/calls")
    version = publish(alice, agent)
    led: dict[str, Any] = {"agent": agent, "version": version, "action": "voicemail", "outcome": "voicemail"}
    text = read(alice, make_call(alice, **led))
    assert "Your media stream did not take the call" in text
    assert "a certificate that is valid for its name" in text
    taken = make_call(alice, **(led | {"action": "stream", "outcome": "agent"}))
    assert "did not take the call" not in read(alice, taken)


@pytest.mark.parametrize(
    ("code", "fix"), [(486, "It takes no more calls at once."), (503, "See that a server")]
)
def test_an_agent_at_a_sip_address_that_is_busy_is_not_one_that_is_away(
    alice: Person, code: int, fix: str
) -> None:
    agent = make_draft(alice, runtime="sip_uri", sip_uri="sip:agent@sbc.example.com")
    version = publish(alice, agent)
    call = make_call(alice, agent=agent, version=version, action="voicemail", outcome="voicemail")
    with tenant_context(alice.tenant):
        CallLeg.objects.create(
            tenant=alice.tenant,
            call=call,
            call_sid=new_sid("CA"),
            kind="agent",
            state="failed",
            sip_code=code,
            started_at=NOON,
        )
    assert fix in read(alice, call)
