"""What can be asked of Twilio's double that nobody could ask of Twilio: to ring a number of ours.

The double speaks as docs/twilio.md says. Call these outside any transaction and request: it may take a while.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import httpx
from django.conf import settings

SOMEBODY = "+12125550100"
SCRIPTS: Mapping[str, str] = MappingProxyType(
    {
        "books-an-appointment": "Books an appointment",
        "asks-for-a-human": "Asks for a person",
        "leaves-a-message": "Leaves a message",
        "presses-keys": "Presses keys",
        "stays-silent": "Says nothing",
        "hangs-up-at-once": "Hangs up at once",
    }
)
"""What callers do, by the names of OpenAI's double; it plays the caller to an agent."""
_PATIENCE_S = 60.0  # the double waits 15 s for each address that it asks


class CannotRing(Exception):
    """Nothing rang; `str()` says why, for people."""


def is_double() -> bool:
    """Whether Twilio's double is in use, for pages to offer what only it can do."""
    return bool(settings.TWILIO_BASE_URL)


def play_call(to: str, caller: str = SOMEBODY, *, script: str = "") -> str:
    """Call a number or SIP address as somebody who goes through all of it; return the call's id at once.

    `script` is what the caller says to an agent, one of SCRIPTS. Raises CannotRing.
    """
    call: dict[str, Any] = {"to": to, "from": caller, "play": True}
    return str(control("POST", "calls", call | ({"script": script} if script else {}))["sid"])


def control(method: str, name: str, values: dict[str, Any] | None = None) -> dict[str, Any]:
    """Do one of the double's controls, and return what it answers. Raises CannotRing."""
    if not is_double():
        raise CannotRing("Only Twilio's stand-in can be rung from here, and it is not in use.")
    url = f"{settings.TWILIO_BASE_URL}/_double/{name}"
    try:
        answer = httpx.request(method, url, json=values, trust_env=False, timeout=_PATIENCE_S)
    except httpx.HTTPError as error:
        raise CannotRing(f"Twilio's stand-in does not answer at {settings.TWILIO_BASE_URL}.") from error
    body: dict[str, Any] = answer.json()
    if answer.status_code == 404:
        if not values:
            raise CannotRing("There is no such call at Twilio's stand-in.")
        own = "Call a number that stands under Numbers, with + and the country code."
        raise CannotRing(f"Nobody has {values['to']} at Twilio's stand-in. {own}")
    if answer.status_code != 200:
        raise CannotRing(str(body.get("message", "Twilio's stand-in refused.")))
    return body
