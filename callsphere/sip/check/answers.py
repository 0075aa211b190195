"""What a final response to an INVITE means for a trunk."""

from __future__ import annotations

import re

from callsphere.sip.check.report import Outcome, troubled
from callsphere.sip.message import Response

_BY_STATUS = {
    402: "payment_required",
    404: "number_not_found",
    410: "number_not_found",
    604: "number_not_found",
    484: "number_incomplete",
    486: "busy",
    600: "busy",
    603: "declined",
    607: "declined",
    608: "declined",
    503: "carrier_overloaded",
    420: "extension_required",
    421: "extension_required",
    482: "loop_detected",
    483: "loop_detected",
    488: "media_rejected",
    606: "media_rejected",
    415: "media_rejected",
    408: "call_not_answered",
    480: "call_not_answered",
}
_ABOUT_THE_NUMBER = re.compile(
    r"\b(?:number|digits?|dial(?:l?ed)?|destination|called|callee|e\.?164|address incomplete|"
    r"request[- ]?uri|to (?:user|uri)|user ?part|phone)\b",
    re.I,
)
MAX_SHOWN = 120


def refusal_of(response: Response, *, with_credentials: bool) -> Outcome:
    """The outcome of a call that was answered with anything but 2xx.

    `with_credentials` says whether the refused INVITE carried an answer to a challenge.
    """
    status = response.status
    detail = said(response)
    if status == 403:
        return troubled("credentials_rejected" if with_credentials else "ip_not_allowed", detail)
    if status == 400 and _ABOUT_THE_NUMBER.search(f"{response.reason} {response.headers.get('warning')}"):
        return troubled("number_incomplete", detail)
    if 300 <= status < 400:
        return troubled(
            "redirected", f"{detail} To: {_shown(', '.join(response.headers.get_list('contact')))}"
        )
    if status == 503 and response.headers.get("retry-after"):
        detail = f"{detail} Retry-After: {_shown(response.headers.get('retry-after') or '')}."
    return troubled(_known(status), detail)


def cause_of_status(status: int) -> str:
    """Return the cause behind a refusal of which nothing but the code is known, as in a provider's log."""
    if status == 403:
        return "ip_not_allowed"
    if status in (401, 407):
        return "credentials_rejected"
    if status == 487:  # the call was given up before anybody took it (RFC 3261 §21.4.25)
        return "call_not_answered"
    return "redirected" if 300 <= status < 400 else _known(status)


def _known(status: int) -> str:
    return _BY_STATUS.get(status) or ("carrier_error" if 500 <= status < 600 else "unexpected_answer")


def said(response: Response) -> str:
    """A response in words for people: code, reason, and what Reason and Warning headers add."""
    text = f"{response.status} {_shown(response.reason)}".strip() + "."
    for name in ("Reason", "Warning"):
        value = response.headers.get(name)
        if value:
            text += f" {name}: {_shown(value)}."
    return text


def _shown(text: str) -> str:
    clean = "".join(character if character.isprintable() else " " for character in text).strip()
    return clean if len(clean) <= MAX_SHOWN else clean[: MAX_SHOWN - 3] + "..."
