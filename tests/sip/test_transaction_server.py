"""Server transactions (RFC 3261 §17.2, RFC 6026 §7.1): timers G, H, I, J and L."""

from __future__ import annotations

import pytest

from callsphere.sip.transaction import (
    AckMissing,
    IncomingAck,
    InviteServerTransaction,
    NonInviteServerTransaction,
    ResponseToSend,
    Retransmit,
    ServerState,
    TransportFailed,
    server_transaction,
)
from tests.sip.transacting import make_request, run_out

INVITE, ACK, BYE = make_request("INVITE"), make_request("ACK"), make_request("BYE")
RINGING = INVITE.respond(180, to_tag="b")
BUSY = INVITE.respond(486, to_tag="b")
OK = INVITE.respond(200, to_tag="b")


def ringing(*, reliable: bool = False) -> InviteServerTransaction:
    """An INVITE received at 100.0 and answered with 180 at once."""
    transaction = InviteServerTransaction(INVITE, reliable=reliable, now=100.0)
    assert transaction.respond(RINGING, 100.0) == [ResponseToSend(transaction, RINGING.to_bytes())]
    return transaction


@pytest.mark.parametrize("reliable", [False, True])
def test_other_requests(reliable: bool) -> None:
    transaction = NonInviteServerTransaction(BYE, reliable=reliable, now=100.0)
    assert transaction.receive(BYE, 100.1) == []
    trying, done = BYE.respond(100), BYE.respond(200, to_tag="b")
    assert transaction.respond(trying, 100.2) == [ResponseToSend(transaction, trying.to_bytes())]
    assert transaction.receive(BYE, 100.3) == [Retransmit(transaction, trying.to_bytes())]
    assert transaction.respond(done, 100.4) == [ResponseToSend(transaction, done.to_bytes())]
    # Timer J: 64*T1 of repetitions, none over a reliable transport.
    assert transaction.finished is reliable
    assert transaction.next_timer() == (None if reliable else 132.4)
    assert transaction.receive(BYE, 101.0) == ([] if reliable else [Retransmit(transaction, done.to_bytes())])
    with pytest.raises(ValueError, match="final answer already"):
        transaction.respond(done, 102.0)
    assert run_out(transaction) == []
    assert transaction.finished


def test_an_invite_that_gets_no_answer_is_told_to_wait() -> None:
    transaction = InviteServerTransaction(INVITE, reliable=False, now=100.0)
    assert transaction.receive(INVITE, 100.1) == []
    trying = INVITE.respond(100).to_bytes()
    assert run_out(transaction, see=lambda event: event) == [(100.2, ResponseToSend(transaction, trying))]
    assert transaction.receive(INVITE, 100.5) == [Retransmit(transaction, trying)]
    assert transaction.state is ServerState.PROCEEDING


def test_an_invite_that_rings_needs_no_100() -> None:
    transaction = ringing()
    assert transaction.next_timer() is None
    assert transaction.receive(INVITE, 101.0) == [Retransmit(transaction, RINGING.to_bytes())]


@pytest.mark.parametrize(
    ("reliable", "resent"),
    [
        (False, [102.5, 103.5, 105.5, 109.5, 113.5, 117.5, 121.5, 125.5, 129.5, 133.5]),
        (True, []),
    ],
)
def test_a_refusal_is_repeated_until_its_ack(reliable: bool, resent: list[float]) -> None:
    transaction = ringing(reliable=reliable)
    assert transaction.respond(BUSY, 102.0) == [ResponseToSend(transaction, BUSY.to_bytes())]
    assert transaction.receive(INVITE, 102.1) == [Retransmit(transaction, BUSY.to_bytes())]
    assert run_out(transaction, see=lambda event: event) == [
        *((at, Retransmit(transaction, BUSY.to_bytes())) for at in resent),
        (134.0, AckMissing(transaction)),
    ]
    assert transaction.finished


@pytest.mark.parametrize("reliable", [False, True])
def test_the_ack_of_a_refusal_ends_it(reliable: bool) -> None:
    transaction = ringing(reliable=reliable)
    transaction.respond(BUSY, 102.0)
    assert transaction.receive(ACK, 103.0) == []
    # Timer I absorbs further ACKs for T4.
    assert transaction.state is (ServerState.TERMINATED if reliable else ServerState.CONFIRMED)
    assert transaction.next_timer() == (None if reliable else 108.0)
    assert transaction.receive(ACK, 104.0) == []
    assert transaction.receive(INVITE, 104.0) == []
    assert run_out(transaction) == []
    assert transaction.finished


@pytest.mark.parametrize("reliable", [False, True])
def test_after_a_2xx_the_dialog_takes_over(reliable: bool) -> None:
    transaction = ringing(reliable=reliable)
    assert transaction.respond(OK, 102.0) == [ResponseToSend(transaction, OK.to_bytes())]
    # RFC 6026 §7.1: repetitions are absorbed, the 2xx may be sent again, ACKs go up; timer L ends it.
    assert transaction.receive(INVITE, 102.5) == []
    assert transaction.respond(OK, 102.5) == [ResponseToSend(transaction, OK.to_bytes())]
    assert transaction.receive(ACK, 103.0) == [IncomingAck(ACK)]
    assert transaction.next_timer() == 134.0
    with pytest.raises(ValueError, match="final answer already"):
        transaction.respond(BUSY, 103.0)
    assert run_out(transaction) == []
    assert transaction.finished


def test_an_early_ack_is_dropped() -> None:
    assert ringing().receive(ACK, 101.0) == []


def test_two_final_answers_are_an_error() -> None:
    transaction = ringing()
    transaction.respond(BUSY, 102.0)
    for answer in (BUSY, OK, RINGING):
        with pytest.raises(ValueError, match="final answer already"):
            transaction.respond(answer, 102.1)


def test_the_transport_fails() -> None:
    transaction = ringing()
    assert transaction.transport_failed("closed") == [TransportFailed(transaction, "closed")]
    assert (transaction.finished, transaction.transport_failed("closed")) == (True, [])


def test_an_ack_has_no_transaction() -> None:
    with pytest.raises(ValueError, match="no transaction of its own"):
        server_transaction(ACK, reliable=False, now=0.0)
