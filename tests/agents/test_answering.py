"""What OpenAI is told of a version."""

from __future__ import annotations

from typing import Any

from openai.types.realtime import CallAcceptParams
from pydantic import TypeAdapter

from agents.answering import opening_words, realtime_session
from agents.enums import Eagerness
from agents.models import AgentVersion, VersionTool
from tests.agents.conftest import DAY

TOOL = VersionTool(name="free_times", description="Free times of a day", parameters=DAY)


def session_of(**fields: Any) -> dict[str, Any]:
    version = AgentVersion(**{"instructions": "Answer.", "greeting": "Hello.", **fields})
    return realtime_session(version, [TOOL])


def test_session_by_meaning() -> None:
    assert session_of(voice="coral", language="de", safety_rules="No advice.", eagerness="low") == {
        "type": "realtime",
        "model": "gpt-realtime-2.1",
        "instructions": (
            "Answer.\n\n# Language\nSpeak de unless the caller prefers another language."
            "\n\n# Rules that come before everything else\nNo advice."
        ),
        "output_modalities": ["audio"],
        "audio": {
            "input": {
                "turn_detection": {
                    "type": "semantic_vad",
                    "eagerness": "low",
                    "create_response": True,
                    "interrupt_response": True,
                },
                "transcription": {"model": "gpt-4o-mini-transcribe"},
            },
            "output": {"voice": "coral"},
        },
        "tools": [
            {
                "type": "function",
                "name": "free_times",
                "description": "Free times of a day",
                "parameters": DAY,
            }
        ],
        "tool_choice": "auto",
    }


def test_turns_by_silence() -> None:
    fields = {"turn_detection": "server_vad", "idle_timeout_ms": 8000, "can_be_interrupted": False}
    assert session_of(**fields)["audio"]["input"]["turn_detection"] == {
        "type": "server_vad",
        "threshold": 0.5,
        "prefix_padding_ms": 300,
        "silence_duration_ms": 500,
        "create_response": True,
        "interrupt_response": False,
        "idle_timeout_ms": 8000,
    }


def test_without_tools_none_is_chosen() -> None:
    session = realtime_session(AgentVersion(instructions="Answer."), [])
    assert (session["tools"], session["tool_choice"]) == ([], "none")


def test_opening_words() -> None:
    assert opening_words(AgentVersion(greeting="Hello.", consent_text="Recorded.")) == "Hello.\nRecorded."
    assert opening_words(AgentVersion()) == ""


def test_the_sdk_takes_every_session() -> None:
    accepted = TypeAdapter(CallAcceptParams)
    sessions = [
        *(session_of(eagerness=eagerness) for eagerness in Eagerness.values),
        session_of(turn_detection="server_vad", idle_timeout_ms=8000),
    ]
    taken = [accepted.validate_python(session) for session in sessions]  # raises for what it does not take
    assert [session["audio"] for session in taken] == [session["audio"] for session in sessions]
