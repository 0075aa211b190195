"""Messages of one call as both sides send them, for the tests of dialogs and timers."""

from __future__ import annotations

from callsphere.sip.dialog import ALLOW, Answered, Dialog, DialogSet
from callsphere.sip.headers import Via
from callsphere.sip.message import Headers, Request, Response, parse_message
from callsphere.sip.nat import LocalFlow
from callsphere.sip.sdp import LocalAudio, MediaSession, build_answer, parse_sdp

FLOW = LocalFlow("udp", "192.0.2.1", 5060)
OURS = LocalAudio("192.0.2.1", 40000, session_id=77)
THEIRS = LocalAudio("198.51.100.7", 50000, session_id=99)

Extra = tuple[tuple[str, str], ...]


def via(digits: str = "1") -> Via:
    """A Via of ours."""
    return FLOW.via(f"z9hG4bK{digits}")


def invite(*, uri: str = "sip:bob@biloxi.example.com", extra: Extra = (), body: bytes = b"") -> Request:
    """Our first INVITE, as it would be read back from the wire."""
    fields = [
        ("Via", str(via("invite"))),
        ("Max-Forwards", "70"),
        ("From", "Alice <sip:alice@atlanta.example.com>;tag=ours"),
        ("To", f"Bob <{uri}>"),
        ("Call-ID", "3848276298220188511@atlanta.example.com"),
        ("CSeq", "10 INVITE"),
        ("Contact", FLOW.contact("alice")),
        ("Allow", ALLOW),
        ("User-Agent", "CallSphere-Check/1 (readiness test)"),
        *extra,
    ]
    return _reread_request(Request("INVITE", uri, Headers(fields), body))


def answer(
    request: Request,
    status: int = 200,
    *,
    tag: str | None = "theirs",
    contact: str | None = "<sip:bob@198.51.100.7:5070>",
    routes: tuple[str, ...] = (),
    extra: Extra = (),
    body: bytes = b"",
) -> Response:
    """What the peer answers, read from the wire."""
    response = request.respond(status, to_tag=tag)
    for route in routes:
        response.headers.add("Record-Route", route)
    if contact is not None:
        response.headers.add("Contact", contact)
    for name, value in extra:
        response.headers.add(name, value)
    if body:
        response.headers.add("Content-Type", "application/sdp")
        response.body = body
    parsed = parse_message(response.to_bytes())
    assert isinstance(parsed, Response)
    return parsed


def call(*, media: bool = False, routes: tuple[str, ...] = (), extra: Extra = ()) -> Dialog:
    """A confirmed dialog that we started; with `media`, its first offer is answered."""
    session = MediaSession(OURS) if media else None
    request = invite(body=session.offer().to_bytes() if session else b"")
    body = build_answer(THEIRS, parse_sdp(request.body)).to_bytes() if session else b""
    event = DialogSet(request).receive(answer(request, routes=routes, extra=extra, body=body))
    assert isinstance(event, Answered)
    if session is not None:
        assert event.sdp is not None
        session.receive_answer(parse_sdp(event.sdp))
    event.dialog.media = session
    event.dialog.ack(request, via=via("ack"))
    return event.dialog


def from_peer(
    dialog: Dialog,
    method: str,
    number: int = 500,
    *,
    extra: Extra = (),
    contact: str | None = "<sip:bob@198.51.100.7:5070>",
    body: bytes = b"",
) -> Request:
    """A request of the peer's inside the dialog, read from the wire."""
    fields = [
        ("Via", f"SIP/2.0/UDP 198.51.100.7:5070;branch=z9hG4bKpeer{number}{method}"),
        ("Max-Forwards", "70"),
        ("From", str(dialog.remote)),
        ("To", str(dialog.local)),
        ("Call-ID", dialog.call_id),
        ("CSeq", f"{number} {method}"),
        *extra,
    ]
    if contact is not None:
        fields.append(("Contact", contact))
    if body:
        fields.append(("Content-Type", "application/sdp"))
    return _reread_request(Request(method, "sip:alice@192.0.2.1:5060", Headers(fields), body))


def _reread_request(request: Request) -> Request:
    parsed = parse_message(request.to_bytes())
    assert isinstance(parsed, Request)
    return parsed
