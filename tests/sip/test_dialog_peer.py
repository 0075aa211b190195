"""What the peer asks inside a dialog and outside of one, and what it gets."""

from __future__ import annotations

from typing import Any

import pytest

from callsphere.sip.dialog import (
    ALLOW,
    Dialog,
    DialogState,
    Effect,
    PeerEvent,
    Reaction,
    answer_outside,
    receive_request,
)
from callsphere.sip.headers import Via
from callsphere.sip.message import Response
from callsphere.sip.sdp import build_offer, direction_of, parse_sdp
from callsphere.sip.session_timer import SessionTimer
from tests.sip.calling import THEIRS, answer, call, from_peer, invite, via

OFFER = build_offer(THEIRS).to_bytes()
HOLD = build_offer(THEIRS, "sendonly", version=2).to_bytes()
VIDEO_ONLY = OFFER.replace(b"m=audio", b"m=video")
SRTP = OFFER.replace(b"RTP/AVP", b"RTP/SAVP")
NO_SPEECH = OFFER.replace(b"0 8 101", b"18 101").replace(b"PCMU", b"X").replace(b"PCMA", b"Y")


def react(dialog: Dialog, method: str, number: int = 500, **given: Any) -> tuple[Reaction, Response]:
    """What a request of the peer's gets; never for ACK."""
    request = from_peer(dialog, method, number, **given)
    reaction = receive_request(dialog, request, now=50.0, chance=0.5)
    assert reaction.response is not None
    assert (reaction.response.cseq, reaction.response.call_id) == (request.cseq, request.call_id)
    assert (reaction.response.from_tag, reaction.response.to_tag) == ("theirs", "ours")
    assert Via.parse(reaction.response.headers.get("Via") or "") == request.via
    reaction.response.to_bytes()
    return reaction, reaction.response


# Method, headers → status, event, and headers that must be there.
ANSWERS: list[tuple[str, tuple[tuple[str, str], ...], int, PeerEvent, dict[str, str]]] = [
    ("BYE", (), 200, PeerEvent.BYE, {}),
    ("OPTIONS", (), 200, PeerEvent.QUESTION, {"Allow": ALLOW, "Accept": "application/sdp"}),
    ("INFO", (), 200, PeerEvent.QUESTION, {}),
    ("NOTIFY", (("Event", "keep-alive"),), 200, PeerEvent.QUESTION, {}),
    ("UPDATE", (), 200, PeerEvent.SESSION_CHANGED, {"Contact": "<sip:alice@192.0.2.1:5060>", "Allow": ALLOW}),
    ("REFER", (("Refer-To", "<sip:x@y>"),), 603, PeerEvent.REFUSED, {}),
    ("SUBSCRIBE", (("Event", "dialog"),), 489, PeerEvent.REFUSED, {}),
    ("PRACK", (), 481, PeerEvent.REFUSED, {}),
    ("MESSAGE", (), 405, PeerEvent.REFUSED, {"Allow": ALLOW}),
    ("NEWMETHOD", (), 501, PeerEvent.REFUSED, {}),
    ("INFO", (("Require", "timer, 100rel, x"),), 420, PeerEvent.REFUSED, {"Unsupported": "100rel, x"}),
    ("UPDATE", (("Require", "Timer"),), 200, PeerEvent.SESSION_CHANGED, {}),
]


@pytest.mark.parametrize(("method", "headers", "status", "event", "expected"), ANSWERS)
def test_answers(
    method: str,
    headers: tuple[tuple[str, str], ...],
    status: int,
    event: PeerEvent,
    expected: dict[str, str],
) -> None:
    reaction, response = react(call(media=True), method, extra=headers)
    assert (response.status, reaction.event) == (status, event)
    assert {name: response.headers.get(name) for name in expected} == expected
    assert response.headers.get("Server") == "CallSphere-Check/1 (readiness test)"


