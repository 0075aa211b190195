"""Every script can be played, by agents with tools and without, and none takes long."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from callsphere.local.doubles.openai import scripts
from callsphere.local.doubles.openai.scripts import NoSuchScript, Script, filled
from callsphere.local.doubles.openai.usage import seconds_of
from callsphere.providers.openai import accept_call, attach
from tests.openai_double import DoubledOpenAI

NAMES = [
    "asks for a human",
    "books an appointment",
    "hangs up at once",
    "leaves a message",
    "presses keys",
    "stays silent",
]
TOOLS = ["check_business_hours", "free_times", "book", "take_message", "transfer_to_human", "hang_up"]
ANSWERS = {
    "free_times": {"times": ["Tuesday at nine", "Friday at one"]},
    "book": {"confirmation": "K7", "starts_at": "Tuesday at nine"},
}


def session(*tools: str, **turns: Any) -> dict[str, Any]:
    return {
        "type": "realtime",
        "tools": [{"type": "function", "name": name} for name in tools],
        "audio": {"input": {"turn_detection": {"type": "server_vad", **turns}}},
    }


async def serve(call_id: str, *, ends: bool = True) -> list[str]:
    """Play the agent: greet, answer functions, hang up when the model wants to; return the events' types."""
    kinds: list[str] = []
    called: list[Any] = []
    async with attach(call_id) as sideband:
        await sideband.ask_for_response()
        async for event in sideband:
            kinds.append(event.type)
            if event.type == "response.function_call_arguments.done":
                called.append(event)
            if event.type == "response.done" and called:
                function = called.pop()
                if function.name == "hang_up" and ends:
                    await sideband.hang_up()
                elif function.name == "transfer_to_human" and ends:
                    await sideband.refer("tel:+14155550199")
                else:
                    output = json.dumps(ANSWERS.get(function.name, {"ok": True}))
                    await sideband.answer_function(function.call_id, output)
                    await sideband.ask_for_response()
    return kinds


def play(double: DoubledOpenAI, script: str, *tools: str, **turns: Any) -> str:
    call_id = double.ring(script)
    accept_call(call_id, session(*tools, **turns))
    asyncio.run(serve(call_id))
    return call_id


def said(double: DoubledOpenAI, call_id: str, speaker: str) -> list[str]:
    return [text for who, text in double.transcript(call_id) if who == speaker]


def test_these_are_there() -> None:
    assert scripts.names() == NAMES


@pytest.mark.parametrize("name", ["Books an appointment", "books-an-appointment", None])
def test_names_are_forgiving(name: str | None) -> None:
    assert scripts.find(name).name == "books an appointment"


def test_unknown_name_is_told_with_those_that_there_are() -> None:
    with pytest.raises(NoSuchScript, match="there are asks for a human, books an appointment, "):
        scripts.find("sings")


@pytest.mark.parametrize("name", NAMES)
def test_agent_without_tools_gets_through(openai_double: DoubledOpenAI, name: str) -> None:
    call_id = play(openai_double, name)

    assert openai_double.state(call_id)["ended_by"] == "caller"
    assert said(openai_double, call_id, "function") == []


def test_appointment_is_booked_with_the_calendars_tools(openai_double: DoubledOpenAI) -> None:
    call_id = play(openai_double, "books an appointment", *TOOLS)

    functions = [text.split("(")[0] for text in said(openai_double, call_id, "function")]
    assert functions == ["check_business_hours", "free_times", "book", "hang_up"]
    assert said(openai_double, call_id, "function")[1] == (
        'free_times({"name": "Maria Lopez", "reason": "check-up",'
        ' "service": "check-up", "date": "2026-12-01"})'
    )
    assert said(openai_double, call_id, "agent")[2:] == [
        "I have Tuesday at nine or Friday at one. Which one suits you?",
        "You are booked for Tuesday at nine. Your confirmation is K7.",
        "Thank you for calling, Maria. Goodbye.",
    ]
    assert openai_double.state(call_id)["ended_by"] == "agent"


