"""Whole calls through Kamailio's Record-Route to sipp: held, resumed, refreshed, hung up."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.peers import HERE
from tests.peers.certificates import Authority, KeyPair
from tests.peers.kamailio import Kamailio
from tests.peers.scenarios import (
    ACKED,
    CALLED,
    CONTACT,
    HUNG_UP,
    RINGS,
    accept,
    accept_again,
    ask,
    receive_status,
    scenario,
    sdp,
    take_update,
    whole_call,
)
from tests.sip.carriers.laboratory import direction_of, fields_of
from tests.sip.carriers.running import Commands, step, told
from tests.sip.peers.edge import Edge
from tests.sip.peers.routes import asked_of, inside, routes_of

WHOLE = ["INVITE", "ACK", "INVITE", "ACK", "INVITE", "ACK", "UPDATE", "BYE"]


@pytest.mark.parametrize("behind", ["udp", "tcp"])
@pytest.mark.parametrize("over", ["udp", "tcp", "tls"])
def test_a_call_goes_by_its_routes_over_every_transport(edge: Edge, over: str, behind: str) -> None:
    special = "tcp-" if behind == "tcp" else "+14155"
    scene = whole_call(session="90;refresher=uac")
    placed = edge.call(scene, over=over, special=special, behind=behind)
    assert placed.verdict == (0, "pass", None), told(placed.report)
    assert placed.detail("refresh") == "UPDATE: 200 OK."
    assert [each.method for each in asked_of(placed.called)] == WHOLE
    offers = [direction_of(each.body) for each in asked_of(placed.called, "INVITE")]
    assert offers == ["sendrecv", "sendonly", "sendrecv"]
    # Where the transport changes the edge stands in the route twice, the nearer side first.
    ways = [f"<sip:127.0.0.1:{edge.port(each)}{_named(each)}" for each in (over, behind)]
    for request in inside(placed.front):
        routes = routes_of(request, "route")
        assert len(routes) == (1 if over == behind else 2)
        assert all(route.startswith(way) and ";lr" in route for route, way in zip(routes, ways, strict=False))
        assert request.get("via").startswith(f"SIP/2.0/{over.upper()} ")
    assert not any(each.get("route") for each in inside(placed.called))
    # The hold was answered with another Contact: it is the target of its own ACK already.
    targets = [each.uri.partition("@")[0] for each in inside(placed.called)]
    assert targets == ["sip:uas", "sip:uas", *["sip:moved"] * 3, *["sip:moved", "sip:uas"]]


def test_a_call_to_a_secure_address(edge: Edge) -> None:
    placed = edge.call(whole_call(session="90;refresher=uac"), over="sips")
    assert placed.verdict == (0, "pass", None), told(placed.report)
    asked = [each for each in placed.front.heard if each.method in ("INVITE", "UPDATE")]
    assert all(each.get("contact").startswith("<sips:alice@127.0.0.1:") for each in asked)
    # The edge names its datagram port with the scheme sips: only the first route says where we send.
    routes = [route.partition(";")[0] for route in routes_of(inside(placed.front)[0], "route")]
    assert routes == [f"<sips:127.0.0.1:{edge.port(each)}" for each in ("tls", "udp")]


def _named(transport: str) -> str:
    return "" if transport == "udp" else f";transport={transport}"


@pytest.mark.parametrize("defines", [(), ("SHA256",)])
@pytest.mark.parametrize("over", ["udp", "tls"])
def test_a_password_for_every_request(
    authority: Authority, pair: KeyPair, tmp_path: Path, over: str, defines: tuple[str, ...]
) -> None:
    commands = Commands(tmp_path, password="secret of alice")
    with Kamailio(tmp_path, pair, template=HERE / "edge.cfg", defines=defines) as kamailio:
        edge = Edge(kamailio, authority, tmp_path, commands)
        placed = edge.call(whole_call(session="90;refresher=uac"), over=over, special="signed-")
    assert placed.verdict == (0, "pass", None), told(placed.report)
    assert [each.method for each in asked_of(placed.called)] == WHOLE
    signed = [each for each in asked_of(placed.front) if each.get("proxy-authorization")]
    given = [fields_of(each.get("proxy-authorization")) for each in signed if each.method != "ACK"]
    assert [each.method for each in signed if each.method != "ACK"] == [*["INVITE"] * 3, "UPDATE", "BYE"]
    assert {fields.get("algorithm") for fields in given} == {"SHA-256" if defines else None}
    assert len({(fields["nonce"], fields["nc"]) for fields in given}) == len(given)
    # The edge takes off what was meant for it; the ACK of a 2xx has the credentials of its INVITE.
    assert {each.method for each in placed.called.heard if each.get("proxy-authorization")} == {"ACK"}


def test_the_called_side_changes_the_session_first(edge: Edge) -> None:
    timer = ("Supported: timer", "Session-Expires: 600;refresher=uac")
    placed = edge.call(
        scenario(
            *(CALLED, RINGS, accept(new=True), ACKED),
            *(ask("INVITE", 1, CONTACT, *timer, body=sdp()), receive_status(200), ask("ACK", 1)),
            *(accept_again(direction="recvonly"), accept_again(), take_update(), HUNG_UP),
        ),
        over="tls",
    )
    assert placed.verdict == (0, "pass", None), told(placed.report)
    assert placed.detail("session_timer") == "600 s, refreshed by the carrier."
    (taken,) = [each for each in placed.called.heard if each.start == "SIP/2.0 200 OK"]
    assert taken.get("session-expires") == "600;refresher=uac"
    assert taken.get("require") == "timer"
    assert direction_of(taken.body) == "sendrecv"
    assert taken.get("contact").endswith(";transport=tls>")
    # From then on the far end refreshes: what we ask for leaves it so (RFC 4028 §7.4).
    asked = [each.get("session-expires") for each in asked_of(placed.called, "INVITE")[1:]]
    assert asked == ["600;refresher=uas"] * 2


def test_no_session_timer(edge: Edge) -> None:
    placed = edge.call(whole_call(), over="tcp")
    assert placed.verdict == (0, "warn", "session_timer_absent"), told(placed.report)
    assert step(placed.report, "refresh") == ("pass", None)
    asked = [(each.get("session-expires"), each.get("supported")) for each in inside(placed.called)]
    assert set(asked) == {("", "timer"), ("", "")}
