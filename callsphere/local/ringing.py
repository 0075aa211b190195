"""Ringing a number through Twilio's double, as somebody who dials it does: for demos and tests.

The double asks the product what to do with the call, over the network and signed, and tells that it ended.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from xml.etree import ElementTree

import httpx
from django.conf import settings

SOMEBODY = "+12125550100"
_PATIENCE_S = 60.0  # the double waits 15 s for each address that it asks


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


def _control(name: str, values: dict[str, str]) -> dict[str, Any]:
    url = f"{settings.TWILIO_BASE_URL}/_double/{name}"
    try:
        answer = httpx.post(url, json=values, trust_env=False, timeout=_PATIENCE_S)
    except httpx.HTTPError as error:
        raise CannotRing(f"Twilio's stand-in does not answer at {settings.TWILIO_BASE_URL}.") from error
    body: dict[str, Any] = answer.json()
    if answer.status_code == 404:
        raise CannotRing(f"Nobody has {values['to']} at Twilio's stand-in.")
    if answer.status_code != 200:
        raise CannotRing(str(body.get("message", "Twilio's stand-in refused.")))
    return body


def _said(twiml: str) -> tuple[str, ...]:
    try:
        root = ElementTree.fromstring(twiml)  # noqa: S314  # what our own product answered to our own double
    except ElementTree.ParseError:
        return ()
    return tuple(verb.text or "" for verb in root.iter("Say"))
