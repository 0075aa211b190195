"""The line beside a call, through the real SDK's asynchronous half, before the double."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from callsphere.providers.openai import CallGone, Refused, Sideband, Unavailable, accept_call, attach
from tests.openai_double import DoubledOpenAI
from tests.providers.openai.test_calls import SESSION
from tests.waiting import wait_until

TRANSCRIBED = {
    **SESSION,
    "audio": {"input": {"transcription": {"model": "gpt-4o-transcribe"}}},
    "tools": [
        {
            "type": "function",
            "name": "check_business_hours",
            "parameters": {"type": "object", "properties": {}},
        },
        {
            "type": "function",
            "name": "take_message",
            "parameters": {
                "type": "object",
                "properties": {"message": {"type": "string"}, "urgent": {"type": "boolean"}},
                "required": ["message", "urgent"],
                "additionalProperties": False,
            },
        },
    ],
}
BOOKING = [
    ("agent", "Welcome to Acme."),
    ("caller", "Hi, this is Maria Lopez. I'd like to book a check-up next week, please."),
    ("agent", "Let me look that up for you."),
    ("function", "check_business_hours({})"),
    ("result", '{"open": true}'),
    ("agent", "I have Tuesday at ten or Thursday at two. Which one suits you?"),
    ("caller", "The first one is fine."),
    (
        "function",
        'take_message({"message": "Maria Lopez would like a check-up on Tuesday at ten.", "urgent": true})',
    ),
    ("result", '{"open": true}'),
    ("agent", "I noted Tuesday at ten. The practice will call you back to confirm it."),
    ("caller", "Great, thank you. Goodbye."),
    ("agent", "Thank you for calling, Maria. Goodbye."),
]


async def serve(sideband: Sideband) -> list[Any]:
    """Answer every function once its response is over, as an agent's worker does; return the events."""
    events, called = [], []
    async for event in sideband:
        events.append(event)
        if event.type == "response.function_call_arguments.done":
            called.append(event.call_id)
        if event.type == "response.done" and called:
            await sideband.answer_function(called.pop(), '{"open": true}')
            await sideband.ask_for_response()
    return events


async def whole_call(call_id: str) -> list[Any]:
    async with attach(call_id) as sideband:
        await sideband.ask_for_response('Greet the caller. Say exactly: "Welcome to Acme."')
        return await serve(sideband)


def heard(events: list[Any]) -> list[tuple[str, str]]:
    """What those who follow the events know of what was said."""
    kinds = {
        "conversation.item.input_audio_transcription.completed": "caller",
        "response.output_audio_transcript.done": "agent",
    }
    return [(kinds[each.type], each.transcript) for each in events if each.type in kinds]


def test_whole_call_with_tools(openai_double: DoubledOpenAI) -> None:
    call_id = openai_double.ring("books an appointment")
    accept_call(call_id, TRANSCRIBED)

    events = asyncio.run(whole_call(call_id))

    assert openai_double.transcript(call_id) == BOOKING
    assert heard(events) == [each for each in BOOKING if each[0] in ("caller", "agent")]
    assert openai_double.state(call_id)["ended_by"] == "caller"
    responses = [each.response for each in events if each.type == "response.done"]
    assert {each.status for each in responses} == {"completed"}
    assert all(
        each.usage.total_tokens == each.usage.input_tokens + each.usage.output_tokens for each in responses
    )
    assert [each for each in events if each.type == "error"] == []


def test_every_event_is_one_that_the_sdk_knows(openai_double: DoubledOpenAI) -> None:
    call_id = openai_double.ring()
    accept_call(call_id, TRANSCRIBED)

    events = asyncio.run(whole_call(call_id))

    for event in events:
        again = type(event).model_validate(event.to_dict())
        assert again == event
        assert type(event).__name__ != "BaseModel"


def test_callers_words_come_only_where_the_session_has_them_written_down(
    openai_double: DoubledOpenAI,
) -> None:
    call_id = openai_double.ring()
    accept_call(call_id, SESSION)

    events = asyncio.run(whole_call(call_id))

    assert {speaker for speaker, _text in heard(events)} == {"agent"}


def test_caller_who_hears_no_greeting_speaks_first(openai_double: DoubledOpenAI) -> None:
    openai_double.ways.greeting_s = 0.1
    call_id = openai_double.ring()
    accept_call(call_id, TRANSCRIBED)

    async def listen() -> list[Any]:
        async with attach(call_id) as sideband:
            return await serve(sideband)

    asyncio.run(listen())

    assert openai_double.transcript(call_id) == BOOKING[1:]


