"""Refusals outside of calls: who refuses what, and the headers that each code owes (RFC 3261 §21)."""

from __future__ import annotations

import re
from collections.abc import Callable

from callsphere.sip.dialog import ALLOW
from callsphere.sip.message import Request, Response
from callsphere.sip.uri import SipUriError

RETRY_AFTER_S = 30
ALLOWED = f"{ALLOW}, REGISTER"
ELSEWHERE = "<sip:elsewhere.example>"

_CODE = re.compile(r"[3-6][0-9]{2}$")
_OWED = {
    405: ("Allow", ALLOW),
    415: ("Accept", "application/sdp"),
    420: ("Unsupported", "timer"),
    421: ("Require", "100rel"),
    484: ("Warning", '399 sandbox "The number called is too short"'),
    503: ("Retry-After", str(RETRY_AFTER_S)),
}


def everything(status: int) -> Callable[[Request], int | None]:
    """Refuse whatever comes."""
    return lambda _: status


def registrations(request: Request) -> int | None:
    """Have no registrar (RFC 3261 §8.2.1)."""
    return 405 if request.method == "REGISTER" else None


def by_number(request: Request) -> int | None:
    """Refuse a call with the code that the number called ends in, from 300 to 699."""
    if request.method != "INVITE":
        return None
    try:
        ending = _CODE.search(request.sip_uri.user or "")
    except SipUriError:
        return None
    return int(ending[0]) if ending else None


def refuse(request: Request, status: int, to_tag: str) -> Response:
    """The refusal of a request, with the header that its code wants."""
    response = request.respond(status, to_tag=to_tag)
    if 300 <= status < 400:
        response.headers.add("Contact", ELSEWHERE)
    elif status in _OWED:
        response.headers.add(*_OWED[status])
    return response
