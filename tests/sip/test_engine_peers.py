"""The engine against real SIP servers: Kamailio over UDP, TCP and TLS, sipp over UDP and TCP."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from callsphere.sip.engine import PingEngine, PingTarget
from tests.peers.certificates import Authority
from tests.peers.kamailio import Kamailio
from tests.peers.sipp import OptionsServer
from tests.sip.pinging import LONG_S, flat, named_target, new_engine, ping, seen, target

NAME = "edge.example.com"


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


@pytest.fixture
def kamailio(tmp_path: Path, authority: Authority) -> Iterator[Kamailio]:
    with Kamailio(tmp_path, authority.issue([NAME])) as kamailio:
        yield kamailio


def everywhere(kamailio: Kamailio) -> list[PingTarget]:
    return [
        target(kamailio.port, "udp"),
        target(kamailio.port, "tcp"),
        named_target(NAME, kamailio.tls_port),
    ]


def states(engine: PingEngine, targets: list[PingTarget]) -> dict[str, tuple[bool, str | None]]:
    return {
        outcome.target.rpartition("/")[2]: (outcome.alive, outcome.cause)
        for outcome in ping(engine, *targets)
    }


def test_kamailio_is_alive_over_every_transport_goes_and_comes_back(
    kamailio: Kamailio, authority: Authority
) -> None:
    up = dict.fromkeys(("udp", "tcp", "tls"), (True, None))
    down = dict.fromkeys(("udp", "tcp", "tls"), (False, "connect_refused"))
    targets = everywhere(kamailio)
    with new_engine(ca_file=str(authority.ca_file)) as engine:
        assert states(engine, targets) == up
        kamailio.stop()
        started = time.monotonic()
        assert states(engine, targets) == down
        assert time.monotonic() - started < LONG_S / 2
        kamailio.start()
        assert states(engine, targets) == up


def test_kamailio_names_itself_and_its_reason(kamailio: Kamailio) -> None:
    with new_engine() as engine:
        (outcome,) = ping(engine, target(kamailio.port))
    assert (outcome.reason, outcome.server) == ("Keepalive", "edge.test (kamailio)")


def test_kamailio_plain_port_spoken_to_in_tls_and_the_reverse(kamailio: Kamailio) -> None:
    with new_engine() as engine:
        towards_plain = ping(engine, named_target(NAME, kamailio.port, wait_s=1.0))[0]
        towards_tls = ping(engine, target(kamailio.tls_port, "tcp", wait_s=1.0))[0]
    assert towards_plain.cause in ("connection_closed", "no_answer", "tls_not_spoken")
    assert towards_tls.cause in ("connection_closed", "malformed_answer", "no_answer")


@pytest.mark.parametrize("transport", ["udp", "tcp"])
def test_sipp_answers_a_thousand_pings(transport: str) -> None:
    with OptionsServer(transport=transport) as server, new_engine() as engine:
        outcomes = flat(engine.ping_many([target(server.port, transport)] * 1000, in_flight=50))
    assert seen(outcomes) == [(True, 200, None)] * 1000
    assert {outcome.server for outcome in outcomes} == {"sipp-options-uas"}