def test_lost_line_is_told_and_taken_up_again(openai_double: DoubledOpenAI) -> None:
    """What happened meanwhile is not told again: the model is asked once more, and calls again."""
    call_id = openai_double.ring()
    accept_call(call_id, TRANSCRIBED)
    openai_double.fail(kind="cut", action="attach", events=1)

    async def lose() -> None:
        async with attach(call_id) as sideband:
            await sideband.ask_for_response("Say:\nWelcome to Acme.")
            with pytest.raises(Unavailable, match="OpenAI did not answer"):
                await serve(sideband)

    async def take_up() -> list[Any]:
        async with attach(call_id) as sideband:
            await sideband.ask_for_response()
            return await serve(sideband)

    asyncio.run(lose())
    wait_until(lambda: len(openai_double.transcript(call_id)) == len(BOOKING[:4]))
    events = asyncio.run(take_up())

    assert events[0].type == "session.created"
    assert openai_double.transcript(call_id) == [*BOOKING[:4], *BOOKING[2:]]


def test_several_may_follow(openai_double: DoubledOpenAI) -> None:
    call_id = openai_double.ring()
    accept_call(call_id, TRANSCRIBED)

    async def follow() -> tuple[list[Any], list[Any]]:
        async with attach(call_id) as first, attach(call_id) as second:
            await first.ask_for_response('Say "Welcome to Acme."')
            listening = asyncio.create_task(_events_of(second))
            return await serve(first), await listening

    first, second = asyncio.run(follow())

    assert [each.event_id for each in first[1:]] == [each.event_id for each in second[1:]]


async def _events_of(sideband: Sideband) -> list[Any]:
    return [event async for event in sideband]


def test_call_that_is_over_cannot_be_attached_to(openai_double: DoubledOpenAI) -> None:
    call_id = openai_double.ring()
    accept_call(call_id, SESSION)
    openai_double.hang_up(call_id)

    with pytest.raises(CallGone):
        asyncio.run(whole_call(call_id))


def test_wrong_key_cannot_attach(openai_double: DoubledOpenAI, settings: Any) -> None:
    call_id = openai_double.ring()
    accept_call(call_id, SESSION)
    settings.OPENAI_API_KEY = "sk-wrong"

    with pytest.raises(Refused) as caught:
        asyncio.run(whole_call(call_id))

    assert caught.value.code == "realtime_not_configured"


def test_attaching_is_tried_again(openai_double: DoubledOpenAI) -> None:
    call_id = openai_double.ring()
    accept_call(call_id, TRANSCRIBED)
    openai_double.fail(action="attach", status=503, times=2)

    asyncio.run(whole_call(call_id))

    assert openai_double.transcript(call_id) == BOOKING


def test_attaching_is_given_up_after_three_tries(openai_double: DoubledOpenAI) -> None:
    call_id = openai_double.ring()
    accept_call(call_id, SESSION)
    openai_double.fail(kind="drop", action="attach", times=3)

    with pytest.raises(Unavailable):
        asyncio.run(whole_call(call_id))


def test_agent_hangs_up_or_hands_over_beside_the_call(openai_double: DoubledOpenAI) -> None:
    first, second = openai_double.ring(), openai_double.ring()
    accept_call(first, SESSION)
    accept_call(second, SESSION)

    async def end() -> None:
        async with attach(first) as sideband:
            await sideband.hang_up()
            with pytest.raises(CallGone):
                await sideband.hang_up()
        async with attach(second) as sideband:
            await sideband.refer("sip:desk@acme.example")

    asyncio.run(end())

    assert openai_double.state(first)["ended_by"] == "agent"
    assert openai_double.wait_for(second, "ended")["referred_to"] == "sip:desk@acme.example"


def test_mistake_is_told_to_whoever_made_it(openai_double: DoubledOpenAI) -> None:
    call_id = openai_double.ring()
    accept_call(call_id, SESSION)

    async def err() -> Any:
        async with attach(call_id) as sideband:
            wrong: Any = {"type": "response.create", "event_id": "mine", "response": {"voice": "x"}}
            await sideband.send(wrong)
            async for event in sideband:
                if event.type == "error":
                    return event.error
        return None

    error = asyncio.run(err())

    assert json.loads(error.to_json()) == {
        "message": "Unknown parameter: 'response.voice'.",
        "type": "invalid_request_error",
        "code": "unknown_parameter",
        "param": "response.voice",
        "event_id": "mine",
    }
