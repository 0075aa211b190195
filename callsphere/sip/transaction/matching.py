"""Which message belongs to which transaction (RFC 3261 §17.1.3, §17.2.3)."""

from __future__ import annotations

from callsphere.sip.message import Message, Request, Response
from callsphere.sip.transaction.derived import MAGIC_COOKIE

Key = tuple[object, ...]


def client_key(message: Message) -> Key:
    """The key of a client transaction, from its request or from a response: branch and CSeq method."""
    return (message.via.branch or "").lower(), message.cseq.method


def is_echo(response: Response, request: Request) -> bool:
    """Whether a response that came under our branch is about our request.

    A server copies Call-ID, From and CSeq (RFC 3261 §8.2.6.2), and more than one Via means that it is
    somebody else's (§8.1.3.3).
    """
    return (
        response.call_id == request.call_id
        and response.cseq.number == request.cseq.number
        and _same_from_tag(response, request)
        and len(response.headers.get_list("via")) == 1
    )


def _same_from_tag(response: Response, request: Request) -> bool:
    # Nearly always the whole header came back letter for letter.
    return (
        response.headers.get("from") == request.headers.get("from") or response.from_tag == request.from_tag
    )


def server_key(request: Request, *, method: str | None = None) -> Key:
    """The key of a server transaction; an ACK has that of its INVITE.

    Branch, sent-by and method; for RFC 2543 peers, whose branch identifies nothing, all that stays
    the same in an INVITE, its repetitions, its CANCEL and its ACK.
    """
    name = method or ("INVITE" if request.method == "ACK" else request.method)
    via = request.via
    branch = (via.branch or "").lower()
    if branch.startswith(MAGIC_COOKIE.lower()):
        return branch, via.host.lower(), via.port, name
    return str(via), request.uri, request.call_id, request.from_tag, request.cseq.number, name


def merge_key(request: Request) -> Key:
    """What two copies of one request share that came by different ways (RFC 3261 §8.2.2.2)."""
    return request.call_id, request.from_tag, request.cseq.number, request.method
