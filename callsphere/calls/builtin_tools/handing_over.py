"""Whether a caller is a person's by now: then the model does nothing more to the call."""

from __future__ import annotations

from datetime import timedelta

from agents.builtin_runs import is_under_way
from agents.enums import BuiltinTool
from callsphere.calls.builtin_tools.contract import Run
from callsphere.calls.enums import CallAction

LONGEST_TRANSFER = timedelta(seconds=60)
"""After so long nobody waits any more for what the provider says to a transfer."""
_LEADS_TO_PEOPLE = (BuiltinTool.TRANSFER_TO_HUMAN, BuiltinTool.ESCALATE)
_WITHOUT_AN_AGENT = frozenset({CallAction.PERSON, CallAction.VOICEMAIL, CallAction.HANG_UP})


def is_handed_over(run: Run) -> bool:
    """Whether the call has left its agent, or the provider is being asked to lead it to a person.

    The call's row is locked, so of two requests at once the second sees the first.
    """
    if run.call.action in _WITHOUT_AN_AGENT:
        return True
    return is_under_way(
        tenant=run.tenant,
        builtins=_LEADS_TO_PEOPLE,
        reference=str(run.call.pk),
        since=run.now - LONGEST_TRANSFER,
        besides=run.function_call_id,
    )
