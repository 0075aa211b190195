"""INVITE client transactions (RFC 3261 §17.1.1, §9.1, RFC 6026 §7.2): timers A, B, D and M, and CANCEL."""

from __future__ import annotations

import pytest

from callsphere.sip.message import Request, parse_message
from callsphere.sip.transaction import (
    AckToSend,
    CancelReady,
    ClientState,
    Final,
    FurtherSuccess,
    InviteClientTransaction,
    Provisional,
    Retransmit,
    TimedOut,
    TransportFailed,
)
from tests.sip.transacting import BRANCH, make_request, run_out

INVITE = make_request("INVITE", number=7)
A_TIMES = [100.5, 101.5, 103.5, 107.5, 115.5, 131.5]


def start(*, reliable: bool = False, timeout: float | None = None) -> InviteClientTransaction:
    """An INVITE transaction begun at 100.0."""
    return InviteClientTransaction(INVITE, reliable=reliable, now=100.0, timeout=timeout)


@pytest.mark.parametrize(
    ("reliable", "timeout", "resent", "over"),
    [
        (False, None, A_TIMES, 132.0),
        (False, 100.0, A_TIMES, 132.0),
        (False, 10.0, A_TIMES[:4], 110.0),
        (False, 0.5, [], 100.5),
        (True, None, [], 132.0),
        (True, 3.0, [], 103.0),
    ],
)
def test_nobody_answers(reliable: bool, timeout: float | None, resent: list[float], over: float) -> None:
    transaction = start(reliable=reliable, timeout=timeout)
    assert transaction.outgoing() == INVITE.to_bytes()
    assert run_out(transaction, see=lambda event: event) == [
        *((at, Retransmit(transaction, INVITE.to_bytes())) for at in resent),
        (over, TimedOut(transaction)),
    ]
    assert transaction.finished


def test_a_provisional_answer_stops_all_timers() -> None:
    transaction = start()
    for status in (100, 100, 180, 183, 180):
        answer = INVITE.respond(status, to_tag=None if status == 100 else "b")
        assert transaction.receive(answer, 100.1) == [Provisional(transaction, answer)]
    assert (transaction.state, transaction.next_timer()) == (ClientState.PROCEEDING, None)


@pytest.mark.parametrize("status", [300, 401, 407, 422, 486, 487, 503, 603])
@pytest.mark.parametrize("provisional", [False, True])
@pytest.mark.parametrize("reliable", [False, True])
def test_other_final_answers_are_acked_here(status: int, provisional: bool, reliable: bool) -> None:
    transaction = start(reliable=reliable)
    if provisional:
        transaction.receive(INVITE.respond(180, to_tag="other"), 100.1)
    answer = INVITE.respond(status, to_tag="b2")
    ack, final = transaction.receive(answer, 100.2)
    assert (type(ack), final) == (AckToSend, Final(transaction, answer))
    # Timer D: 32 s of ACKs for repetitions over UDP, none over a reliable transport.
    assert transaction.finished is reliable
    assert transaction.next_timer() == (None if reliable else 132.2)
    assert transaction.receive(answer, 101.0) == ([] if reliable else [ack])
    assert transaction.receive(INVITE.respond(180, to_tag="b2"), 101.0) == []
    assert run_out(transaction) == []
    assert transaction.finished


def test_the_ack_for_a_refusal() -> None:
    transaction = start()
    events = transaction.receive(INVITE.respond(486, to_tag="b2"), 100.2)
    assert isinstance(events[0], AckToSend)
    assert events[0].data.decode().split("\r\n") == [
        "ACK sip:bob@b.example SIP/2.0",
        f"Via: SIP/2.0/UDP 192.0.2.1:5060;rport;branch={BRANCH}",
        "Max-Forwards: 70",
        "Route: <sip:p1.example;lr>, <sip:p2.example;lr>",
        "Route: <sip:p3.example;lr>",
        'From: "Alice" <sip:alice@example.com>;tag=a1',
        "To: <sip:bob@example.com>;tag=b2",
        "Call-ID: c1",
        "CSeq: 7 ACK",
        "User-Agent: test",
        "Content-Length: 0",
        "",
        "",
    ]
    assert isinstance(parse_message(events[0].data), Request)


