"""Requests that follow from another one: ACK, CANCEL and the next attempt."""

from __future__ import annotations

import os

from callsphere.sip.errors import SipParseError
from callsphere.sip.headers import MAX_CSEQ, CSeq
from callsphere.sip.message import Headers, Request, Response

MAGIC_COOKIE = "z9hG4bK"
"""Start of every branch made after RFC 3261 §8.1.1.7."""


def new_branch() -> str:
    """A branch that no other transaction has (RFC 3261 §8.1.1.7): 64 random bits behind the cookie."""
    return MAGIC_COOKIE + os.urandom(8).hex()


def next_attempt(request: Request, *, sent_by: tuple[str, str] | None = None) -> Request:
    """A copy that starts a new transaction: a new branch in the topmost Via, and the next CSeq number.

    For a request that is sent once more with credentials, a longer interval or to another target
    (RFC 3261 §8.1.3.5); From, To and Call-ID stay. `sent_by` (transport, "host:port") replaces the
    Via's where the next attempt goes another way. Raises SipParseError when no CSeq number is left.
    """
    number = request.cseq.number + 1
    if number > MAX_CSEQ:
        raise SipParseError("The CSeq numbers of this dialog are used up.")
    attempt = Request(request.method, request.uri, request.headers.copy(), request.body)
    attempt.headers.set("CSeq", CSeq(number, request.method))
    branch = new_branch()
    via = request.via.with_param("branch", branch)
    attempt.headers.set(
        "Via", via if sent_by is None else f"SIP/2.0/{sent_by[0].upper()} {sent_by[1]};rport;branch={branch}"
    )
    return attempt


def ack_for(invite: Request, response: Response) -> Request:
    """The ACK for a final response other than 2xx (RFC 3261 §17.1.1.3).

    Same branch, Request-URI, From, Call-ID, Route and CSeq number as the INVITE; To of the response.
    """
    ack = _same_hop("ACK", invite)
    ack.headers.set("To", response.headers.get("to") or invite.to)
    return ack


def cancel_for(invite: Request) -> Request:
    """The CANCEL of an INVITE (RFC 3261 §9.1): as the INVITE in all that routes and identifies it."""
    return _same_hop("CANCEL", invite)


def _same_hop(method: str, invite: Request) -> Request:
    """A request that takes the very way of the INVITE and is matched by its branch."""
    headers = Headers()
    headers.add("Via", invite.via)
    headers.add("Max-Forwards", "70")
    for name in ("Route", "From", "To", "Call-ID"):
        for value in invite.headers.get_all(name):
            headers.add(name, value)
    headers.add("CSeq", CSeq(invite.cseq.number, method))
    product = invite.headers.get("user-agent")
    if product is not None:
        headers.add("User-Agent", product)
    return Request(method, invite.uri, headers)
