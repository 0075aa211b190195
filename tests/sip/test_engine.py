"""The engine over UDP: what peers do to it, and what its callers may rely on."""

from __future__ import annotations

import os
import re
import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from callsphere.lib.netguard import AddressPolicy
from callsphere.sip.engine import EngineStopped, PingEngine, PingTarget
from callsphere.sip.resolver import ResolutionError, Target
from callsphere.sip.uri import SipUri
from tests.peers import free_port
from tests.peers.scripted import UdpPeer, answer_to
from tests.sip.dns_server import DnsServer
from tests.sip.pinging import LONG_S, flat, new_engine, ping, seen, target


@pytest.fixture
def engine() -> Iterator[PingEngine]:
    with new_engine() as engine:
        yield engine


def healthy(peer: UdpPeer, request: bytes, source: tuple[str, int]) -> None:
    peer.send(answer_to(request, extra=b"Server: Edge\r\n"), source)


def mute(peer: UdpPeer, request: bytes, source: tuple[str, int]) -> None:
    """Say nothing."""


# What peers do


def test_answer_is_told_in_full(engine: PingEngine) -> None:
    with UdpPeer(healthy) as peer:
        (outcome,) = ping(engine, target(peer.port, key=("trunk", 7)))
    assert outcome._replace(rtt_ms=None) == (
        *(("trunk", 7), True, 200, "OK", None, "", None),
        *(f"127.0.0.1:{peer.port}/udp", "Edge", False),
    )
    assert outcome.rtt_ms is not None
    assert outcome.rtt_ms > 0


@pytest.mark.parametrize(
    ("status", "cause"),
    [
        *[("200 OK", None), ("403 Forbidden", None), ("501 Not Implemented", None)],
        *[("503 Busy", "carrier_overloaded"), ("500 Oops", "carrier_error"), ("603 Decline", None)],
    ],
)
def test_any_final_answer_is_alive_and_5xx_has_a_cause(
    engine: PingEngine, status: str, cause: str | None
) -> None:
    with UdpPeer(lambda peer, request, source: peer.send(answer_to(request, status), source)) as peer:
        assert seen(ping(engine, target(peer.port))) == [(True, int(status[:3]), cause)]


def test_retry_after_of_a_503_is_shown(engine: PingEngine) -> None:
    def overloaded(peer: UdpPeer, request: bytes, source: tuple[str, int]) -> None:
        peer.send(answer_to(request, "503 Busy", extra=b"Retry-After: 120\r\n"), source)

    with UdpPeer(overloaded) as peer:
        assert ping(engine, target(peer.port))[0].detail == "Retry-After: 120"


def test_silent_peer_gets_four_small_datagrams_at_most(engine: PingEngine) -> None:
    with UdpPeer(mute) as peer:
        started = time.monotonic()
        # Between the fourth time, after 3.5 s, and the fifth, which would be after 7.5 s.
        (outcome,) = ping(engine, target(peer.port, wait_s=5.5))
        took = time.monotonic() - started
    assert seen([outcome]) == [(False, None, "no_answer")]
    assert took >= 5.5
    detail = r"Nothing came back within \d+\.\d s; the request was sent 4 times\."
    assert re.fullmatch(detail, outcome.detail)
    assert len(peer.requests) == 4
    assert len({data for _, data in peer.requests}) == 1
    assert len(peer.requests[0][1]) <= 600


def test_lost_request_is_sent_again(engine: PingEngine) -> None:
    def loses_the_first(peer: UdpPeer, request: bytes, source: tuple[str, int]) -> None:
        if len(peer.requests) > 1:
            healthy(peer, request, source)

    with UdpPeer(loses_the_first) as peer:
        assert seen(ping(engine, target(peer.port))) == [(True, 200, None)]


def test_refused_port_is_told_at_once(engine: PingEngine) -> None:
    started = time.monotonic()
    outcomes = ping(engine, target(free_port()), target(free_port()))
    assert seen(outcomes) == [(False, None, "connect_refused")] * 2
    assert time.monotonic() - started < LONG_S / 2