def test_bye_ends_the_dialog_and_says_why() -> None:
    dialog = call()
    reaction, _ = react(dialog, "BYE", extra=(("Reason", 'Q.850;cause=16;text="done"'),))
    assert reaction.detail == 'Q.850;cause=16;text="done"'
    assert dialog.state is DialogState.TERMINATED
    for method in ("BYE", "INFO", "INVITE"):
        assert react(dialog, method, 600)[1].status == 481


def test_a_number_that_falls_is_refused_with_a_time_to_come_back() -> None:
    dialog = call()
    react(dialog, "INFO", 500)
    _, response = react(dialog, "BYE", 499)
    assert (response.status, response.headers.get("Retry-After")) == (500, "5")
    assert dialog.state is DialogState.CONFIRMED


@pytest.mark.parametrize("method", ["INVITE", "UPDATE"])
def test_hold_by_the_peer(method: str) -> None:
    dialog = call(media=True)
    _, response = react(dialog, method, body=HOLD)
    assert (response.status, response.headers.get("Content-Type")) == (200, "application/sdp")
    answered = parse_sdp(response.body)
    assert answered.audio is not None
    assert direction_of(answered, answered.audio) == "recvonly"
    assert answered.origin is not None
    assert (answered.origin.session_id, answered.origin.version) == ("77", "2")
    # And back: another version, both ways open again.
    if method == "INVITE":
        receive_request(dialog, from_peer(dialog, "ACK", 500), now=51.0, chance=0.5)
    resumed = parse_sdp(react(dialog, method, 501, body=OFFER)[1].body)
    assert resumed.audio is not None
    assert resumed.origin is not None
    assert (direction_of(resumed, resumed.audio), resumed.origin.version) == ("sendrecv", "3")


def test_a_refresh_by_the_peer_gets_the_same_answer_again() -> None:
    dialog = call(media=True)
    first = react(dialog, "INVITE", 500, body=OFFER)[1]
    receive_request(dialog, from_peer(dialog, "ACK", 500), now=51.0, chance=0.5)
    assert react(dialog, "INVITE", 501, body=OFFER)[1].body == first.body


def test_an_invite_without_offer_gets_ours_and_its_ack_answers() -> None:
    dialog = call(media=True)
    assert dialog.media is not None
    agreed = dialog.media.local
    _, response = react(dialog, "INVITE")
    assert agreed is not None
    assert response.body == agreed.to_bytes()
    assert dialog.media.offer_pending
    assert not dialog.may_invite
    # Meanwhile another offer of the peer's meets ours.
    assert react(dialog, "UPDATE", 501, body=OFFER)[1].status == 491
    ack = from_peer(dialog, "ACK", 500, body=HOLD)
    assert receive_request(dialog, ack, now=51.0, chance=0.5) == Reaction(None, PeerEvent.ACK)
    assert (dialog.media.offer_pending, dialog.media.remote) == (False, parse_sdp(HOLD))
    assert dialog.may_invite


@pytest.mark.parametrize("body", [b"", b"garbage"])
def test_an_ack_that_owes_the_answer(body: bytes) -> None:
    dialog = call(media=True)
    assert dialog.media is not None
    before = dialog.media.remote
    react(dialog, "INVITE")
    receive_request(dialog, from_peer(dialog, "ACK", 500, body=body), now=51.0, chance=0.5)
    assert (dialog.media.offer_pending, dialog.media.remote) == (False, before)


REFUSED_OFFERS = [
    (VIDEO_ONLY, 488, '305 callsphere "Incompatible media format"'),
    (NO_SPEECH, 488, '305 callsphere "Incompatible media format"'),
    (SRTP, 488, '302 callsphere "Incompatible transport protocol"'),
    (b"nonsense", 400, None),
]


