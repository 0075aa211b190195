"""The engine with many names: what it knows it does not ask again, and a pace costs no spinning."""

from __future__ import annotations

import pytest

from callsphere.sip.engine import PingTarget
from callsphere.sip.resolver import ResolutionError
from callsphere.sip.uri import SipUri
from tests.peers.scripted import UdpPeer, answer_to
from tests.sip.dns_server import DnsServer
from tests.sip.pinging import LONG_S, flat, new_engine, ping, seen, target


def healthy(peer: UdpPeer, request: bytes, source: tuple[str, int]) -> None:
    peer.send(answer_to(request), source)


def test_a_second_batch_asks_no_name_server() -> None:
    with UdpPeer(healthy) as peer, DnsServer() as dns, new_engine(nameservers=[dns.address]) as engine:
        uris = [SipUri.parse(f"sip:g{number}.test:{peer.port}") for number in range(40)]
        for uri in uris[:30]:
            dns.set(uri.host, "A", "127.0.0.1")
        targets = [PingTarget(uri.host, uri, LONG_S) for uri in uris]
        first = {outcome.key: outcome.cause for outcome in ping(engine, *targets)}
        asked = len(dns.asked)
        assert asked == 80
        assert {outcome.key: outcome.cause for outcome in ping(engine, *targets)} == first
        found = engine.resolve_many(uris, LONG_S)
        assert len(dns.asked) == asked
    assert list(first.values()).count("dns_not_found") == 10
    assert sum(isinstance(place, ResolutionError) for place in found.values()) == 10
    assert len({data for _, data in peer.requests}) == 60


def test_known_and_unknown_names_go_in_one_batch() -> None:
    with UdpPeer(healthy) as peer, DnsServer() as dns, new_engine(nameservers=[dns.address]) as engine:
        for name in ("old", "new"):
            dns.set(f"{name}.test", "A", "127.0.0.1")
        old, new = (
            PingTarget(name, SipUri.parse(f"sip:{name}.test:{peer.port}"), LONG_S) for name in ("old", "new")
        )
        ping(engine, old)
        assert seen(ping(engine, new, old, target(peer.port))) == [(True, 200, None)] * 3
        found = engine.resolve_many([old.uri, SipUri.parse("sip:never.test:5060")], LONG_S)
    assert [isinstance(place, ResolutionError) for place in found.values()] == [False, True]


def test_certificates_are_checked_or_not_by_each_pings_own_wish() -> None:
    """Routes are kept for either wish apart."""
    with new_engine() as engine:
        uri = SipUri.parse("sip:127.0.0.1:5061;transport=tls")
        known = engine._resolver.known(uri)
        assert isinstance(known, list)
        (place,) = known
        routes = [engine._routes.route(uri, place, verify=verify) for verify in (True, False, True, False)]
    assert [route.peer and route.peer.verify for route in routes] == [True, False, True, False]
    assert routes[0] is routes[2]


@pytest.mark.parametrize("rate", [1000.0])
def test_a_fast_pace_is_kept_without_spinning(rate: float) -> None:
    with UdpPeer(healthy) as peer, new_engine() as engine:
        run = engine.ping_many([target(peer.port, key=number) for number in range(500)], rate=rate)
        assert len(flat(run)) == 500
    assert run.wall_s >= 0.4
    assert run.cpu_s < 0.7 * run.wall_s
