"""Ending the call."""

from __future__ import annotations

from agents.enums import BuiltinTool
from callsphere.calls.builtin_tools.contract import After, Builtin, Reply, Run, declined
from callsphere.calls.builtin_tools.handing_over import is_handed_over


def hang_up(run: Run) -> Reply:
    """Let the call end once the model has said goodbye; never one that a person has, or is about to have."""
    if is_handed_over(run):
        return declined("The caller is put through to a person: the call goes on without you. Say nothing.")
    return Reply({"done": True, "what_to_do": "The call ends now. Say nothing more."}, then=After.HANG_UP)


HANG_UP = Builtin(
    BuiltinTool.HANG_UP,
    "End the call. Use it when the caller has said goodbye, or wants nothing more and you have said goodbye,"
    " and never while something is left open.",
    {},
    hang_up,
)
