"""The layer: which message goes to which transaction, and one clock for all (RFC 3261 §17.1.3, §17.2.3)."""

from __future__ import annotations

import pytest

from callsphere.sip.message import Request, Response
from callsphere.sip.transaction import (
    AckMissing,
    AckToSend,
    ClientState,
    ClientTransaction,
    Final,
    FurtherSuccess,
    IncomingAck,
    IncomingRequest,
    InviteClientTransaction,
    InviteServerTransaction,
    Provisional,
    RequestToSend,
    ResponseToSend,
    Retransmit,
    ServerTransaction,
    StrayResponse,
    TimedOut,
    TransactionLayer,
    TransportFailed,
)
from callsphere.sip.transaction.layer import MAX_SERVER_TRANSACTIONS
from tests.sip.transacting import make_request, run_out

OPTIONS, INVITE = make_request("OPTIONS"), make_request("INVITE")


def with_header(response: Response, name: str, value: str) -> Response:
    """The response with a header replaced."""
    response.headers.set(name, value)
    return response


def invited(layer: TransactionLayer, request: Request = INVITE) -> InviteServerTransaction:
    """The server transaction of an INVITE that just came in."""
    (event,) = layer.receive(request, 100.0)
    assert isinstance(event, IncomingRequest)
    assert isinstance(event.transaction, InviteServerTransaction)
    return event.transaction


def calling(layer: TransactionLayer) -> InviteClientTransaction:
    """The client transaction of an INVITE sent at 100.0."""
    transaction = layer.request(INVITE, reliable=False, now=100.0)
    assert isinstance(transaction, InviteClientTransaction)
    return transaction


def test_responses_find_their_request() -> None:
    layer = TransactionLayer()
    options = layer.request(OPTIONS, reliable=False, now=100.0, context="mine")
    other = layer.request(make_request("OPTIONS", branch="z9hG4bKother"), reliable=False, now=100.0)
    answer = OPTIONS.respond(200, to_tag="b")
    assert layer.receive(answer, 100.1) == [Final(options, answer)]
    assert (options.context, other.state) == ("mine", ClientState.TRYING)


def test_branches_match_in_any_case_and_with_what_the_way_added() -> None:
    layer = TransactionLayer()
    options = layer.request(OPTIONS, reliable=False, now=100.0)
    answer = OPTIONS.respond(200, to_tag="b")
    answer.headers.set(
        "v", "sip / 2.0 / udp 192.0.2.1:5060;Received=198.51.100.1;BRANCH=Z9HG4BK776ASDHDS;rport=9;x"
    )
    assert layer.receive(answer, 100.1) == [Final(options, answer)]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("Via", "SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bKelse"),
        ("Via", "SIP/2.0/UDP 192.0.2.1:5060"),
        ("Via", "SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK776asdhds, SIP/2.0/UDP 192.0.2.7"),
        ("CSeq", "1 INVITE"),
        ("CSeq", "2 OPTIONS"),
        ("Call-ID", "c2"),
        ("From", "<sip:alice@example.com>;tag=a2"),
        ("From", "<sip:alice@example.com>"),
    ],
)
def test_responses_to_something_else_are_strays(name: str, value: str) -> None:
    layer = TransactionLayer()
    options = layer.request(OPTIONS, reliable=False, now=100.0)
    answer = with_header(OPTIONS.respond(200, to_tag="b"), name, value)
    assert layer.receive(answer, 100.1) == [StrayResponse(answer, ended=None)]
    assert options.state is ClientState.TRYING


def test_late_answers_are_known_as_such() -> None:
    layer = TransactionLayer()
    options = layer.request(OPTIONS, reliable=False, now=100.0, timeout=1.0)
    assert [kind for _, kind in run_out(layer)] == [Retransmit, TimedOut]
    answer = OPTIONS.respond(200, to_tag="b")
    assert layer.receive(answer, 101.5) == [StrayResponse(answer, ended=options)]
    foreign = OPTIONS.respond(200, to_tag="b")
    foreign.headers.set("Call-ID", "c2")
    assert layer.receive(foreign, 101.5) == [StrayResponse(foreign, ended=None)]


def test_a_branch_in_use_is_refused() -> None:
    layer = TransactionLayer()
    layer.request(OPTIONS, reliable=False, now=100.0)
    with pytest.raises(ValueError, match="take a new branch"):
        layer.request(OPTIONS, reliable=False, now=100.0)


def test_a_call_that_is_refused() -> None:
    layer = TransactionLayer()
    invite = calling(layer)
    ringing, busy = INVITE.respond(180, to_tag="b"), INVITE.respond(486, to_tag="b")
    assert layer.receive(ringing, 100.1) == [Provisional(invite, ringing)]
    ack, final = layer.receive(busy, 101.0)
    assert (type(ack), final) == (AckToSend, Final(invite, busy))
    assert layer.receive(busy, 101.5) == [ack]
    assert (run_out(layer), len(layer)) == ([], 0)