def test_refused_port_does_not_disturb_its_neighbours(engine: PingEngine) -> None:
    with UdpPeer(healthy) as peer:
        closed = free_port()
        pings = [target(closed if number % 2 else peer.port, key=number) for number in range(200)]
        outcomes = {outcome.key: outcome for outcome in ping(engine, *pings)}
    assert [outcomes[number].cause for number in range(200)] == [None, "connect_refused"] * 100


def trying_then_ok(peer: UdpPeer, request: bytes, source: tuple[str, int]) -> None:
    peer.send(answer_to(request, "100 Trying"), source)
    time.sleep(0.1)
    peer.send(answer_to(request), source)


def garbage_then_ok(peer: UdpPeer, request: bytes, source: tuple[str, int]) -> None:
    peer.send(b"\xff\xfe garbage \x00", source)
    peer.send(answer_to(request)[:80], source)
    peer.send(answer_to(request).replace(b"z9hG4bK", b"z9hG4bKother"), source)
    peer.send(answer_to(request), source)


def other_port(peer: UdpPeer, request: bytes, source: tuple[str, int]) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.sendto(answer_to(request), source)


def twice(peer: UdpPeer, request: bytes, source: tuple[str, int]) -> None:
    peer.send(answer_to(request), source)
    peer.send(answer_to(request), source)


@pytest.mark.parametrize("script", [trying_then_ok, garbage_then_ok, other_port, twice])
def test_good_answer_wins_over_whatever_else_comes(engine: PingEngine, script: Any) -> None:
    with UdpPeer(script) as peer:
        assert seen(ping(engine, *[target(peer.port)] * 3)) == [(True, 200, None)] * 3


@pytest.mark.parametrize(
    ("what", "said"),
    [
        (lambda request: b"\x00\xff\x10garbage", "The empty line after the headers is missing."),
        (lambda request: answer_to(request)[:100], "The empty line after the headers is missing."),
        (
            lambda request: answer_to(request).replace(b"z9hG4bK", b"z9hG4bKx"),
            "an answer to another transaction",
        ),
        (
            lambda request: answer_to(request, extra=b"X: y\r\n" * 10_000),
            None,
        ),
        (
            lambda request: answer_to(request).replace(b"CSeq: 1 OPTIONS\r\n", b""),
            "The CSeq header is missing.",
        ),
    ],
    ids=["garbage", "half a message", "another branch", "60 KB of headers", "no CSeq"],
)
def test_unusable_answer_is_survived_and_named(engine: PingEngine, what: Any, said: str | None) -> None:
    with UdpPeer(lambda peer, request, source: peer.send(what(request), source)) as peer:
        (outcome,) = ping(engine, target(peer.port, wait_s=2.0))
    if said is None:
        assert seen([outcome]) == [(True, 200, None)]
    else:
        assert (outcome.cause, outcome.detail) == ("malformed_answer", said)


def test_ipv6(engine: PingEngine) -> None:
    with UdpPeer(healthy, "::1") as peer:
        outcomes = ping(
            engine,
            PingTarget("up", SipUri.parse(f"sip:[0:0::1]:{peer.port}"), LONG_S),
            PingTarget("closed", SipUri.parse(f"sip:[::1]:{free_port()}"), LONG_S),
        )
    found = {outcome.key: (outcome.cause, outcome.target) for outcome in outcomes}
    assert found["up"][0] is None
    assert found["closed"][0] == "connect_refused"
    assert b"Via: SIP/2.0/UDP [::1]:" in peer.requests[0][1]


# The address guard


