"""Answering what the peer asks, inside a dialog and outside of any (RFC 3261 §8.2, §12.2.2, §14.2)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from callsphere.sip.dialog.dialog import Dialog
from callsphere.sip.dialog.glare import retry_after
from callsphere.sip.dialog.state import TARGET_REFRESH
from callsphere.sip.message import Request, Response
from callsphere.sip.sdp import OfferRefused, SdpError, parse_sdp, sdp_body
from callsphere.sip.session_timer import TimerAnswer, answer_timer

ALLOW = "INVITE, ACK, CANCEL, BYE, UPDATE, OPTIONS, INFO, NOTIFY"
"""What we take: for the Allow header of our requests and of our answers."""
SUPPORTED = "timer"

_TAKEN = frozenset(ALLOW.split(", "))
_EXTENSIONS = frozenset({"timer"})
# Known methods that we do not serve, with the answer that harms no call.
_REFUSALS = {"REFER": 603, "SUBSCRIBE": 489, "PRACK": 481, "MESSAGE": 405, "PUBLISH": 405, "REGISTER": 405}


class PeerEvent(Enum):
    """What a request of the peer's was."""

    BYE = "bye"
    ACK = "ack"
    SESSION_CHANGED = "session_changed"
    """A re-INVITE or UPDATE was accepted; media and timer of the dialog are up to date."""
    QUESTION = "question"
    """OPTIONS, INFO or NOTIFY, answered 200."""
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Reaction:
    """What to send (None for an ACK), what it was about, and a detail for people.

    A 2xx to an INVITE has to be repeated until its ACK comes: `SuccessRetransmission`.
    """

    response: Response | None
    event: PeerEvent
    detail: str = ""


def receive_request(dialog: Dialog, request: Request, *, now: float, chance: float) -> Reaction:
    """Take a request inside the dialog, bring the dialog up to date, and say what to answer.

    Uses and updates `dialog.media` and `dialog.timer`. `chance` is a random number from 0 to below 1.
    CANCEL is not for here: the transaction layer knows its INVITE.
    """
    if request.method == "ACK":
        return _acknowledged(dialog, request)
    status = dialog.receive_request(request) or _unsupported(request)
    if status is None and request.method in TARGET_REFRESH:
        return _change_session(dialog, request, now)
    if status is None and request.method == "BYE":
        dialog.accept_request(request)
        return Reaction(dialog.respond(request, 200), PeerEvent.BYE, request.headers.get("reason") or "")
    if status is None:
        dialog.accept_request(request)
        return Reaction(_polite(dialog.respond(request, 200), request), PeerEvent.QUESTION, request.method)
    # RFC 3261 §14.2: the peer is to come back at a time of our choice.
    wait = (("Retry-After", str(retry_after(chance))),) if status == 500 else ()
    return _refuse(dialog, request, status, wait)


def answer_outside(request: Request, *, to_tag: str, user_agent: str = "") -> Response | None:
    """The answer to a request that belongs to no dialog; None for an ACK (RFC 3261 §12.2.2, §11.2).

    Keep-alives are answered 200, calls 480, everything inside a dialog that we do not know 481.
    """
    if request.method == "ACK":
        return None
    status: int | None = 481 if request.to_tag is not None or request.method in ("BYE", "CANCEL") else None
    status = status or _unsupported(request) or {"INVITE": 480, "UPDATE": 481}.get(request.method, 200)
    response = request.respond(status, to_tag=to_tag)
    if user_agent:
        response.headers.add("Server", user_agent)
    return _explain(response, request) if status >= 300 else _polite(response, request)


def _acknowledged(dialog: Dialog, ack: Request) -> Reaction:
    expected = dialog.receive_ack(ack)
    body = sdp_body(ack)
    media = dialog.media
    if expected and media is not None and media.offer_pending and not dialog.invite_pending:
        # Our 2xx brought the offer, so this is the answer to it; without one the session stays.
        try:
            answer = None if body is None else parse_sdp(body)
        except SdpError as error:
            media.withdraw_offer()
            return Reaction(None, PeerEvent.ACK, error.reason)
        if answer is None:
            media.withdraw_offer()
        else:
            media.receive_answer(answer)
    return Reaction(None, PeerEvent.ACK)


