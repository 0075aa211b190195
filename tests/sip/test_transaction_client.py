"""Client transactions of requests other than INVITE (RFC 3261 §17.1.2): timers E, F and K."""

from __future__ import annotations

import pytest

from callsphere.sip.message import SipParseError
from callsphere.sip.transaction import (
    ClientState,
    Final,
    NonInviteClientTransaction,
    Provisional,
    Retransmit,
    TimedOut,
    Timing,
    TransportFailed,
    client_transaction,
)
from tests.sip.transacting import make_request, run_out

OPTIONS = make_request("OPTIONS")
E_TIMES = [100.5, 101.5, 103.5, 107.5, 111.5, 115.5, 119.5, 123.5, 127.5, 131.5]


def start(*, reliable: bool = False, timeout: float | None = None) -> NonInviteClientTransaction:
    """An OPTIONS transaction begun at 100.0."""
    return NonInviteClientTransaction(OPTIONS, reliable=reliable, now=100.0, timeout=timeout)


@pytest.mark.parametrize(
    ("reliable", "timeout", "resent", "over"),
    [
        (False, None, E_TIMES, 132.0),
        (False, 60.0, E_TIMES, 132.0),
        (False, 10.0, E_TIMES[:4], 110.0),
        (False, 1.5, E_TIMES[:1], 101.5),
        (False, 0.25, [], 100.25),
        (True, None, [], 132.0),
        (True, 10.0, [], 110.0),
    ],
)
def test_nobody_answers(reliable: bool, timeout: float | None, resent: list[float], over: float) -> None:
    transaction = start(reliable=reliable, timeout=timeout)
    assert transaction.outgoing() == OPTIONS.to_bytes()
    assert run_out(transaction, see=lambda event: event) == [
        *((at, Retransmit(transaction, OPTIONS.to_bytes())) for at in resent),
        (over, TimedOut(transaction)),
    ]
    assert transaction.finished


def test_a_provisional_answer_slows_down_to_t2() -> None:
    transaction = start()
    assert run_out(transaction, until=101.0) == [(100.5, Retransmit)]
    trying = OPTIONS.respond(100)
    assert transaction.receive(trying, 101.0) == [Provisional(transaction, trying)]
    assert transaction.state is ClientState.PROCEEDING
    # RFC 3261 §17.1.2.2: timer E fires as it was set, and is T2 from then on; timer F runs on.
    assert run_out(transaction) == [
        *((at, Retransmit) for at in (101.5, 105.5, 109.5, 113.5, 117.5, 121.5, 125.5, 129.5)),
        (132.0, TimedOut),
    ]


@pytest.mark.parametrize("status", [200, 302, 401, 404, 503, 603])
@pytest.mark.parametrize("provisional", [False, True])
def test_the_final_answer_ends_it(status: int, provisional: bool) -> None:
    transaction = start()
    if provisional:
        transaction.receive(OPTIONS.respond(183, to_tag="b"), 100.1)
    answer = OPTIONS.respond(status, to_tag="b")
    assert transaction.receive(answer, 100.2) == [Final(transaction, answer)]
    assert (transaction.state, transaction.status) == (ClientState.COMPLETED, status)
    # Repetitions die here until timer K (T4) ends it, silently.
    assert transaction.receive(OPTIONS.respond(status, to_tag="b"), 101.0) == []
    assert transaction.receive(OPTIONS.respond(100), 101.0) == []
    assert transaction.next_timer() == 105.2
    assert transaction.handle_timer(105.2) == []
    assert (transaction.finished, transaction.next_timer()) == (True, None)


def test_over_a_reliable_transport_nothing_lingers() -> None:
    transaction = start(reliable=True)
    transaction.receive(OPTIONS.respond(200, to_tag="b"), 100.2)
    assert (transaction.finished, transaction.next_timer()) == (True, None)
    assert transaction.receive(OPTIONS.respond(200, to_tag="b"), 100.3) == []


def test_the_transport_fails() -> None:
    transaction = start()
    assert transaction.transport_failed("refused") == [TransportFailed(transaction, "refused")]
    assert (transaction.finished, transaction.next_timer()) == (True, None)
    assert transaction.transport_failed("refused") == []


def test_a_failure_after_the_answer_is_no_news() -> None:
    transaction = start()
    transaction.receive(OPTIONS.respond(200, to_tag="b"), 100.2)
    assert transaction.transport_failed("closed") == []
    assert transaction.finished


def test_a_late_clock_neither_drifts_nor_bursts() -> None:
    transaction = start()
    assert [type(event) for event in transaction.handle_timer(100.53)] == [Retransmit]
    assert transaction.next_timer() == 101.5
    # Nobody called for ten seconds: one repetition, not four.
    assert [type(event) for event in transaction.handle_timer(111.0)] == [Retransmit]
    assert transaction.next_timer() == 113.0
    # Nothing is sent for a transaction that is over.
    assert transaction.handle_timer(140.0) == [TimedOut(transaction)]


def test_timers_that_are_not_due_do_nothing() -> None:
    transaction = start()
    assert transaction.handle_timer(100.4) == []
    assert transaction.next_timer() == 100.5


def test_other_timing() -> None:
    transaction = NonInviteClientTransaction(
        OPTIONS, reliable=False, now=0.0, timing=Timing(t1=1.0, t2=2.0, t4=3.0)
    )
    assert run_out(transaction, until=8.0) == [(at, Retransmit) for at in (1.0, 3.0, 5.0, 7.0)]
    transaction.receive(OPTIONS.respond(200), 8.0)
    assert transaction.next_timer() == 11.0


def test_an_ack_has_no_transaction() -> None:
    with pytest.raises(ValueError, match="no transaction of its own"):
        client_transaction(make_request("ACK"), reliable=False, now=0.0)


def test_what_is_no_sip_is_refused() -> None:
    bad = make_request("OPTIONS")
    bad.uri = "sip:a b"
    with pytest.raises(SipParseError):
        client_transaction(bad, reliable=False, now=0.0)


def test_events_do_not_print_what_is_sent() -> None:
    request = make_request("REGISTER")
    request.headers.add("Authorization", 'Digest response="0123"')
    transaction = client_transaction(request, reliable=False, now=0.0)
    assert "0123" not in repr(transaction.handle_timer(0.5)) + repr(transaction)
