"""Leading a caller away from an agent that nobody can follow: the model talks on, without any tools."""

from __future__ import annotations

import structlog

from callsphere.calls.answering import leave_agent
from callsphere.calls.enums import CallAction, CallState
from callsphere.calls.instructions import place_of
from callsphere.calls.models import Call
from callsphere.calls.provider_side import CannotAsk, account_of
from callsphere.calls.realtime.claims import Held, holding
from callsphere.calls.realtime.notes import add_note
from callsphere.providers.twilio import twiml
from callsphere.providers.twilio.calls import redirect_call
from callsphere.providers.twilio.errors import TwilioError

_OURS = ("action", "sent_to", "agent_id", "version_id", "because", "end_due_at")
_TOLD = "The agent could not be followed any more, so the caller was led elsewhere."
log = structlog.get_logger(__name__)


def lead_elsewhere(held: Held, why: str) -> bool:
    """Have the provider lead a caller where the route leads when the agent fails; return whether it does.

    Raises ClaimLost. Call it outside any context: it waits for the network.
    """
    found = _prepare(held, why)
    if found is None:
        return False
    call_sid, document, before = found
    try:
        redirect_call(account_of(held.tenant_id), call_sid, document)
    except (CannotAsk, TwilioError, twiml.InstructionsInvalid) as error:
        log.warning("caller_not_led_elsewhere", call=str(held.call_id), why=str(error))
        # what may have been done is not done again: it would begin anew
        if not (isinstance(error, TwilioError) and error.outcome_unknown):
            _undo(held, before)
            return False
    with holding(held):
        add_note(held, "led-elsewhere", f"{_TOLD} {why}")
    return True


def _prepare(held: Held, why: str) -> tuple[str, str, dict[str, object]] | None:
    """Store what a call is to do before the provider asks about it; return its id, that, and how it was."""
    with holding(held) as session:
        rows = Call.objects.select_for_update(of=("self",), no_key=True).exclude(state=CallState.ENDED)
        # who is done, or has been put through, is not led anywhere
        mine = rows.filter(pk=held.call_id, version=session.version_id, end_reason="")
        call = mine.filter(action=CallAction.REALTIME).first()
        if call is None or (call.trunk_id is None and call.phone_number_id is None):
            return None
        before = {name: getattr(call, name) for name in _OURS}
        document = leave_agent(call, why, place_of(call))
        call.save(update_fields=_OURS)
        return call.call_sid, document, before


def _undo(held: Held, before: dict[str, object]) -> None:
    with holding(held):
        Call.objects.filter(pk=held.call_id).exclude(state=CallState.ENDED).update(**before)
