"""A call's session: what accepting it said, with OpenAI's defaults for the rest."""

from __future__ import annotations

import copy
import time
from typing import Any

from callsphere.local.doubles.openai.faults import ApiError

_DEFAULTS: dict[str, Any] = {
    "type": "realtime",
    "object": "realtime.session",
    "model": "gpt-realtime-2.1",
    "output_modalities": ["audio"],
    "instructions": "You are a helpful assistant.",
    "tools": [],
    "tool_choice": "auto",
    "max_output_tokens": "inf",
    "tracing": None,
    "truncation": "auto",
    "prompt": None,
    "include": None,
    "audio": {
        "input": {
            "format": {"type": "audio/pcmu"},
            "transcription": None,
            "noise_reduction": None,
            "turn_detection": {
                "type": "server_vad",
                "threshold": 0.5,
                "prefix_padding_ms": 300,
                "silence_duration_ms": 500,
                "idle_timeout_ms": None,
                "create_response": True,
                "interrupt_response": True,
            },
        },
        "output": {"format": {"type": "audio/pcmu"}, "voice": "alloy", "speed": 1.0},
    },
}
_LONGEST_S = 3600
_WHOLE = {"turn_detection", "transcription", "noise_reduction", "tools", "tool_choice", "prompt", "tracing"}


def opened(session_id: str, wanted: dict[str, Any]) -> dict[str, Any]:
    """Return the session that a call begins with."""
    session = {"id": session_id, "expires_at": int(time.time()) + _LONGEST_S, **copy.deepcopy(_DEFAULTS)}
    _merge(session, wanted)
    return session


def update(session: dict[str, Any], wanted: dict[str, Any], *, has_spoken: bool) -> None:
    """Change a session in place. Raises ApiError for what cannot change any more."""
    if wanted.get("model", session["model"]) != session["model"]:
        raise ApiError(
            400, "A session's model cannot be changed.", code="invalid_value", param="session.model"
        )
    voice = wanted.get("audio", {}).get("output", {}).get("voice", session["audio"]["output"]["voice"])
    if has_spoken and voice != session["audio"]["output"]["voice"]:
        raise ApiError(
            400,
            "Cannot update a conversation's voice if assistant audio is present.",
            code="cannot_update_voice",
            param="session.audio.output.voice",
        )
    _merge(session, wanted)


def shown(session: dict[str, Any]) -> dict[str, Any]:
    """Return the session as events tell it: without what opens MCP servers."""
    tools = [
        {name: value for name, value in tool.items() if name not in ("authorization", "headers")}
        for tool in session["tools"]
    ]
    return {**copy.deepcopy(session), "tools": tools}


def functions(session: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Return the functions that the model may call, by name."""
    if session["tool_choice"] == "none":
        return {}
    return {tool["name"]: tool for tool in session["tools"] if tool.get("type", "function") == "function"}


def responds_by_itself(session: dict[str, Any]) -> bool:
    """Whether the model responds as soon as the caller has spoken."""
    turns = session["audio"]["input"]["turn_detection"]
    return turns is not None and turns.get("create_response", True)


def idle_after(session: dict[str, Any]) -> float | None:
    """Return after how many seconds a silent caller is asked; None for never."""
    turns = session["audio"]["input"]["turn_detection"] or {}
    milliseconds = turns.get("idle_timeout_ms")
    return milliseconds / 1000 if milliseconds else None


def _merge(into: dict[str, Any], wanted: dict[str, Any]) -> None:
    for name, value in wanted.items():
        if isinstance(value, dict) and isinstance(into.get(name), dict) and name not in _WHOLE:
            _merge(into[name], value)
        else:
            into[name] = copy.deepcopy(value)
