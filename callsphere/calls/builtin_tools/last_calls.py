"""What the caller of this call called about before: that they did, never what was said."""

from __future__ import annotations

from typing import Any

from agents.enums import BuiltinTool
from callsphere.calls.builtin_tools.callers import caller_number
from callsphere.calls.builtin_tools.clocks import Clock, clock_of
from callsphere.calls.builtin_tools.contract import Builtin, Reply, Run, declined, done
from callsphere.calls.models import Call

TOLD = 5


def look_up_last_calls(run: Run) -> Reply:
    """Tell of the last calls with the number that calls now, and of no other number."""
    number = caller_number(run.call)
    if not number:
        return declined("The caller's number is withheld: nothing is known of earlier calls.")
    rows = Call.objects.filter(tenant=run.tenant, their_number=number).exclude(pk=run.call.pk)
    calls = rows.select_related("agent").order_by("-id")[:TOLD]
    clock = clock_of(run.call, run.now)
    return done(calls=[_told(call, clock) for call in calls], **clock.facts())


def _told(call: Call, clock: Clock) -> dict[str, Any]:
    return {
        "when": clock.says(call.started_at),
        "direction": call.direction,
        "outcome": call.get_outcome_display() or "Still going on",
        "agent": call.agent.name if call.agent else None,
        "seconds_talked": call.talked_s,
    }


LAST_CALLS = Builtin(
    BuiltinTool.LAST_CALLS,
    f"Look up the last {TOLD} calls with the number that the caller calls from: when, how they ended, with"
    " which agent, how long. Use it when the caller speaks of an earlier call. It does not say who called or"
    " what about: somebody else may use the same phone, so do not take the caller for anybody.",
    {},
    look_up_last_calls,
)
