"""Ending the call."""

from __future__ import annotations

from agents.enums import BuiltinTool
from callsphere.calls.builtin_tools.contract import After, Builtin, Reply, Run


def hang_up(_run: Run) -> Reply:
    """Let the call end once the model has said goodbye."""
    return Reply({"done": True, "what_to_do": "The call ends now. Say nothing more."}, then=After.HANG_UP)


HANG_UP = Builtin(
    BuiltinTool.HANG_UP,
    "End the call. Use it when the caller has said goodbye, or wants nothing more and you have said goodbye,"
    " and never while something is left open.",
    {},
    hang_up,
)