@pytest.mark.parametrize("pre_resolved", [False, True])
@pytest.mark.parametrize("transport", ["udp", "tcp", "tls"])
def test_refused_address_gets_not_one_packet(transport: Any, pre_resolved: bool) -> None:
    with (
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as datagrams,
        socket.create_server(("127.0.0.9", free_port())) as listener,
        new_engine(policy=AddressPolicy.from_strings([])) as engine,
    ):
        port = listener.getsockname()[1]
        datagrams.bind(("127.0.0.9", port))
        address = Target("127.0.0.9", port, transport, "127.0.0.9") if pre_resolved else None
        uri = SipUri.parse(f"sip:127.0.0.9:{port};transport={transport}")
        assert seen(ping(engine, PingTarget("x", uri, 1.0, address))) == [(False, None, "address_refused")]
        for canary in (datagrams, listener):
            canary.settimeout(0.1)
        with pytest.raises(TimeoutError):
            datagrams.recv(100)
        with pytest.raises(TimeoutError):
            listener.accept()


# Names


def test_dead_first_target_gives_way_to_the_second() -> None:
    with UdpPeer(healthy) as peer, DnsServer() as dns, new_engine(nameservers=[dns.address]) as engine:
        closed = free_port()
        dns.set(
            "_sip._udp.carrier.test",
            "SRV",
            f"1 1 {closed} a.carrier.test.",
            f"2 1 {peer.port} a.carrier.test.",
        )
        dns.set("a.carrier.test", "A", "127.0.0.1")
        uri = SipUri.parse("sip:carrier.test;transport=udp")
        (outcome,) = ping(engine, PingTarget("x", uri, LONG_S))
        assert (outcome.alive, outcome.target) == (True, f"127.0.0.1:{peer.port}/udp")
        assert outcome.detail == f"127.0.0.1:{closed}/udp failed: connect_refused"


def test_silent_first_target_leaves_time_for_the_next() -> None:
    with UdpPeer(mute) as silent, UdpPeer(healthy) as peer, DnsServer() as dns:
        dns.set("_sip._udp.c.test", "SRV", f"1 1 {silent.port} a.c.test.", f"2 1 {peer.port} a.c.test.")
        dns.set("a.c.test", "A", "127.0.0.1")
        with new_engine(nameservers=[dns.address]) as engine:
            uri = SipUri.parse("sip:c.test;transport=udp")
            (outcome,) = ping(engine, PingTarget("x", uri, 4.0))
    assert (outcome.alive, outcome.target) == (True, f"127.0.0.1:{peer.port}/udp")
    assert outcome.detail == f"127.0.0.1:{silent.port}/udp failed: no_answer"


def test_when_all_targets_fail_the_first_cause_counts() -> None:
    with DnsServer() as dns, UdpPeer(mute) as silent, new_engine(nameservers=[dns.address]) as engine:
        closed = free_port()
        dns.set("_sip._udp.c.test", "SRV", f"1 1 {closed} a.c.test.", f"2 1 {silent.port} a.c.test.")
        dns.set("a.c.test", "A", "127.0.0.1")
        (outcome,) = ping(engine, PingTarget("x", SipUri.parse("sip:c.test;transport=udp"), 2.0))
    assert (outcome.cause, outcome.target) == ("connect_refused", f"127.0.0.1:{closed}/udp")
    assert f"127.0.0.1:{silent.port}/udp failed too: no_answer" in outcome.detail


def test_name_without_records_and_mute_name_server() -> None:
    with DnsServer() as dns, new_engine(nameservers=[dns.address]) as engine:
        dns.mute.add("silent.test")
        uris = [SipUri.parse(f"sip:{name}.test:5060") for name in ("missing", "silent")]
        outcomes = ping(engine, *(PingTarget(uri.host, uri, 2.0) for uri in uris))
        found = {outcome.key: outcome.cause for outcome in outcomes}
    assert found == {"missing.test": "dns_not_found", "silent.test": "dns_timeout"}


def test_resolve_many_gives_targets_or_the_reason() -> None:
    with DnsServer() as dns, new_engine(nameservers=[dns.address]) as engine:
        dns.set("here.test", "A", "127.0.0.1")
        here, missing = (SipUri.parse(f"sip:{name}.test:5070") for name in ("here", "missing"))
        found = engine.resolve_many([here, missing, here], LONG_S)
    assert found[here] == [Target("127.0.0.1", 5070, "udp", "here.test")]
    nowhere = found[missing]
    assert isinstance(nowhere, ResolutionError)
    assert nowhere.cause == "dns_not_found"


