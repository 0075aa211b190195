"""A Record-Route without lr: its URI becomes the Request-URI, the Contact the last Route (RFC 3261 §12.2)."""

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
    scenario,
    take_update,
    whole_call,
)
from tests.sip.carriers.audit import audit
from tests.sip.carriers.running import Commands, told
from tests.sip.peers.edge import Edge, as_carrier
from tests.sip.peers.routes import audit_routes, inside, routes_of

TIMER = "90;refresher=uas"


@pytest.mark.parametrize("over", ["udp", "tcp", "tls"])
def test_kamailio_as_a_strict_router(edge: Edge, over: str) -> None:
    placed = edge.call(whole_call(session=TIMER), special="strict-", over=over, strict=True)
    assert placed.verdict == (0, "pass", None), told(placed.report)
    here = f"sip:127.0.0.1:{edge.port(over)}"
    assert {each.uri.partition(";")[0] for each in inside(placed.front)} == {here}
    # It puts the Contact back where it belongs.
    assert not any(each.get("route") for each in inside(placed.called))
    assert {each.uri.partition("@")[0] for each in inside(placed.called)} == {"sip:uas", "sip:moved"}


@pytest.mark.parametrize("over", ["udp", "tcp"])
def test_sipp_behind_a_strict_and_a_loose_router(commands: Commands, tmp_path: Path, over: str) -> None:
    routed = "Record-Route: <sip:192.0.2.7;lr>, <sip:old@[local_ip]:[local_port];transport=[transport]>"
    scene = scenario(
        *(CALLED, RINGS, accept(routed, new=True, session=TIMER), ACKED),
        *(accept_again(session=TIMER, direction="recvonly"), accept_again(session=TIMER)),
        *(take_update(session=TIMER), HUNG_UP),
        options=True,
    )
    with Callee(tmp_path, scene, transport=over, calls=2) as callee:
        uri = f"sip:127.0.0.1:{callee.port};transport={over}"
        code, report = commands.check(uri, "--call", "+14155550123", "--timeout", "60")
    assert (code, report["cause"]) == (0, None), told(report)
    called = as_carrier(callee.messages())
    audit(called)
    audit_routes(called, strict=True)
    old = f"sip:old@127.0.0.1:{callee.port};transport={over.upper()}"
    contact = f"<sip:uas@127.0.0.1:{callee.port};transport={over.upper()}>"
    assert {each.uri for each in inside(called)} == {old}
    assert {tuple(routes_of(each, "route")) for each in inside(called)} == {("<sip:192.0.2.7;lr>", contact)}
