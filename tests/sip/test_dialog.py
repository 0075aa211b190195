"""One dialog: identity, numbers, target refresh, ACK, what responses mean."""

from __future__ import annotations

import pytest

from callsphere.sip.dialog import Dialog, DialogState, Effect, SuccessRetransmission, retry_after, retry_delay
from callsphere.sip.headers import MAX_CSEQ, CSeq
from callsphere.sip.message import SipParseError
from tests.sip.calling import answer, call, from_peer, invite, via


def test_identity_and_headers_of_a_request() -> None:
    dialog = call()
    request = dialog.request("BYE", via=via("bye"))
    assert list(request.headers.items()) == [
        ("Via", "SIP/2.0/UDP 192.0.2.1:5060;rport;branch=z9hG4bKbye"),
        ("Max-Forwards", "70"),
        ("From", '"Alice" <sip:alice@atlanta.example.com>;tag=ours'),
        ("To", '"Bob" <sip:bob@biloxi.example.com>;tag=theirs'),
        ("Call-ID", "3848276298220188511@atlanta.example.com"),
        ("CSeq", "11 BYE"),
        ("User-Agent", "CallSphere-Check/1 (readiness test)"),
    ]
    assert dialog.id == ("3848276298220188511@atlanta.example.com", "ours", "theirs")
    assert (dialog.state, dialog.is_caller) == (DialogState.CONFIRMED, True)


@pytest.mark.parametrize(
    ("method", "contact", "allow"),
    [
        ("INVITE", True, True),
        ("UPDATE", True, True),
        ("REFER", True, False),
        ("BYE", False, False),
        ("INFO", False, False),
        ("OPTIONS", False, False),
    ],
)
def test_contact_and_allow_go_where_they_belong(method: str, contact: bool, allow: bool) -> None:
    request = call().request(method, via=via())
    assert ("Contact" in request.headers, "Allow" in request.headers) == (contact, allow)


def test_numbers_rise_by_one_and_ack_takes_the_number_of_its_invite() -> None:
    dialog = call()
    numbers = [dialog.request(method, via=via()).cseq for method in ("UPDATE", "INVITE", "BYE")]
    assert numbers == [CSeq(11, "UPDATE"), CSeq(12, "INVITE"), CSeq(13, "BYE")]
    assert dialog.ack(invite(), via=via()).cseq == CSeq(10, "ACK")


@pytest.mark.parametrize("method", ["ACK", "CANCEL"])
def test_ack_and_cancel_have_no_number_of_their_own(method: str) -> None:
    with pytest.raises(ValueError, match="number of its INVITE"):
        call().request(method, via=via())


def test_numbers_end_somewhere() -> None:
    dialog = call()
    dialog.local_cseq = MAX_CSEQ
    with pytest.raises(SipParseError):
        dialog.request("BYE", via=via())


def test_a_retry_has_the_next_number_and_another_branch() -> None:
    dialog = call()
    first = dialog.request("INVITE", via=via("a"), headers=(("Session-Expires", "90"),), body=b"v=0\r\n")
    assert dialog.receive_response(answer(first, 401)) is Effect.CHALLENGED
    again = dialog.retry(first, via=via("b"))
    assert (again.cseq, again.via.branch, again.body) == (CSeq(12, "INVITE"), "z9hG4bKb", b"v=0\r\n")
    assert len(again.headers.get_all("Via")) == 1
    assert again.headers.get("Session-Expires") == "90"
    assert first.cseq == CSeq(11, "INVITE")
    assert dialog.request("BYE", via=via()).cseq == CSeq(13, "BYE")


def test_the_ack_carries_the_credentials_of_its_invite() -> None:
    request = invite(extra=(("Proxy-Authorization", "Digest a"), ("Authorization", "Digest b")))
    dialog = Dialog.from_response(request, answer(request))
    ack = dialog.ack(request, via=via("k"), body=b"v=0\r\n")
    assert ack.headers.get_all("Proxy-Authorization") == ["Digest a"]
    assert ack.headers.get_all("Authorization") == ["Digest b"]
    assert (ack.body, ack.headers.get("Content-Type")) == (b"v=0\r\n", "application/sdp")
    assert ack.uri == "sip:bob@198.51.100.7:5070"
    assert "Contact" not in ack.headers


