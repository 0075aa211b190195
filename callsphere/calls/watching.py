"""Calls over the customer's trunks, told to the sweep that ends those which outlive their session timer."""

from __future__ import annotations

from datetime import datetime

from callsphere.calls.enums import CallState
from callsphere.calls.models import Call
from callsphere.calls.provider_side import CannotAsk, account_of
from callsphere.providers.twilio.calls import hang_up_call
from callsphere.providers.twilio.errors import TwilioError
from trunks.live_calls.enders import Ending, EndingCall, NotEnded, add_ender
from trunks.live_calls.watching import call_over, watch_call

PROVIDER = "twilio"


def watch(call: Call, now: datetime) -> None:
    """Have a call over a trunk watched from its answer to its end. Call it where its row is locked."""
    if call.trunk_id is None or call.answered_at is None:
        return
    if call.state == CallState.ENDED:
        call_over(tenant_id=call.tenant_id, provider=PROVIDER, reference=call.call_sid, now=now)
        return
    watch_call(
        tenant_id=call.tenant_id,
        trunk_id=call.trunk_id,
        provider=PROVIDER,
        reference=call.call_sid,
        answered_at=call.answered_at,
        # the provider tells nobody what its 2xx agreed on
        session_interval_s=None,
    )


def add_enders() -> None:
    """Let the sweep of live calls end these calls."""
    add_ender(PROVIDER, _end)


def _end(call: EndingCall) -> Ending:
    try:
        state = hang_up_call(account_of(call.tenant_id), call.reference)
    except (CannotAsk, TwilioError) as error:
        raise NotEnded(str(error)) from error
    return Ending(f"Twilio says that it is {state.status}.")
