"""Which built-in tools there are."""

from __future__ import annotations

from typing import Any

from agents.models import AgentVersion
from callsphere.calls.builtin_tools.callbacks import SCHEDULE_CALLBACK
from callsphere.calls.builtin_tools.contract import Builtin
from callsphere.calls.builtin_tools.ending import HANG_UP
from callsphere.calls.builtin_tools.last_calls import LAST_CALLS
from callsphere.calls.builtin_tools.messages import TAKE_MESSAGE
from callsphere.calls.builtin_tools.opening_hours import CHECK_BUSINESS_HOURS
from callsphere.calls.builtin_tools.texting import SEND_SMS
from callsphere.calls.builtin_tools.transfer import ESCALATE, TRANSFER_TO_HUMAN

BUILTINS: dict[str, Builtin] = {
    tool.name.value: tool
    for tool in (
        TRANSFER_TO_HUMAN,
        SEND_SMS,
        TAKE_MESSAGE,
        CHECK_BUSINESS_HOURS,
        SCHEDULE_CALLBACK,
        LAST_CALLS,
        ESCALATE,
        HANG_UP,
    )
}


def chosen(version: AgentVersion, name: str) -> Builtin | None:
    """Return a built-in tool that a version uses; None for any other name."""
    return BUILTINS.get(name) if name in version.builtin_tools else None


def functions_of(version: AgentVersion) -> list[dict[str, Any]]:
    """Return the built-in tools that a version uses, as OpenAI takes functions."""
    return [BUILTINS[name].function for name in version.builtin_tools if name in BUILTINS]