def test_a_repeated_200_gets_the_same_ack_again() -> None:
    request = invite()
    response = answer(request)
    dialog = Dialog.from_response(request, response)
    assert dialog.ack_again(response) is None
    ack = dialog.ack(request, via=via("k"))
    assert dialog.ack_again(response) is ack
    hold = dialog.request("INVITE", via=via("h"))
    second = answer(hold)
    assert dialog.ack_again(second) is None
    hold_ack = dialog.ack(hold, via=via("l"))
    assert dialog.ack_again(second) is hold_ack
    assert dialog.ack_again(response) is ack
    assert dialog.ack_again(answer(dialog.request("BYE", via=via()))) is None


REFRESHES = [
    ("INVITE", 200, "sip:new@203.0.113.9"),
    ("UPDATE", 200, "sip:new@203.0.113.9"),
    ("INVITE", 488, "sip:bob@198.51.100.7:5070"),
    ("INVITE", 180, "sip:bob@198.51.100.7:5070"),
    ("NOTIFY", 200, "sip:bob@198.51.100.7:5070"),
    ("SUBSCRIBE", 200, "sip:bob@198.51.100.7:5070"),
    ("OPTIONS", 200, "sip:bob@198.51.100.7:5070"),
    ("INFO", 200, "sip:bob@198.51.100.7:5070"),
    ("BYE", 200, "sip:bob@198.51.100.7:5070"),
]


@pytest.mark.parametrize(("method", "status", "target"), REFRESHES)
def test_answers_that_move_the_target(method: str, status: int, target: str) -> None:
    dialog = call()
    request = dialog.request(method, via=via())
    dialog.receive_response(answer(request, status, contact="<sip:new@203.0.113.9>"))
    assert dialog.remote_target == target


@pytest.mark.parametrize("method", ["INVITE", "UPDATE", "NOTIFY", "SUBSCRIBE", "OPTIONS", "INFO"])
def test_requests_of_the_peer_that_move_the_target(method: str) -> None:
    dialog = call()
    request = from_peer(dialog, method, contact="<sip:new@203.0.113.9>")
    assert dialog.receive_request(request) is None
    dialog.accept_request(request)
    moved = method in ("INVITE", "UPDATE")
    assert dialog.remote_target == ("sip:new@203.0.113.9" if moved else "sip:bob@198.51.100.7:5070")


def test_a_broken_new_target_is_named_and_the_old_one_stays() -> None:
    dialog = call()
    dialog.receive_response(answer(dialog.request("UPDATE", via=via()), contact="<sip:>"))
    assert dialog.problem is not None
    assert dialog.remote_target == "sip:bob@198.51.100.7:5070"
    dialog.receive_response(answer(dialog.request("UPDATE", via=via())))
    assert dialog.problem is None


EFFECTS = [
    ("INVITE", 100, Effect.NONE),
    ("INVITE", 183, Effect.NONE),
    ("INVITE", 200, Effect.SUCCEEDED),
    ("UPDATE", 202, Effect.SUCCEEDED),
    ("INVITE", 401, Effect.CHALLENGED),
    ("BYE", 407, Effect.CHALLENGED),
    ("INVITE", 408, Effect.LOST),
    ("UPDATE", 481, Effect.LOST),
    ("INVITE", 422, Effect.TOO_BRIEF),
    ("INVITE", 491, Effect.GLARE),
    ("INVITE", 488, Effect.REFUSED),
    ("UPDATE", 501, Effect.REFUSED),
    ("OPTIONS", 302, Effect.REFUSED),
    ("BYE", 200, Effect.ENDED),
    ("BYE", 481, Effect.ENDED),
    ("BYE", 500, Effect.ENDED),
]


