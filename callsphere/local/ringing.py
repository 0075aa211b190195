"""Ringing a number through Twilio's double, as somebody who dials it does: for demos and tests.

The double asks the product what to do with the call, over the network and signed, and tells that it ended.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from xml.etree import ElementTree

import httpx
from django.conf import settings

SOMEBODY = "+12125550100"
_PATIENCE_S = 60.0  # the double waits 15 s for each address that it asks
_TURN_S = 20.0


class CannotRing(Exception):
    """Nothing rang; `str()` says why, for people."""


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
    if not settings.TWILIO_BASE_URL:
        raise CannotRing("Only Twilio's stand-in can be rung from here, and it is not in use.")
    call = {"to": to, "from": caller}
    rang = _control("calls", call)
    _control("calls/status", {**call, "sid": rang["sid"]})
    return Rung(rang["sid"], rang["status"], rang["text"], _said(rang["text"]))


def play_call(to: str, caller: str = SOMEBODY, *, script: str = "") -> str:
    """Call a number or SIP address as somebody who goes through all of it; return the call's id at once.

    `script` is what the caller says to an agent, by its name at OpenAI's stand-in. Raises CannotRing.
    """
    if not settings.TWILIO_BASE_URL:
        raise CannotRing("Only Twilio's stand-in can be rung from here, and it is not in use.")
    call: dict[str, Any] = {"to": to, "from": caller, "play": True}
    return str(_control("calls", call | ({"script": script} if script else {}))["sid"])


def watch_call(sid: str) -> Iterator[dict[str, Any]]:
    """Yield what happens in a call that is played, as it happens, until all is over.

    An event has `at` (seconds of the call), `kind` and what belongs to it: `say` has `text`, `call` and `leg`
    a `status`. Raises CannotRing.
    """
    seen = 0
    while True:
        state = _ask("GET", f"calls/{sid}?seen={seen}&patience_s={_TURN_S:g}")
        yield from state["events"][seen:]
        seen = len(state["events"])
        if state["is_over"]:
            return


def _control(name: str, values: dict[str, Any]) -> dict[str, Any]:
    return _ask("POST", name, values)


def _ask(method: str, name: str, values: dict[str, Any] | None = None) -> dict[str, Any]:
    url = f"{settings.TWILIO_BASE_URL}/_double/{name}"
    try:
        answer = httpx.request(method, url, json=values, trust_env=False, timeout=_PATIENCE_S)
    except httpx.HTTPError as error:
        raise CannotRing(f"Twilio's stand-in does not answer at {settings.TWILIO_BASE_URL}.") from error
    body: dict[str, Any] = answer.json()
    if answer.status_code == 404:
        what = f"Nobody has {values['to']}" if values else "There is no such call"
        raise CannotRing(f"{what} at Twilio's stand-in.")
    if answer.status_code != 200:
        raise CannotRing(str(body.get("message", "Twilio's stand-in refused.")))
    return body


def _said(twiml: str) -> tuple[str, ...]:
    try:
        root = ElementTree.fromstring(twiml)  # noqa: S314  # what our own product answered to our own double
    except ElementTree.ParseError:
        return ()
    return tuple(verb.text or "" for verb in root.iter("Say"))