@pytest.mark.parametrize(("offer", "status", "warning"), REFUSED_OFFERS)
def test_offers_that_cannot_be_taken_leave_the_session_as_it_was(
    offer: bytes, status: int, warning: str | None
) -> None:
    dialog = call(media=True)
    assert dialog.media is not None
    before = (dialog.media.local, dialog.media.remote, dialog.remote_target)
    _, response = react(dialog, "INVITE", body=offer, contact="<sip:new@203.0.113.9>")
    assert (response.status, response.headers.get("Warning")) == (status, warning)
    assert (dialog.media.local, dialog.media.remote, dialog.remote_target) == before
    assert dialog.may_invite


def test_a_body_that_is_no_sdp() -> None:
    dialog = call(media=True)
    request = from_peer(dialog, "INVITE", body=b"<xml/>")
    request.headers.set("Content-Type", "application/xml")
    reaction = receive_request(dialog, request, now=0.0, chance=0.0)
    assert reaction.response is not None
    assert (reaction.response.status, reaction.response.headers.get("Accept")) == (415, "application/sdp")


# Ours under way, theirs coming in → status (RFC 3261 §14.2, RFC 3311 §5.2).
GLARE = [
    ("INVITE", True, "INVITE", OFFER, 491),
    ("INVITE", True, "INVITE", b"", 491),
    ("INVITE", True, "UPDATE", OFFER, 491),
    ("INVITE", True, "UPDATE", b"", 200),
    ("INVITE", True, "INFO", b"", 200),
    ("INVITE", True, "BYE", b"", 200),
    ("UPDATE", True, "INVITE", OFFER, 491),
    ("UPDATE", True, "INVITE", b"", 491),
    ("UPDATE", True, "UPDATE", OFFER, 491),
    ("UPDATE", False, "INVITE", OFFER, 200),
    ("UPDATE", False, "UPDATE", OFFER, 200),
    ("UPDATE", False, "UPDATE", b"", 200),
    ("OPTIONS", False, "INVITE", OFFER, 200),
]


@pytest.mark.parametrize(("ours", "offering", "theirs", "body", "status"), GLARE)
def test_glare(ours: str, offering: bool, theirs: str, body: bytes, status: int) -> None:
    dialog = call(media=True)
    assert dialog.media is not None
    sent = dialog.media.offer("sendonly").to_bytes() if offering else b""
    request = dialog.request(ours, via=via(), body=sent)
    assert react(dialog, theirs, body=body)[1].status == status
    dialog.receive_response(answer(request, 491))
    assert not dialog.media.offer_pending


def test_our_request_that_met_glare_goes_again_with_the_same_version() -> None:
    dialog = call(media=True)
    assert dialog.media is not None
    first = dialog.media.offer("sendonly").to_bytes()
    request = dialog.request("INVITE", via=via(), body=first)
    assert dialog.receive_response(answer(request, 491)) is Effect.GLARE
    assert dialog.may_invite
    assert dialog.media.offer("sendonly").to_bytes() == first


def test_answers_to_our_offers_are_taken_and_refused_offers_withdrawn() -> None:
    dialog = call(media=True)
    media = dialog.media
    assert media is not None
    hold = dialog.request("INVITE", via=via(), body=media.offer("sendonly").to_bytes())
    dialog.receive_response(answer(hold, 401))
    assert media.offer_pending  # the same offer goes again with credentials
    hold = dialog.retry(hold, via=via("2"))
    dialog.receive_response(answer(hold, 183))
    assert media.offer_pending
    assert dialog.receive_response(answer(hold, 200, body=HOLD)) is Effect.SUCCEEDED
    assert (media.offer_pending, media.remote) == (False, parse_sdp(HOLD))
    held = media.local
    resume = dialog.request("INVITE", via=via(), body=media.offer("sendrecv").to_bytes())
    assert dialog.receive_response(answer(resume, 488)) is Effect.REFUSED
    assert (media.offer_pending, media.local) == (False, held)


def test_a_request_without_any_answer_leaves_nothing_waiting() -> None:
    dialog = call(media=True)
    assert dialog.media is not None
    update = dialog.request("UPDATE", via=via())
    hold = dialog.request("INVITE", via=via(), body=dialog.media.offer("sendonly").to_bytes())
    dialog.no_answer(update)
    assert (dialog.invite_pending, dialog.media.offer_pending) == (True, True)
    dialog.no_answer(hold)
    assert (dialog.invite_pending, dialog.media.offer_pending, dialog.may_invite) == (False, False, True)
    assert react(dialog, "INVITE", body=OFFER)[1].status == 200