@pytest.mark.parametrize(("method", "status", "effect"), EFFECTS)
def test_what_responses_mean(method: str, status: int, effect: Effect) -> None:
    dialog = call()
    response = answer(dialog.request(method, via=via()), status)
    assert dialog.receive_response(response) is effect
    ended = effect is Effect.ENDED
    assert dialog.state is (DialogState.TERMINATED if ended else DialogState.CONFIRMED)


def test_a_dialog_that_the_peer_has_lost_can_still_be_hung_up() -> None:
    dialog = call()
    dialog.receive_response(answer(dialog.request("INVITE", via=via()), 481))
    assert dialog.request("BYE", via=via()).cseq == CSeq(12, "BYE")


def test_only_one_invite_at_a_time() -> None:
    dialog = call()
    assert dialog.may_invite
    request = dialog.request("INVITE", via=via())
    assert not dialog.may_invite
    dialog.receive_response(answer(request, 100, tag=None))
    assert not dialog.may_invite
    dialog.receive_response(answer(request, 491))
    assert dialog.may_invite
    theirs = from_peer(dialog, "INVITE")
    dialog.receive_request(theirs)
    dialog.accept_request(theirs)
    assert not dialog.may_invite
    assert dialog.receive_ack(from_peer(dialog, "ACK"))
    assert dialog.may_invite


def test_an_early_dialog_may_not_invite_again() -> None:
    request = invite()
    dialog = Dialog.from_response(request, answer(request, 180))
    assert (dialog.state, dialog.may_invite, dialog.invite_pending) == (DialogState.EARLY, False, True)


# Number of the peer's first request is free, even 0 (RFC 3261 §12.2.2); after it they must not fall.
NUMBERS = [
    ([("INFO", 0)], [None]),
    ([("INFO", 500), ("INFO", 501), ("BYE", 900)], [None, None, None]),
    ([("INFO", 500), ("INFO", 499)], [None, 500]),
    ([("INFO", 500), ("INFO", 499), ("INFO", 501)], [None, 500, None]),
    ([("INFO", 500), ("BYE", 500)], [None, None]),
    ([("INVITE", 500), ("ACK", 500), ("INFO", 501)], [None, None, None]),
    ([("INFO", 4294967295)], [None]),
]


@pytest.mark.parametrize(("requests", "verdicts"), NUMBERS)
def test_numbers_of_the_peer(requests: list[tuple[str, int]], verdicts: list[int | None]) -> None:
    dialog = call()
    assert [dialog.receive_request(from_peer(dialog, *each)) for each in requests] == verdicts


def test_messages_are_matched_by_call_id_and_both_tags() -> None:
    dialog = call()
    assert dialog.matches(from_peer(dialog, "BYE"))
    assert dialog.matches(answer(dialog.request("INFO", via=via())))
    other = from_peer(dialog, "BYE")
    other.headers.set("From", "<sip:bob@biloxi.example.com>;tag=else")
    assert not dialog.matches(other)
    # A changed URI with the same tags is the same dialog (RFC 4916).
    other.headers.set("From", "<sip:someone@else.example.com>;tag=theirs")
    assert dialog.matches(other)
    other.headers.set("Call-ID", "x")
    assert not dialog.matches(other)


def test_a_peer_without_tags() -> None:
    request = invite()
    dialog = Dialog.from_response(request, answer(request, tag=None))
    assert dialog.id[2] == ""
    assert dialog.request("BYE", via=via()).headers.get("To") == '"Bob" <sip:bob@biloxi.example.com>'


def test_abilities_are_those_of_the_latest_message() -> None:
    dialog = call(extra=(("Allow", "invite, UPDATE"), ("k", "Timer, 100rel")))
    assert sorted(dialog.peer_allows or ()) == ["INVITE", "UPDATE"]
    assert dialog.peer_supports == {"timer", "100rel"}
    dialog.accept_request(from_peer(dialog, "INVITE", extra=(("Allow", "INVITE, BYE"),)))
    assert sorted(dialog.peer_allows or ()) == ["BYE", "INVITE"]
    assert call().peer_allows is None


