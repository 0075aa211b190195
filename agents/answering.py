"""How a version of an agent is told to OpenAI Realtime: the session with which a call over SIP is accepted.

Pure: versions in, what is sent out. Facts: OpenAI's API reference, `POST /v1/realtime/calls/{id}/accept`.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from agents.enums import TurnDetection
from agents.models import AgentVersion, VersionTool

TRANSCRIBES = "gpt-4o-mini-transcribe"
"""The model that writes down what callers say. No language is given: callers may prefer another."""


def realtime_session(
    version: AgentVersion,
    tools: Iterable[VersionTool],
    built_in: Iterable[dict[str, Any]] = (),
    *,
    brief: str = "",
) -> dict[str, Any]:
    """Return the session of a call. `built_in` are further functions, as OpenAI takes them.

    `brief` is what the agent is to know about this call alone.

    The model does not speak first: `opening_words` has what it is to be asked for once the session is there.
    """
    functions = [*map(_function, tools), *built_in]
    return {
        "type": "realtime",
        "model": version.model,
        "instructions": _instructions(version, brief),
        "output_modalities": ["audio"],
        "audio": {
            "input": {"turn_detection": _turns(version), "transcription": {"model": TRANSCRIBES}},
            "output": {"voice": version.voice},
        },
        "tools": functions,
        "tool_choice": "auto" if functions else "none",
    }


def opening_words(version: AgentVersion) -> str:
    """Return what the caller hears first, greeting and consent; empty where the caller speaks first."""
    return "\n".join(text for text in (version.greeting, version.consent_text) if text)


def _instructions(version: AgentVersion, brief: str) -> str:
    parts = [
        version.instructions,
        f"# Language\nSpeak {version.language} unless the caller prefers another language.",
    ]
    if brief:
        parts.append(f"# This call\n{brief}")
    if version.safety_rules:
        parts.append(f"# Rules that come before everything else\n{version.safety_rules}")
    return "\n\n".join(parts)


def _turns(version: AgentVersion) -> dict[str, Any]:
    always = {"create_response": True, "interrupt_response": version.can_be_interrupted}
    if version.turn_detection == TurnDetection.SEMANTIC_VAD:
        return {"type": "semantic_vad", "eagerness": version.eagerness, **always}
    turns: dict[str, Any] = {
        "type": "server_vad",
        "threshold": version.vad_threshold,
        "prefix_padding_ms": version.prefix_padding_ms,
        "silence_duration_ms": version.silence_duration_ms,
        **always,
    }
    if version.idle_timeout_ms is not None:
        turns["idle_timeout_ms"] = version.idle_timeout_ms
    return turns


def _function(tool: VersionTool) -> dict[str, Any]:
    return {
        "type": "function",
        "name": tool.name,
        "description": tool.description,
        "parameters": tool.parameters,
    }