@pytest.mark.parametrize("reliable", [False, True])
def test_every_2xx_is_passed_up(reliable: bool) -> None:
    transaction = start(reliable=reliable)
    transaction.receive(INVITE.respond(180, to_tag="b1"), 100.1)
    first, fork = INVITE.respond(200, to_tag="b1"), INVITE.respond(200, to_tag="b2")
    assert transaction.receive(first, 105.0) == [Final(transaction, first)]
    assert (transaction.state, transaction.status) == (ClientState.ACCEPTED, 200)
    # RFC 6026 §7.2: repetitions and forks, for 64*T1 over every transport.
    assert transaction.receive(first, 105.5) == [FurtherSuccess(transaction, first)]
    assert transaction.receive(fork, 106.0) == [FurtherSuccess(transaction, fork)]
    assert transaction.receive(INVITE.respond(486, to_tag="b3"), 106.0) == []
    assert transaction.receive(INVITE.respond(180, to_tag="b1"), 106.0) == []
    assert transaction.next_timer() == 137.0
    assert run_out(transaction) == []
    assert transaction.finished
    assert transaction.receive(first, 138.0) == []


def test_a_fork_that_answers_after_a_refusal_is_not_forgotten() -> None:
    transaction = start()
    transaction.receive(INVITE.respond(487, to_tag="b1"), 100.2)
    late = INVITE.respond(200, to_tag="b2")
    assert transaction.receive(late, 100.3) == [FurtherSuccess(transaction, late)]
    assert transaction.status == 487


def test_the_transport_fails() -> None:
    transaction = start()
    assert transaction.transport_failed("closed") == [TransportFailed(transaction, "closed")]
    assert transaction.cancel(101.0) == []


def test_cancel_after_a_provisional_answer() -> None:
    transaction = start()
    transaction.receive(INVITE.respond(180, to_tag="b1"), 100.1)
    (ready,) = transaction.cancel(103.0)
    assert isinstance(ready, CancelReady)
    assert ready.wait == 32.0
    assert ready.request.to_bytes().decode().split("\r\n") == [
        "CANCEL sip:bob@b.example SIP/2.0",
        f"Via: SIP/2.0/UDP 192.0.2.1:5060;rport;branch={BRANCH}",
        "Max-Forwards: 70",
        "Route: <sip:p1.example;lr>, <sip:p2.example;lr>",
        "Route: <sip:p3.example;lr>",
        'From: "Alice" <sip:alice@example.com>;tag=a1',
        "To: <sip:bob@example.com>",
        "Call-ID: c1",
        "CSeq: 7 CANCEL",
        "User-Agent: test",
        "Content-Length: 0",
        "",
        "",
    ]
    assert transaction.cancelled
    assert transaction.cancel(103.1) == []


def test_cancel_waits_for_a_provisional_answer() -> None:
    transaction = start()
    assert transaction.cancel(100.1, wait=5.0) == []
    assert [kind for _, kind in run_out(transaction, until=104.0)] == [Retransmit] * 3
    trying = INVITE.respond(100)
    provisional, ready = transaction.receive(trying, 104.0)
    assert provisional == Provisional(transaction, trying)
    assert isinstance(ready, CancelReady)
    assert ready.wait == 5.0
    # Only once, whatever else rings.
    ringing = INVITE.respond(180, to_tag="b")
    assert transaction.receive(ringing, 104.1) == [Provisional(transaction, ringing)]
    assert run_out(transaction) == [(109.0, TimedOut)]


def test_cancel_without_any_answer_ends_with_timer_b() -> None:
    transaction = start(timeout=4.0)
    transaction.cancel(101.0)
    assert run_out(transaction)[-1] == (104.0, TimedOut)


@pytest.mark.parametrize("status", [200, 487, 486])
def test_a_final_answer_that_crosses_the_cancel(status: int) -> None:
    transaction = start()
    transaction.receive(INVITE.respond(180, to_tag="b"), 100.1)
    transaction.cancel(101.0)
    answer = INVITE.respond(status, to_tag="b")
    assert transaction.receive(answer, 101.1)[-1] == Final(transaction, answer)
    assert transaction.cancelled
    assert run_out(transaction) == []


@pytest.mark.parametrize("status", [200, 486])
def test_nothing_to_cancel_after_a_final_answer(status: int) -> None:
    transaction = start()
    transaction.receive(INVITE.respond(status, to_tag="b"), 100.1)
    assert transaction.cancel(100.2) == []
    assert not transaction.cancelled


@pytest.mark.parametrize(("wait", "over"), [(None, 133.0), (2.0, 103.0), (90.0, 133.0)])
def test_a_peer_that_never_ends_the_invite_is_left(wait: float | None, over: float) -> None:
    transaction = start()
    transaction.receive(INVITE.respond(183, to_tag="b"), 100.1)
    transaction.cancel(101.0, wait=wait)
    assert run_out(transaction) == [(over, TimedOut)]
    assert transaction.finished
