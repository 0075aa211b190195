"""Calls that end otherwise than by our BYE, or that nobody takes, behind Kamailio."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.peers.callee import Callee
from tests.peers.scenarios import (
    ACKED,
    CALLED,
    HUNG_UP,
    RINGS,
    accept,
    accept_again,
    answer,
    ask,
    pause,
    receive,
    receive_status,
    scenario,
    take_update,
)
from tests.sip.carriers.audit import audit
from tests.sip.carriers.laboratory import Carrier
from tests.sip.carriers.running import step, told
from tests.sip.peers.edge import Edge, as_carrier
from tests.sip.peers.routes import asked_of, audit_routes

CANCELLED = "\n".join((receive("CANCEL"), answer("200 OK", new=True)))
REFUSALS = [
    ("302 Moved Temporarily", (1, "fail", "redirected")),
    ("404 Not Found", (1, "fail", "number_not_found")),
    ("480 Temporarily Unavailable", (1, "fail", "call_not_answered")),
    ("486 Busy Here", (0, "warn", "busy")),
    ("488 Not Acceptable Here", (1, "fail", "media_rejected")),
    # A proxy tells nobody else that its next hop is overloaded (RFC 3261 §16.7, point 6).
    ("503 Service Unavailable", (1, "fail", "carrier_error")),
    ("603 Decline", (1, "fail", "declined")),
]


@pytest.mark.parametrize(("status", "verdict"), REFUSALS)
def test_a_refused_call(edge: Edge, status: str, verdict: tuple[int, str, str]) -> None:
    refused = answer(status, "Contact: <sip:elsewhere@203.0.113.9>", new=True)
    placed = edge.call(scenario(CALLED, refused, ACKED))
    assert placed.verdict == verdict, told(placed.report)
    assert step(placed.report, "ack") == ("skipped", None)


def test_a_refused_call_over_tls(edge: Edge) -> None:
    placed = edge.call(scenario(CALLED, RINGS, answer("486 Busy Here", new=True), ACKED), over="tls")
    assert placed.verdict == (0, "warn", "busy"), told(placed.report)


def test_a_redirection_is_shown_and_not_followed(edge: Edge) -> None:
    moved = answer("302 Moved Temporarily", "Contact: <sip:elsewhere@203.0.113.9>", new=True)
    placed = edge.call(scenario(CALLED, moved, ACKED), over="tcp")
    assert placed.detail("invite") == "302 Moved Temporarily. To: <sip:elsewhere@203.0.113.9>"
    assert len(asked_of(placed.called, "INVITE")) == 1


@pytest.mark.usefixtures("long_watch_of_ack")
@pytest.mark.parametrize("over", ["udp", "tcp", "tls"])
def test_the_called_side_hangs_up(edge: Edge, over: str) -> None:
    reason = 'Reason: Q.850;cause=102;text="Recovery on timer expiry"'
    placed = edge.call(
        scenario(
            CALLED, RINGS, accept(new=True), ACKED, pause(0.2), ask("BYE", 1, reason), receive_status(200)
        ),
        over=over,
    )
    assert placed.verdict == (1, "fail", "call_dropped"), told(placed.report)
    assert placed.detail("ack").startswith("BYE came ")
    assert placed.detail("ack").endswith(f" {reason}")
    assert not placed.front.of("BYE")


@pytest.mark.parametrize("over", ["udp", "tls"])
def test_what_rings_too_long_is_cancelled(edge: Edge, over: str) -> None:
    ended = answer("487 Request Terminated", to_invite=True)
    placed = edge.call(scenario(CALLED, RINGS, CANCELLED, ended, ACKED), "--ring-timeout", "2", over=over)
    assert placed.verdict == (1, "fail", "call_not_answered"), told(placed.report)
    assert placed.detail("invite") == "No final answer came within 2 s after 180."
    (cancel,) = asked_of(placed.front, "CANCEL")
    invite = asked_of(placed.front, "INVITE")[-1]
    same = ("via", "from", "to", "call-id")  # RFC 3261 §9.1
    assert [cancel.uri, cancel.cseq, *map(cancel.get, same)] == [
        *(invite.uri, invite.cseq),
        *map(invite.get, same),
    ]


@pytest.mark.parametrize("over", ["udp", "tls"])
def test_an_answer_that_crosses_the_cancel_is_acknowledged_and_hung_up(edge: Edge, over: str) -> None:
    late = accept(to_invite=True)
    placed = edge.call(
        scenario(CALLED, RINGS, CANCELLED, late, ACKED, HUNG_UP), "--ring-timeout", "2", over=over
    )
    assert placed.verdict == (1, "fail", "call_not_answered"), told(placed.report)
    assert step(placed.report, "bye") == ("skipped", None)


@pytest.mark.usefixtures("long_watch_of_ack")
def test_an_ack_that_gets_lost_on_the_way(edge: Edge) -> None:
    placed = edge.call(scenario(CALLED, RINGS, accept(new=True), HUNG_UP), special="lost-ack-")
    assert placed.verdict == (1, "fail", "ack_not_received"), told(placed.report)
    assert step(placed.report, "bye") == ("pass", None)
    acks = [each for each in placed.front.of("ACK") if each.uri.startswith("sip:uas@")]
    # One for each 200, and all the same (RFC 3261 §13.2.2.4).
    assert len(acks) >= 3
    assert len({each.text for each in acks}) == 1


def test_two_servers_answer_and_one_is_kept(edge: Edge, tmp_path: Path) -> None:
    session = "90;refresher=uac"
    kept = scenario(
        *(CALLED, RINGS, pause(0.1), accept(new=True, session=session), ACKED),
        *(accept_again(session=session, direction="recvonly"), accept_again(session=session)),
        *(take_update(session=session), HUNG_UP),
    )
    # The edge cancels the other one, which has answered by then.
    other = scenario(CALLED, RINGS, CANCELLED, accept(to_invite=True), ACKED, HUNG_UP)
    since = edge.mark()
    with Callee(tmp_path, kept) as first, Callee(tmp_path, other) as second:
        code, report = edge.check(f"fork-{second.port:05}{first.port:05}", over="udp")

    def judge(front: Carrier) -> None:
        audit(front)
        audit_routes(front)

    edge.front(since, [first, second], judge)
    assert (code, report["cause"]) == (0, None), told(report)
    asked = asked_of(as_carrier(second.messages()))
    assert [each.method for each in asked] == ["INVITE", "CANCEL", "ACK", "BYE"]
