"""Requests about a call that came in. Never in a request or a transaction: each waits for the network.

A request whose answer was lost, or that OpenAI could not take just then, is sent again, twice at most. The
error's `outcome_unknown` tells that an earlier try may have been carried out.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from callsphere.providers.openai.account import client
from callsphere.providers.openai.tries import ask

BUSY = 486
"""SIP's "Busy Here": ends the call. Twilio tries no other address after it."""
TRY_ELSEWHERE = 503
"""SIP's "Service Unavailable": Twilio tries the next address, if there is one."""


def accept_call(call_id: str, session: Mapping[str, Any]) -> None:
    """Let the model answer with a session (`agents.answering.realtime_session` makes it).

    The model does not speak first: attach, and ask for a response. Raises CallGone when the caller has hung
    up, Refused for a session that OpenAI does not take, Unavailable.
    """
    # As it is: whether OpenAI knows a name that this SDK does not, OpenAI says.
    body = dict(session)
    ask(lambda: client().realtime.calls.accept(call_id, type="realtime", extra_body=body))


def reject_call(call_id: str, status_code: int) -> None:
    """Let the call be refused with a SIP status (400 to 699), which decides whether the carrier tries on.

    Raises CallGone, Refused, Unavailable.
    """
    ask(lambda: client().realtime.calls.reject(call_id, status_code=status_code))


def refer_call(call_id: str, target_uri: str) -> None:
    """Ask the carrier to connect the caller elsewhere (`tel:+1…`, `sip:…`). What comes of it is not told.

    Raises CallGone, Refused, Unavailable.
    """
    ask(lambda: client().realtime.calls.refer(call_id, target_uri=target_uri))


def hang_up_call(call_id: str) -> None:
    """End a call that was accepted. Raises CallGone when it is over already, Refused, Unavailable."""
    ask(lambda: client().realtime.calls.hangup(call_id))
