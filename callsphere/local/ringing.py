"""Ringing a number through Twilio's double, as somebody who dials it does: for demos and tests.

The double asks the product what to do with the call, over the network and signed, and tells that it ended.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from xml.etree import ElementTree

from callsphere.providers.twilio.double import SOMEBODY, CannotRing, control, play_call

__all__ = ["SOMEBODY", "CannotRing", "Rung", "play_call", "ring_number", "watch_call"]

_TURN_S = 20.0


@dataclass(frozen=True, slots=True)
class Rung:
    """A call that was made: its id, the status and TwiML of the answer, and what was said."""

    sid: str
    status: int
    twiml: str
    said: tuple[str, ...]


def ring_number(to: str, caller: str = SOMEBODY) -> Rung:
    """Call a number (E.164) or a SIP address (sip:user@domain), hear the answer, and hang up.

    Call it outside any transaction and request. Raises CannotRing.
    """
    call = {"to": to, "from": caller}
    rang = control("POST", "calls", call)
    control("POST", "calls/status", {**call, "sid": rang["sid"]})
    return Rung(rang["sid"], rang["status"], rang["text"], _said(rang["text"]))


def watch_call(sid: str) -> Iterator[dict[str, Any]]:
    """Yield what happens in a call that is played, as it happens, until all is over.

    An event has `at` (seconds of the call), `kind` and what belongs to it: `say` has `text`, `call` and `leg`
    a `status`. Raises CannotRing.
    """
    seen = 0
    while True:
        state = control("GET", f"calls/{sid}?seen={seen}&patience_s={_TURN_S:g}")
        yield from state["events"][seen:]
        seen = len(state["events"])
        if state["is_over"]:
            return


def _said(twiml: str) -> tuple[str, ...]:
    try:
        root = ElementTree.fromstring(twiml)  # noqa: S314  # what our own product answered to our own double
    except ElementTree.ParseError:
        return ()
    return tuple(verb.text or "" for verb in root.iter("Say"))
