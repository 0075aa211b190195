"""Session timers of RFC 4028 through Kamailio, which refuses short intervals and puts in missing ones."""

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
    scenario,
    take_update,
    whole_call,
)
from tests.sip.carriers.running import told
from tests.sip.peers.edge import Edge, Placed
from tests.sip.peers.routes import asked_of


def asked(placed: Placed) -> list[tuple[str, str]]:
    """Session-Expires and Min-SE of each request that had one, repetitions apart."""
    timed = [each for each in asked_of(placed.front) if each.get("session-expires")]
    return [(each.get("session-expires"), each.get("min-se")) for each in timed]


@pytest.mark.parametrize("over", ["udp", "tls"])
@pytest.mark.parametrize(("refresher", "who"), [("uac", "us"), ("uas", "the carrier")])
def test_the_interval_is_raised_and_kept(edge: Edge, over: str, refresher: str, who: str) -> None:
    placed = edge.call(whole_call(session=f"300;refresher={refresher}"), over=over, special="timed-")
    assert placed.verdict == (0, "pass", None), told(placed.report)
    assert placed.detail("session_timer") == f"300 s, refreshed by {who}."
    # 407, 422, then the call; who refreshes stays so in hold, resumption and UPDATE (RFC 4028 §7.4).
    kept = (f"300;refresher={refresher}", "300")
    assert asked(placed) == [("90", ""), ("90", ""), ("300", "300"), *[kept] * 3]


def test_a_called_side_without_timers_leaves_the_refreshing_to_us(edge: Edge) -> None:
    placed = edge.call(whole_call(), special="timed-")
    assert placed.verdict == (0, "pass", None), told(placed.report)
    assert placed.detail("session_timer") == "300 s, refreshed by us."
    assert asked(placed)[-1] == ("300;refresher=uac", "300")


def test_the_edge_and_the_called_side_have_a_minimum_each(edge: Edge) -> None:
    placed = edge.call(
        scenario(
            *(CALLED, answer("422 Session Interval Too Small", "Min-SE: 600", new=True), ACKED),
            *(CALLED, RINGS, accept(new=True, session="600;refresher=uas"), ACKED),
            *(accept_again(session="600;refresher=uas", direction="recvonly"),),
            *(accept_again(session="600;refresher=uas"), take_update(session="600;refresher=uas"), HUNG_UP),
        ),
        special="timed-",
    )
    assert placed.verdict == (0, "pass", None), told(placed.report)
    assert asked(placed)[2:] == [("300", "300"), ("600", "600"), *[("600;refresher=uas", "600")] * 3]


def test_a_minimum_that_has_to_be_named_though_the_interval_is_long_enough(edge: Edge) -> None:
    placed = edge.call(whole_call(session="400;refresher=uac"), "--session-expires", "400", special="timed-")
    assert placed.verdict == (0, "pass", None), told(placed.report)
    assert asked(placed)[1:3] == [("400", ""), ("400", "300")]