def test_the_called_side_answers_and_hangs_up() -> None:
    request = invite(extra=(("Record-Route", "<sip:p1;lr>"),))
    dialog = Dialog.from_request(request, local_tag="mine", local_contact="<sip:me@192.0.2.9>")
    ringing, ok = dialog.respond(request, 180), dialog.respond(request, 200)
    for response in (ringing, ok):
        assert response.to_tag == "mine"
        assert response.headers.get_all("Record-Route") == ["<sip:p1;lr>"]
        assert response.headers.get("Contact") == "<sip:me@192.0.2.9>"
    assert dialog.state is DialogState.CONFIRMED
    ack = invite()
    ack.method = "ACK"
    assert dialog.receive_ack(ack)
    bye = dialog.request("BYE", via=via())
    assert (bye.cseq, bye.uri) == (CSeq(1, "BYE"), "sip:alice@192.0.2.1:5060")
    assert (bye.from_tag, bye.to_tag) == ("mine", "ours")
    assert bye.headers.get_all("Route") == ["<sip:p1;lr>"]


def test_a_second_invite_before_the_first_is_answered_is_put_off() -> None:
    dialog = Dialog.from_request(invite(), local_tag="mine", local_contact="<sip:me@192.0.2.9>")
    again = invite()
    again.headers.set("CSeq", "11 INVITE")
    assert dialog.receive_request(again) == 500


# RFC 3261 §14.1: owner of the Call-ID 2.1 to 4 s, the other 0 to 2 s, in units of 10 ms.
DELAYS = [
    (True, 0.0, 2.1),
    (True, 0.999999, 4.0),
    (True, 0.5, 3.05),
    (False, 0.0, 0.0),
    (False, 0.999999, 2.0),
]


@pytest.mark.parametrize(("owns", "chance", "seconds"), DELAYS)
def test_delays_after_glare(owns: bool, chance: float, seconds: float) -> None:
    assert retry_delay(owns_call_id=owns, chance=chance) == seconds


def test_delays_come_in_steps_of_ten_milliseconds_and_never_meet() -> None:
    chances = [step / 997 for step in range(997)]
    ours = {retry_delay(owns_call_id=True, chance=chance) for chance in chances}
    theirs = {retry_delay(owns_call_id=False, chance=chance) for chance in chances}
    assert len(ours) == 191
    assert len(theirs) == 201
    assert min(ours) - max(theirs) == pytest.approx(0.1)
    assert {retry_after(chance) for chance in chances} == set(range(11))


def test_our_200_is_repeated_until_its_ack() -> None:
    dialog = call()
    request = from_peer(dialog, "INVITE")
    pending = SuccessRetransmission(dialog.respond(request, 200), now=100.0)
    sent: list[float] = []
    while (due := pending.next_timer()) is not None:
        if pending.handle_timer(due) is not None:
            sent.append(due - 100.0)
    # RFC 3261 §13.3.1.4: T1 doubling up to T2, for 64*T1.
    assert sent == [0.5, 1.5, 3.5, 7.5, 11.5, 15.5, 19.5, 23.5, 27.5, 31.5]
    assert pending.expired


def test_an_ack_ends_the_repetitions() -> None:
    dialog = call()
    pending = SuccessRetransmission(dialog.respond(from_peer(dialog, "INVITE"), 200), now=0.0)
    assert not pending.acknowledge(from_peer(dialog, "ACK", 499))
    assert pending.acknowledge(from_peer(dialog, "ACK", 500))
    assert (pending.next_timer(), pending.handle_timer(60.0), pending.expired) == (None, None, False)
    assert not pending.acknowledge(from_peer(dialog, "ACK", 500))
