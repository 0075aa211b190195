"""The requests that a check begins with."""

from __future__ import annotations

import os
import socket
from dataclasses import replace
from ipaddress import ip_address

from callsphere.sip.agent.flow import Flow, family_of
from callsphere.sip.check.plan import OUR_USER, Plan
from callsphere.sip.dialog import ALLOW, SUPPORTED
from callsphere.sip.message import Headers, Request
from callsphere.sip.sdp import LocalAudio
from callsphere.sip.session_timer import TimerNegotiation
from callsphere.sip.uri import SipUri, escape_user

FIRST_CSEQ = 1


def options_request(plan: Plan, uri: SipUri, flow: Flow) -> Request:
    """OPTIONS to the trunk itself (RFC 3261 §11.1)."""
    headers = _headers(plan, flow, "OPTIONS", _plain(uri, OUR_USER), f"<{_plain(uri, None)}>")
    headers.add("Contact", flow.local.contact(OUR_USER, secure=uri.scheme == "sips"))
    headers.add("Accept", "application/sdp")
    return Request("OPTIONS", str(uri), headers)


def invite_request(
    plan: Plan, uri: SipUri, flow: Flow, negotiation: TimerNegotiation, body: bytes
) -> Request:
    """INVITE to the number, at the trunk (RFC 3261 §13.2.1), asking for a session timer (RFC 4028 §7.1)."""
    number = escape_user(plan.call or "")
    caller = _plain(uri, escape_user(plan.caller or plan.username or OUR_USER))
    headers = _headers(plan, flow, "INVITE", caller, f"<{_plain(uri, number)}>")
    if plan.caller and plan.asserts_caller:
        headers.add("P-Asserted-Identity", f"<{caller}>")
    headers.add("Contact", flow.local.contact(escape_user(plan.user), secure=uri.scheme == "sips"))
    headers.add("Allow", ALLOW)
    headers.add("Accept", "application/sdp")
    headers.add("Supported", SUPPORTED)
    if plan.timers.required:
        headers.add("Require", "timer")
    for name, value in negotiation.headers():
        if name != "Supported":
            headers.add(name, value)
    headers.add("Content-Type", "application/sdp")
    return Request("INVITE", str(replace(uri, user=number)), headers, body)


def local_audio(flow: Flow, port: int) -> LocalAudio:
    """What we offer: where the flow shows us to be, or stands, when what it shows is a name."""
    address = flow.local.shown_host
    try:
        ip_address(address)
    except ValueError:
        address = flow.local.host
    return LocalAudio(address, port, session_id=int.from_bytes(os.urandom(4), "big"))


class AudioPort:
    """A port for audio that is there, so that nobody gets ICMP errors, and heard by nobody."""

    def __init__(self, flow: Flow) -> None:
        self._socket = socket.socket(family_of(flow.target.address), socket.SOCK_DGRAM)
        self._socket.bind(("", 0))
        self.number: int = self._socket.getsockname()[1]

    def close(self) -> None:
        """Let the port go."""
        self._socket.close()


def _plain(uri: SipUri, user: str | None) -> SipUri:
    """The URI for From and To, which have neither port nor transport (RFC 3261 §19.1.1, table 1)."""
    return SipUri(uri.scheme, user, None, uri.host)


def _headers(plan: Plan, flow: Flow, method: str, caller: SipUri, to: str) -> Headers:
    return Headers(
        [
            ("Via", str(flow.via())),
            ("Max-Forwards", "70"),
            ("From", f"<{caller}>;tag={os.urandom(6).hex()}"),
            ("To", to),
            ("Call-ID", os.urandom(12).hex()),
            ("CSeq", f"{FIRST_CSEQ} {method}"),
            ("User-Agent", plan.product),
        ]
    )
