"""What Twilio sends by itself: voice webhooks and status callbacks, signed with the account's token."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from http.client import HTTPConnection
from ipaddress import ip_address
from urllib.parse import urlencode, urlsplit

from twilio.request_validator import RequestValidator

from callsphere.local.doubles.twilio.messages import Row, invalid

_PATIENCE = 15.0  # seconds, as Twilio's own


@dataclass(frozen=True, slots=True)
class Reply:
    """What the address of a callback answered."""

    status: int
    text: str


def send(account: Row, method: str, url: str, fields: Mapping[str, str]) -> Reply:
    """Send a callback as Twilio signs it; only to this machine, whatever address a customer entered.

    Raises a Refusal for an address elsewhere, OSError when nothing answers.
    """
    parts = urlsplit(url)
    if parts.scheme != "http" or not is_here(parts.hostname or ""):
        raise invalid(11200, f"The double calls back to this machine alone, not to {parts.hostname}")
    validator = RequestValidator(account["auth_token"])
    target = f"{parts.path or '/'}{'?' + parts.query if parts.query else ''}"
    body = ""
    if method == "GET":
        target += ("&" if parts.query else "?") + urlencode(fields)
        signature = validator.compute_signature(f"http://{parts.netloc}{target}", {})
    else:
        body = urlencode(fields)
        signature = validator.compute_signature(url, dict(fields))
    connection = HTTPConnection(parts.hostname or "", parts.port or 80, timeout=_PATIENCE)
    headers = {
        "X-Twilio-Signature": signature,
        "Content-Type": "application/x-www-form-urlencoded; charset=UTF-8",
        "User-Agent": "TwilioProxy/1.1",
    }
    try:
        connection.request(method, target, body=body or None, headers=headers)
        response = connection.getresponse()
        return Reply(response.status, response.read().decode(errors="replace"))
    finally:
        connection.close()


def is_here(host: str) -> bool:
    """Whether a host is this machine."""
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
