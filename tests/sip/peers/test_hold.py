"""Calls that do not take hold or refresh well, behind Kamailio."""

from __future__ import annotations

import pytest

from tests.peers.scenarios import (
    ACKED,
    CALLED,
    HUNG_UP,
    RINGS,
    accept,
    accept_again,
    answer,
    ask,
    receive,
    receive_status,
    scenario,
    take_update,
)
from tests.sip.carriers.running import step, told
from tests.sip.peers.edge import Edge

TIMER = "90;refresher=uac"
ANSWERED = "\n".join((CALLED, RINGS, accept(new=True, session=TIMER), ACKED))
HELD = accept_again(session=TIMER, direction="recvonly")
RESUMED = accept_again(session=TIMER)


@pytest.mark.parametrize("over", ["udp", "tcp"])
def test_hold_is_refused(edge: Edge, over: str) -> None:
    refused = (receive("INVITE"), answer("488 Not Acceptable Here"), ACKED)
    placed = edge.call(scenario(ANSWERED, *refused, take_update(session=TIMER), HUNG_UP), over=over)
    assert placed.verdict == (1, "fail", "hold_rejected"), told(placed.report)
    assert placed.detail("hold") == "488 Not Acceptable Here."
    assert step(placed.report, "refresh") == ("pass", None)
    assert step(placed.report, "bye") == ("pass", None)


def test_hold_is_not_honoured(edge: Edge) -> None:
    placed = edge.call(scenario(ANSWERED, RESUMED, RESUMED, take_update(session=TIMER), HUNG_UP))
    assert placed.verdict == (0, "warn", "hold_not_honoured"), told(placed.report)


@pytest.mark.usefixtures("long_watch_of_hold")
@pytest.mark.parametrize("over", ["udp", "tls"])
def test_hold_ends_the_call(edge: Edge, over: str) -> None:
    placed = edge.call(scenario(ANSWERED, HELD, ask("BYE", 1), receive_status(200)), over=over)
    assert placed.verdict == (1, "fail", "hold_kills_call"), told(placed.report)
    assert step(placed.report, "bye") == ("skipped", None)
    assert not placed.front.of("BYE")


def test_a_refused_update_is_followed_by_a_reinvite(edge: Edge) -> None:
    refused = (receive("UPDATE"), answer("501 Not Implemented"))
    placed = edge.call(scenario(ANSWERED, HELD, RESUMED, *refused, RESUMED, HUNG_UP))
    assert placed.verdict == (0, "pass", None), told(placed.report)
    assert placed.detail("refresh") == "INVITE: 200 OK."


def test_every_refresh_is_refused(edge: Edge) -> None:
    refused = (receive("UPDATE"), answer("501 Not Implemented"), receive("INVITE"), answer("488 No"), ACKED)
    placed = edge.call(scenario(ANSWERED, HELD, RESUMED, *refused, HUNG_UP))
    assert placed.verdict == (1, "fail", "refresh_rejected"), told(placed.report)
    assert step(placed.report, "bye") == ("pass", None)