def test_a_call_that_is_accepted() -> None:
    layer = TransactionLayer()
    invite = calling(layer)
    ok = INVITE.respond(200, to_tag="b")
    assert layer.receive(ok, 101.0) == [Final(invite, ok)]
    assert layer.receive(ok, 101.5) == [FurtherSuccess(invite, ok)]
    assert (run_out(layer), len(layer)) == ([], 0)
    assert layer.receive(ok, 134.0) == [StrayResponse(ok, ended=invite)]


def test_a_cancel_has_a_transaction_of_its_own() -> None:
    layer = TransactionLayer()
    invite = calling(layer)
    invite.context = "call"
    layer.receive(INVITE.respond(180, to_tag="b"), 100.1)
    (sending,) = layer.cancel(invite, 101.0, wait=3.0)
    assert isinstance(sending, RequestToSend)
    cancel = sending.transaction
    assert isinstance(cancel, ClientTransaction)
    assert (cancel.request.method, cancel.request.via, cancel.context) == ("CANCEL", INVITE.via, "call")
    assert sending.data == cancel.outgoing()
    assert run_out(layer, until=101.6) == [(101.5, Retransmit)]
    ok, terminated = cancel.request.respond(200, to_tag="b"), INVITE.respond(487, to_tag="b")
    assert layer.receive(ok, 101.7) == [Final(cancel, ok)]
    assert layer.receive(terminated, 101.8)[1] == Final(invite, terminated)
    assert (run_out(layer), len(layer)) == ([], 0)


def test_a_cancel_waits_for_its_time() -> None:
    layer = TransactionLayer()
    invite = calling(layer)
    assert layer.cancel(invite, 100.1) == []
    assert len(layer) == 1
    events = layer.receive(INVITE.respond(100), 100.2)
    assert [type(event) for event in events] == [Provisional, RequestToSend]
    assert len(layer) == 2


def test_a_cancel_nobody_answers() -> None:
    layer = TransactionLayer()
    invite = calling(layer)
    layer.receive(INVITE.respond(180, to_tag="b"), 100.1)
    layer.cancel(invite, 101.0, wait=1.0)
    assert run_out(layer) == [(101.5, Retransmit), (102.0, TimedOut), (102.0, TimedOut)]
    assert len(layer) == 0
    late = INVITE.respond(200, to_tag="b")
    assert layer.receive(late, 103.0) == [StrayResponse(late, ended=invite)]


def test_requests_are_new_once() -> None:
    layer = TransactionLayer()
    (event,) = layer.receive(OPTIONS, 100.0)
    assert isinstance(event, IncomingRequest)
    assert (event.request, event.cancels, event.merged) == (OPTIONS, None, False)
    assert layer.receive(OPTIONS, 100.5) == []
    answer = OPTIONS.respond(200, to_tag="b")
    assert layer.respond(event.transaction, answer, 100.6) == [
        ResponseToSend(event.transaction, answer.to_bytes())
    ]
    assert layer.receive(OPTIONS, 101.5) == [Retransmit(event.transaction, answer.to_bytes())]
    assert (run_out(layer), len(layer)) == ([], 0)


def test_over_a_reliable_transport_an_answered_request_is_gone() -> None:
    layer = TransactionLayer()
    (event,) = layer.receive(OPTIONS, 100.0, reliable=True)
    assert isinstance(event, IncomingRequest)
    layer.respond(event.transaction, OPTIONS.respond(200, to_tag="b"), 100.1)
    assert len(layer) == 0


@pytest.mark.parametrize(
    ("via", "method"),
    [
        ("SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bKelse", "OPTIONS"),
        ("SIP/2.0/UDP 192.0.2.1:5062;branch=z9hG4bK776asdhds", "OPTIONS"),
        ("SIP/2.0/UDP 192.0.2.2:5060;branch=z9hG4bK776asdhds", "OPTIONS"),
        ("SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK776asdhds", "INFO"),
    ],
)
def test_branch_sender_and_method_tell_requests_apart(via: str, method: str) -> None:
    layer = TransactionLayer()
    layer.receive(OPTIONS, 100.0)
    other = make_request(method)
    other.headers.set("Via", via)
    assert [type(event) for event in layer.receive(other, 100.1)] == [IncomingRequest]
    assert len(layer) == 2


def test_the_ack_of_a_refusal_ends_there() -> None:
    layer = TransactionLayer()
    transaction = invited(layer)
    layer.respond(transaction, INVITE.respond(486, to_tag="b"), 101.0)
    assert layer.receive(make_request("ACK", to_tag="b"), 101.1) == []
    assert (run_out(layer), len(layer)) == ([], 0)