def _change_session(dialog: Dialog, request: Request, now: float) -> Reaction:
    """Answer a re-INVITE or UPDATE (RFC 3261 §14.2, RFC 3311 §5.2, RFC 4028 §9)."""
    offer = sdp_body(request)
    if offer is None and request.body.strip():
        return _refuse(dialog, request, 415)
    media = dialog.media
    if media is not None and media.offer_pending and (offer is not None or request.method == "INVITE"):
        return _refuse(dialog, request, 491)
    timer = answer_timer(request, now, current=dialog.timer, min_se=dialog.min_se)
    if timer.status != 200:
        return _refuse(dialog, request, timer.status, timer.headers)
    try:
        body = _session_body(dialog, request, offer)
    except OfferRefused as error:
        return _refuse(dialog, request, 488, (("Warning", _warning(error)),), error.reason)
    except SdpError as error:
        return _refuse(dialog, request, 400, detail=error.reason)
    return _accept(dialog, request, timer, body)


def _session_body(dialog: Dialog, request: Request, offer: bytes | None) -> bytes:
    """Our answer to an offer; our offer where an INVITE brings none; nothing for a bare UPDATE."""
    media = dialog.media
    if media is None:
        return b""
    if offer is not None:
        return media.receive_offer(parse_sdp(offer)).to_bytes()
    return media.offer().to_bytes() if request.method == "INVITE" else b""


def _accept(dialog: Dialog, request: Request, timer: TimerAnswer, body: bytes) -> Reaction:
    dialog.accept_request(request)
    dialog.timer = timer.timer
    response = dialog.respond(request, 200)
    for name, value in timer.headers:
        response.headers.add(name, value)
    if "allow" not in response.headers:
        response.headers.add("Allow", ALLOW)
    if "supported" not in response.headers:
        response.headers.add("Supported", SUPPORTED)
    if body:
        response.headers.add("Content-Type", "application/sdp")
        response.body = body
    return Reaction(response, PeerEvent.SESSION_CHANGED, request.method)


def _refuse(
    dialog: Dialog,
    request: Request,
    status: int,
    headers: Sequence[tuple[str, str]] = (),
    detail: str = "",
) -> Reaction:
    response = _explain(dialog.respond(request, status), request)
    for name, value in headers:
        response.headers.add(name, value)
    return Reaction(response, PeerEvent.REFUSED, detail or f"{request.method} refused with {status}")


def _unsupported(request: Request) -> int | None:
    """405, 501 or the like for a method, 420 for an extension we do not have (RFC 3261 §8.2.1, §8.2.2.3)."""
    if request.method not in _TAKEN:
        return _REFUSALS.get(request.method, 501)
    return 420 if _unknown_extensions(request) and request.method != "CANCEL" else None


def _unknown_extensions(request: Request) -> list[str]:
    return [tag for tag in request.headers.get_list("require") if tag.lower() not in _EXTENSIONS]


def _explain(response: Response, request: Request) -> Response:
    """Add what a refusal has to say."""
    if response.status == 405:
        response.headers.add("Allow", ALLOW)
    elif response.status == 415:
        response.headers.add("Accept", "application/sdp")
    elif response.status == 420:
        response.headers.add("Unsupported", ", ".join(_unknown_extensions(request)))
    elif response.status == 489:
        response.headers.add("Allow-Events", "keep-alive")
    return response


def _polite(response: Response, request: Request) -> Response:
    """A 200 to a question; to OPTIONS it says what we can (RFC 3261 §11.2)."""
    if request.method == "OPTIONS":
        for name, value in (("Allow", ALLOW), ("Accept", "application/sdp"), ("Supported", SUPPORTED)):
            if name not in response.headers:
                response.headers.add(name, value)
    return response


def _warning(error: OfferRefused) -> str:
    """RFC 3261 §20.43: 305 incompatible media format, 302 incompatible transport protocol."""
    code, text = (
        ("302", "Incompatible transport protocol")
        if error.cause == "sdp_encryption_mismatch"
        else ("305", "Incompatible media format")
    )
    return f'{code} callsphere "{text}"'
