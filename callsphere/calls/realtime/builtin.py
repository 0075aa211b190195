"""The functions of ours that models may call, as sessions use them."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from agents.enums import BuiltinTool
from agents.models import AgentVersion
from tenants.models import Tenant


class After(StrEnum):
    """What comes after a function has returned."""

    NOTHING = "nothing"
    HANG_UP = "hang_up"


@dataclass(frozen=True, slots=True)
class BuiltinAnswer:
    """What a function of ours tells the model, and what is done then."""

    output: str
    then: After = After.NOTHING


def functions_of(version: AgentVersion) -> list[dict[str, Any]]:
    """Return the functions that a version's model may call, as OpenAI takes them."""
    if BuiltinTool.HANG_UP not in version.builtin_tools:
        return []
    description = "End the call. Say goodbye before you call this."
    nothing = {"type": "object", "properties": {}, "additionalProperties": False}
    return [{"type": "function", "name": "hang_up", "description": description, "parameters": nothing}]


def run_builtin(
    *,
    tenant: Tenant,
    call_id: uuid.UUID,
    version: AgentVersion,
    name: str,
    arguments: Any,
    function_call_id: str,
) -> BuiltinAnswer:
    """Do what a model asks of us. Call it outside any context."""
    if name == BuiltinTool.HANG_UP and name in version.builtin_tools:
        return BuiltinAnswer('{"ok": true}', After.HANG_UP)
    return BuiltinAnswer('{"error": "There is no such function."}')