# What callers may rely on


def test_answers_come_early_while_others_are_still_awaited(engine: PingEngine) -> None:
    with UdpPeer(healthy) as quick, UdpPeer(mute) as silent:
        run = engine.ping_many(
            [target(silent.port, key="silent", wait_s=5.0), target(quick.port, key="quick")]
        )
        assert [outcome.key for outcome in next(run)] == ["quick"]
        assert [outcome.key for outcome in flat(run)] == ["silent"]


def test_no_more_than_in_flight_are_unanswered_at_a_time(engine: PingEngine) -> None:
    with UdpPeer(mute) as peer:
        run = engine.ping_many(
            [target(peer.port, wait_s=0.4, key=number) for number in range(9)], in_flight=3
        )
        started = time.monotonic()
        assert len(flat(run)) == 9
        assert time.monotonic() - started >= 1.2
        assert len({data for _, data in peer.requests}) == 9


def test_pace_is_kept(engine: PingEngine) -> None:
    with UdpPeer(healthy) as peer:
        run = engine.ping_many([target(peer.port, key=number) for number in range(40)], rate=50)
        assert len(flat(run)) == 40
    assert run.wall_s >= 0.7


def test_every_ping_of_a_large_batch_gets_one_outcome(engine: PingEngine) -> None:
    with UdpPeer(healthy) as peer:
        run = engine.ping_many([target(peer.port, key=number) for number in range(2000)], in_flight=50)
        outcomes = flat(run)
    assert (len(outcomes), {outcome.key for outcome in outcomes}) == (2000, set(range(2000)))
    assert {outcome.status for outcome in outcomes} == {200}
    assert run.wall_s > 0
    assert run.cpu_s > 0


def test_batches_from_several_threads_do_not_mix(engine: PingEngine) -> None:
    with UdpPeer(healthy) as peer:

        def batch(name: str) -> set[object]:
            pings = [target(peer.port, key=(name, number)) for number in range(300)]
            return {outcome.key for outcome in flat(engine.ping_many(pings, in_flight=20)) if outcome.alive}

        with ThreadPoolExecutor(4) as threads:
            found = dict(zip("abcd", threads.map(batch, "abcd"), strict=True))
    assert found == {name: {(name, number) for number in range(300)} for name in "abcd"}


def test_empty_batch_ends_at_once(engine: PingEngine) -> None:
    assert ping(engine) == []


def test_closed_run_leaves_the_engine_usable(engine: PingEngine) -> None:
    with UdpPeer(mute) as silent, UdpPeer(healthy) as peer:
        run = engine.ping_many([target(silent.port, wait_s=30.0)])
        run.close()
        assert list(run) == []
        assert seen(ping(engine, target(peer.port))) == [(True, 200, None)]


def test_stopping_ends_what_is_under_way() -> None:
    with UdpPeer(mute) as silent:
        engine = new_engine()
        engine.start()
        run = engine.ping_many([target(silent.port, wait_s=30.0)])
        threading.Timer(0.2, engine.stop).start()
        with pytest.raises(EngineStopped):
            list(run)
        with pytest.raises(EngineStopped):
            engine.ping_many([])


def test_engine_of_the_parent_is_refused_in_a_forked_child(engine: PingEngine) -> None:
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            engine.ping_many([])
        except EngineStopped:
            os.write(writing, b"refused")
        finally:
            os._exit(0)
    os.waitpid(child, 0)
    assert os.read(reading, 100) == b"refused"


@pytest.mark.parametrize(
    "options", [{"in_flight": 0}, {"user_agent": "x" * 65}, {"advertised_host": "x" * 81}], ids=str
)
def test_unusable_options_are_refused(options: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"must"):
        PingEngine(policy=AddressPolicy.from_strings([]), **options)
