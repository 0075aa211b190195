"""What happened in a call, in the order of time."""

from __future__ import annotations

import random
from datetime import datetime, timedelta
from typing import Any

from agents.models import Agent, Tool, ToolInvocation
from callsphere.calls.models import Call, CallEvent, CallLeg, CallNote, TranscriptLine, VoiceMessage
from callsphere.calls.timeline import Told, conversation_of, folded, timeline_of
from tests.calls.pages.calls import NOON

LEG = "CA" + "1" * 32


def at(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


def a_call(**fields: Any) -> Call:
    values: dict[str, Any] = {
        "direction": "inbound",
        "their_number": "+12125550100",
        "our_number": "+14155550101",
        "state": "ended",
        "outcome": "agent",
        "hung_up_by": "caller",
        "started_at": at(0),
        "ended_at": at(40),
        "agent": Agent(name="Front desk"),
        **fields,
    }
    return Call(**values)


def line(seconds: float, speaker: str, text: str) -> TranscriptLine:
    return TranscriptLine(speaker=speaker, text=text, said_at=at(seconds))


def shown(told: Told) -> list[tuple[int, str, str]]:
    return [(entry.seconds, entry.text, entry.detail) for entry in timeline_of(told)]


def whole_call() -> Told:
    leg = CallLeg(
        call_sid=LEG,
        kind="agent",
        target="sip:proj_x@sip.api.openai.com",
        state="completed",
        sip_code=200,
        started_at=at(1),
        answered_at=at(3),
        ended_at=at(40),
    )
    rang = CallEvent(kind="status", call_sid=LEG, call_status="ringing", received_at=at(2), payload={})
    tool = ToolInvocation(
        tool=Tool(name="find-slot"),
        outcome="timed_out",
        duration_ms=1500,
        ended_at=at(21.5),
        detail="No answer.",
    )
    return Told(
        a_call(),
        events=[rang],
        legs=[leg],
        notes=[CallNote(text="The agent greeted the caller.", noted_at=at(4))],
        lines=[
            line(5, "agent", "Hello."),
            line(9, "caller", "Hi."),
            line(25, "agent", "I cannot look it up."),
        ],
        tools=[tool],
    )


def test_keys_stand_by_themselves() -> None:
    keys = line(10, "caller", "Pressed 2")
    keys.is_keys = True
    told = Told(a_call(), lines=[line(5, "agent", "Press 1 or 2."), line(8, "caller", "Hm."), keys])
    entries = timeline_of(told)
    assert [(entry.text, entry.detail) for entry in folded(entries)][1:3] == [
        ("Caller and agent speak", "2 lines"),
        ("The caller pressed 2", "Pressed 2"),
    ]
    assert [entry.detail for entry in conversation_of(entries)] == ["Press 1 or 2.", "Hm.", "Pressed 2"]


def test_everything_has_its_place_and_its_second() -> None:
    assert shown(whole_call()) == [
        (0, "+1 212-555-0100 calls", ""),
        (1, "Front desk is called", "sip:proj_x@sip.api.openai.com"),
        (2, "It rings at Front desk", ""),
        (3, "Front desk answers", ""),
        (4, "The agent greeted the caller.", ""),
        (5, "Agent: “Hello.”", "Hello."),
        (9, "Caller: “Hi.”", "Hi."),
        (20, "The agent used “find-slot”", "The endpoint took too long after 1500 ms. No answer."),
        (25, "Agent: “I cannot look it up.”", "I cannot look it up."),
        (40, "Front desk is off the line", ""),
        (40, "The call is over", "hung up by the caller"),
    ]


def test_the_order_of_what_is_kept_does_not_matter() -> None:
    told, shuffled = whole_call(), random.Random(7)
    lines = list(told.lines)
    shuffled.shuffle(lines)
    assert shown(Told(told.call, told.events, told.legs, told.notes, lines, told.tools)) == shown(told)


def test_what_was_said_without_a_break_is_one_line() -> None:
    entries = folded(timeline_of(whole_call()))
    assert [(entry.seconds, entry.text) for entry in entries if entry.kind != "step"] == [
        (5, "Caller and agent speak"),
        (20, "The agent used “find-slot”"),
        (25, "Agent: “I cannot look it up.”"),
    ]


def test_a_conversation_has_its_tools_in_between() -> None:
    kinds = [(entry.kind, entry.speaker) for entry in conversation_of(timeline_of(whole_call()))]
    assert kinds == [("said", "agent"), ("said", "caller"), ("tool", ""), ("said", "agent")]


def test_somebody_who_does_not_answer() -> None:
    leg = CallLeg(
        call_sid=LEG,
        kind="person",
        target="+14155550123",
        state="busy",
        sip_code=486,
        started_at=at(2),
        ended_at=at(4),
    )
    message = VoiceMessage(created_at=at(60), duration_s=12)
    told = Told(a_call(outcome="voicemail", agent=None), legs=[leg], messages=[message])
    assert shown(told) == [
        (0, "+1 212-555-0100 calls", ""),
        (2, "+1 415-555-0123 is called", "+1 415-555-0123"),
        (4, "+1 415-555-0123 is busy", "486 Busy Here"),
        (40, "The caller left a message", "12 s long"),
        (40, "The call is over", "hung up by the caller"),
    ]


def test_an_answer_of_ours_that_failed() -> None:
    event = CallEvent(
        kind="fallback",
        call_sid="CA",
        call_status="ringing",
        received_at=at(15),
        payload={"ErrorCode": "11200"},
    )
    told = Told(a_call(state="in_progress", ended_at=None, their_number=""), events=[event])
    assert shown(told) == [
        (0, "A number that is withheld calls", ""),
        (15, "Twilio got no usable answer from us", "Error 11200"),
    ]


def test_a_call_that_we_place() -> None:
    told = Told(a_call(direction="outbound", state="ringing", ended_at=None))
    assert shown(told) == [(0, "We call +1 212-555-0100", "")]