def test_a_bare_update_that_succeeds_does_not_answer_an_open_offer() -> None:
    dialog = call(media=True)
    assert dialog.media is not None
    update = dialog.request("UPDATE", via=via())
    dialog.request("INVITE", via=via(), body=dialog.media.offer("sendonly").to_bytes())
    dialog.receive_response(answer(update, 200))
    assert dialog.media.offer_pending


# Timer headers of the peer's refresh → ours, and who refreshes from then on.
TIMERS = [
    ((("Supported", "timer"), ("Session-Expires", "1800;refresher=uac")), "1800;refresher=uac", "remote"),
    ((("k", "timer"), ("x", "1800;refresher=uas")), "1800;refresher=uas", "local"),
    ((("Supported", "timer"),), "90;refresher=uas", "local"),  # the one that runs goes on
    ((), "90;refresher=uas", "local"),
]


@pytest.mark.parametrize("method", ["INVITE", "UPDATE"])
@pytest.mark.parametrize(("headers", "answered", "refresher"), TIMERS)
def test_timers_in_refreshes_of_the_peer(
    method: str, headers: tuple[tuple[str, str], ...], answered: str, refresher: str
) -> None:
    dialog = call(media=True)
    dialog.timer = SessionTimer(90, "local", 0.0)
    body = OFFER if method == "INVITE" else b""
    _, response = react(dialog, method, extra=headers, body=body)
    assert response.headers.get("Session-Expires") == answered
    assert response.headers.get("Require") == ("timer" if refresher == "remote" else None)
    assert response.headers.get_all("Supported") == ["timer"]
    assert dialog.timer is not None
    assert (dialog.timer.refresher, dialog.timer.started_at) == (refresher, 50.0)


def test_an_interval_that_is_too_small_is_refused_before_anything_changes() -> None:
    dialog = call(media=True)
    headers = (("Supported", "timer"), ("Session-Expires", "60;refresher=uac"))
    _, response = react(dialog, "UPDATE", extra=headers, contact="<sip:new@203.0.113.9>")
    assert (response.status, response.headers.get("Min-SE")) == (422, "90")
    assert dialog.remote_target == "sip:bob@198.51.100.7:5070"
    assert dialog.timer is None


# Outside of any dialog: method, To tag → status.
OUTSIDE = [
    ("OPTIONS", None, 200),
    ("NOTIFY", None, 200),
    ("INFO", None, 200),
    ("INVITE", None, 480),
    ("UPDATE", None, 481),
    ("BYE", None, 481),
    ("CANCEL", None, 481),
    ("OPTIONS", "x", 481),
    ("BYE", "x", 481),
    ("INVITE", "x", 481),
    ("MESSAGE", None, 405),
    ("REGISTER", None, 405),
    ("WHATEVER", None, 501),
]


@pytest.mark.parametrize(("method", "tag", "status"), OUTSIDE)
def test_answers_outside_of_dialogs(method: str, tag: str | None, status: int) -> None:
    request = invite()
    request.method = method
    request.headers.set("CSeq", f"1 {method}")
    if tag is not None:
        request.headers.set("To", f"<sip:us@example.com>;tag={tag}")
    response = answer_outside(request, to_tag="fresh", user_agent="CallSphere/1")
    assert response is not None
    assert (response.status, response.to_tag) == (status, tag or "fresh")
    assert response.headers.get("Server") == "CallSphere/1"
    assert ("Allow" in response.headers) is ((method, status) == ("OPTIONS", 200) or status == 405)


def test_a_stray_ack_gets_nothing() -> None:
    request = invite()
    request.method = "ACK"
    assert answer_outside(request, to_tag="fresh") is None