def test_human_is_asked_for(openai_double: DoubledOpenAI) -> None:
    call_id = play(openai_double, "asks for a human", *TOOLS)

    assert openai_double.state(call_id) == {
        "status": "ended",
        "status_code": None,
        "ended_by": "agent",
        "referred_to": "tel:+14155550199",
    }


def test_message_is_left(openai_double: DoubledOpenAI) -> None:
    call_id = play(openai_double, "leaves a message", "take_message")

    (function,) = said(openai_double, call_id, "function")
    assert json.loads(function.removeprefix("take_message(").removesuffix(")"))["name"] == "Anna Novak"


def test_silent_caller_is_asked_as_often_as_the_session_wants(openai_double: DoubledOpenAI) -> None:
    call_id = play(openai_double, "stays silent", idle_timeout_ms=8000)

    assert said(openai_double, call_id, "agent")[1:] == ["Are you still there?"] * 3


def test_keys_are_told(openai_double: DoubledOpenAI) -> None:
    call_id = openai_double.ring("presses keys")
    accept_call(call_id, session())

    kinds = asyncio.run(serve(call_id))

    assert kinds.count("input_audio_buffer.dtmf_event_received") == 5


def test_function_is_not_called_where_the_session_forbids_it(openai_double: DoubledOpenAI) -> None:
    call_id = openai_double.ring("leaves a message")
    accept_call(call_id, {**session("take_message"), "tool_choice": "none"})

    asyncio.run(serve(call_id))

    assert said(openai_double, call_id, "function") == []


def test_model_waits_to_be_asked_where_it_does_not_respond_by_itself(openai_double: DoubledOpenAI) -> None:
    call_id = openai_double.ring("leaves a message")
    accept_call(call_id, session(create_response=False))

    async def greet_and_listen() -> None:
        async with attach(call_id) as sideband:
            await sideband.ask_for_response()
            async for event in sideband:
                if event.type == "input_audio_buffer.committed":
                    await sideband.hang_up()

    asyncio.run(greet_and_listen())

    assert openai_double.transcript(call_id) == [
        ("agent", "Thank you for calling. How can I help you today?"),
        ("caller", "Hello, are you open right now?"),
    ]


def test_caller_nobody_answers_hangs_up(openai_double: DoubledOpenAI) -> None:
    openai_double.ways.patience_s = 0.05
    call_id = openai_double.ring()

    accept_call(call_id, session(create_response=False))

    assert openai_double.wait_for(call_id, "ended")["ended_by"] == "caller"
    assert [speaker for speaker, _text in openai_double.transcript(call_id)] == ["caller"]


@pytest.mark.parametrize(
    ("results", "text"),
    [
        ({}, "None."),
        ({"times": {"free": ["nine"]}}, "None."),
        ({"times": {"free": ["nine", "ten"]}}, "nine or ten"),
        ({"times": "closed"}, "None."),
        ({"times": {"free": [{"a": 1}, "ten"]}}, "None."),
    ],
)
def test_text_is_the_first_that_results_can_fill(results: dict[str, Any], text: str) -> None:
    assert filled(["{times.free.0} or {times.free.1}", "None."], results) == text


@pytest.mark.parametrize("name", NAMES)
def test_call_takes_no_longer_than_one_likes_to_watch(name: str) -> None:
    assert seconds_to_say(scripts.find(name)) < 45


def seconds_to_say(script: Script) -> float:
    """How long a call takes at most, with pauses, at the pace of people."""
    texts = [script.greeting]
    silence = 0.0
    for step in script.steps:
        value = step.value[-1] if step.action == "agent" else step.value
        texts += [value] if step.action in ("caller", "agent") else []
        texts += [step.says] if step.says else []
        silence += float(value) if step.action == "silence" else 0
    return silence + sum(seconds_of(text) + 0.7 for text in texts)