def test_the_ack_of_a_2xx_goes_to_the_dialog() -> None:
    layer = TransactionLayer()
    transaction = invited(layer)
    layer.respond(transaction, INVITE.respond(200, to_tag="b"), 101.0)
    ack = make_request("ACK", branch="z9hG4bKack", to_tag="b")
    assert layer.receive(ack, 101.1) == [IncomingAck(ack)]
    assert layer.receive(INVITE, 101.2) == []


def test_a_missing_ack_is_told() -> None:
    layer = TransactionLayer()
    transaction = invited(layer)
    layer.respond(transaction, INVITE.respond(486, to_tag="b"), 100.0)
    assert run_out(layer, see=lambda event: event)[-1] == (132.0, AckMissing(transaction))
    assert len(layer) == 0


def test_a_cancel_names_its_invite() -> None:
    layer = TransactionLayer()
    transaction = invited(layer)
    (event,) = layer.receive(make_request("CANCEL"), 100.1)
    assert isinstance(event, IncomingRequest)
    assert event.cancels is transaction
    (event,) = layer.receive(make_request("CANCEL", branch="z9hG4bKelse"), 100.1)
    assert isinstance(event, IncomingRequest)
    assert event.cancels is None


def test_rfc_2543_peers_are_matched_by_all_else() -> None:
    layer = TransactionLayer()
    transaction = invited(layer, make_request("INVITE", branch="1"))
    assert layer.receive(make_request("INVITE", branch="1"), 100.1) == []
    other = make_request("INVITE", branch="1", number=2)
    assert [type(event) for event in layer.receive(other, 100.1)] == [IncomingRequest]
    (event,) = layer.receive(make_request("CANCEL", branch="1"), 100.2)
    assert isinstance(event, IncomingRequest)
    assert event.cancels is transaction
    layer.respond(transaction, INVITE.respond(486, to_tag="b"), 100.3)
    assert layer.receive(make_request("ACK", branch="1", to_tag="b"), 100.4) == []
    assert transaction.state.value == "confirmed"


def test_a_request_that_came_two_ways_is_merged() -> None:
    layer = TransactionLayer()
    invited(layer)
    events = layer.receive(make_request("INVITE", branch="z9hG4bKfork"), 100.1)
    assert [event.merged for event in events if isinstance(event, IncomingRequest)] == [True]
    # In a dialog the same numbers mean nothing of the kind (RFC 3261 §8.2.2.2).
    events = layer.receive(make_request("INVITE", branch="z9hG4bKre", to_tag="b"), 100.1)
    assert [event.merged for event in events if isinstance(event, IncomingRequest)] == [False]


def test_a_request_that_ended_is_no_longer_merged_with() -> None:
    layer = TransactionLayer()
    (event,) = layer.receive(OPTIONS, 100.0, reliable=True)
    assert isinstance(event, IncomingRequest)
    layer.respond(event.transaction, OPTIONS.respond(200, to_tag="b"), 100.1)
    (event,) = layer.receive(make_request("OPTIONS", branch="z9hG4bKnew"), 100.2)
    assert isinstance(event, IncomingRequest)
    assert not event.merged


def test_a_failing_transport() -> None:
    layer = TransactionLayer()
    options = layer.request(OPTIONS, reliable=True, now=100.0)
    transaction = invited(layer)
    for each in (options, transaction):
        assert isinstance(each, ClientTransaction | ServerTransaction)
        assert layer.transport_failed(each, "closed", 100.1) == [TransportFailed(each, "closed")]
    assert (len(layer), layer.next_timer()) == (0, None)


def test_one_clock_for_all() -> None:
    layer = TransactionLayer()
    for number in range(3):
        request = make_request("OPTIONS", branch=f"z9hG4bK{number}")
        layer.request(request, reliable=False, now=100.0 + number / 10, timeout=1.0)
    assert [(round(at, 3), kind) for at, kind in run_out(layer)] == [
        *((at, Retransmit) for at in (100.5, 100.6, 100.7)),
        *((at, TimedOut) for at in (101.0, 101.1, 101.2)),
    ]


def test_floods_of_requests_are_bounded() -> None:
    layer = TransactionLayer()
    for number in range(MAX_SERVER_TRANSACTIONS + 5):
        layer.receive(make_request("OPTIONS", branch=f"z9hG4bK{number}"), 100.0)
    assert len(layer) == MAX_SERVER_TRANSACTIONS
    ack = make_request("ACK")
    assert layer.receive(ack, 100.0) == [IncomingAck(ack)]


def test_the_bound_is_the_users_choice() -> None:
    layer = TransactionLayer(capacity=2)
    kinds = [
        [type(event) for event in layer.receive(make_request("OPTIONS", branch=f"z9hG4bK{number}"), 100.0)]
        for number in range(3)
    ]
    assert kinds == [[IncomingRequest], [IncomingRequest], []]


def test_responses_are_told_from_requests() -> None:
    answer = OPTIONS.respond(200)
    assert isinstance(answer, Response)
    assert TransactionLayer().receive(answer, 0.0) == [StrayResponse(answer, ended=None)]
