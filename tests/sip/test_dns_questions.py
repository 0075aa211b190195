"""Questions over real sockets: who is believed, who is asked next, and when dnspython takes over."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import dns.flags
import dns.message
import dns.rrset
import pytest
import uvloop

from callsphere.sip.resolver import DnsLookup
from callsphere.sip.resolver.lookup import Answer
from tests.peers import free_port
from tests.peers.scripted import StreamPeer, UdpPeer
from tests.sip.dns_server import DnsServer

GOOD, EVIL = "8.8.8.1", "6.6.6.6"
Source = tuple[str, int]


def look_up(*servers: Source, timeout_s: float = 60.0, lifetime_s: float = 60.0) -> Answer:
    async def ask() -> Answer:
        lookup = DnsLookup(list(servers), timeout_s=timeout_s, lifetime_s=lifetime_s)
        return await lookup.ask("gw.example", "A")

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(ask())


def reply_to(query: bytes, address: str = GOOD, *, count: int = 1) -> bytes:
    """A reply with an address, or with many that begin like it."""
    reply = dns.message.make_response(dns.message.from_wire(query), recursion_available=True)
    texts = [address] if count == 1 else [f"{address.rpartition('.')[0]}.{number}" for number in range(count)]
    reply.answer.append(dns.rrset.from_text(reply.question[0].name, 300, "IN", "A", *texts))
    return reply.to_wire(max_size=65535)


@contextmanager
def server(script: Callable[[UdpPeer, bytes, Source], None], port: int = 0) -> Iterator[UdpPeer]:
    with UdpPeer(script, port=port) as peer:
        yield peer


def test_forged_replies_are_passed_over() -> None:
    """From another socket, with another id, to another question: the true one counts when it comes."""

    def answer(peer: UdpPeer, query: bytes, source: Source) -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
            stranger.sendto(reply_to(query, EVIL), source)
        forged = reply_to(query, EVIL)
        peer.send(bytes((forged[0] ^ 1,)) + forged[1:], source)
        peer.send(forged.replace(b"example", b"exemple"), source)
        peer.send(b"", source)
        peer.send(query, source)
        peer.send(reply_to(query), source)

    with server(answer) as peer:
        assert look_up(("127.0.0.1", peer.port)).records == (GOOD,)
        assert len(peer.requests) == 1


def test_every_question_has_a_port_and_an_id_of_its_own() -> None:
    seen: list[tuple[int, bytes]] = []

    def answer(peer: UdpPeer, query: bytes, source: Source) -> None:
        seen.append((source[1], query[:2]))
        peer.send(reply_to(query), source)

    async def ask(port: int) -> None:
        lookup = DnsLookup([("127.0.0.1", port)])
        for number in range(20):
            assert (await lookup.ask(f"h{number}.example", "A")).records == (GOOD,)

    with server(answer) as peer:
        asyncio.run(ask(peer.port))
    assert len({port for port, _ in seen}) > 10
    assert len({number for _, number in seen}) > 15


def test_the_next_server_is_asked_when_the_first_one_is_mute_or_closed() -> None:
    with server(lambda *_: None) as mute, DnsServer() as good:
        good.set("gw.example", "A", GOOD)
        assert look_up(("127.0.0.1", mute.port), good.address, timeout_s=1.0).records == (GOOD,)
        began = time.monotonic()
        assert look_up(("127.0.0.1", free_port()), good.address).records == (GOOD,)
        assert time.monotonic() - began < 30
        assert set(good.asked) == {("gw.example", "A")}


def test_a_reply_that_got_lost_is_asked_for_again() -> None:
    def answer(peer: UdpPeer, query: bytes, source: Source) -> None:
        if len(peer.requests) > 1:
            peer.send(reply_to(query), source)

    with server(answer) as peer:
        assert look_up(("127.0.0.1", peer.port), timeout_s=1.0).records == (GOOD,)
        assert len(peer.requests) >= 2


def test_one_question_takes_no_longer_than_it_may() -> None:
    with server(lambda *_: None) as one, server(lambda *_: None) as two:
        servers = [("127.0.0.1", one.port), ("127.0.0.1", two.port)]
        began = time.monotonic()
        assert look_up(*servers, lifetime_s=0.8).failure == "timed out"
        assert 0.7 < time.monotonic() - began < 30


def test_a_truncated_reply_is_fetched_over_tcp() -> None:
    def cut(peer: UdpPeer, query: bytes, source: Source) -> None:
        reply = dns.message.make_response(dns.message.from_wire(query), recursion_available=True)
        reply.flags |= dns.flags.TC
        peer.send(reply.to_wire(), source)

    def whole(connection: socket.socket) -> None:
        length = int.from_bytes(connection.recv(2), "big")
        reply = reply_to(connection.recv(length), count=100)
        connection.sendall(len(reply).to_bytes(2, "big") + reply)

    port = free_port()
    with server(cut, port) as peer, StreamPeer(whole, port=port):
        assert len(look_up(("127.0.0.1", port)).records) == 100
        assert len(peer.requests) >= 2  # dnspython begins anew


@pytest.mark.parametrize("damage", [b"", b"\xc0\xff"])
def test_a_reply_that_cannot_be_read_is_left_to_dnspython(damage: bytes) -> None:
    def answer(peer: UdpPeer, query: bytes, source: Source) -> None:
        whole = reply_to(query)
        peer.send(whole if len(peer.requests) > 1 else whole[: len(query)] + damage, source)

    with server(answer) as peer:
        assert look_up(("127.0.0.1", peer.port)).records == (GOOD,)


def test_nothing_is_left_open_when_the_asker_goes() -> None:
    async def ask(port: int) -> int:
        lookup = DnsLookup([("127.0.0.1", port)], timeout_s=30.0, lifetime_s=60.0)
        task = asyncio.ensure_future(lookup.ask("gw.example", "A"))
        await asyncio.sleep(0.05)
        task.cancel()
        return len(asyncio.all_tasks())

    before = set(Path("/proc/self/fd").iterdir())
    with server(lambda *_: None) as peer:
        asyncio.run(ask(peer.port))
    assert set(Path("/proc/self/fd").iterdir()) <= before


def test_a_server_that_is_reached_over_ipv6() -> None:
    def answer(peer: UdpPeer, query: bytes, source: Source) -> None:
        peer.send(reply_to(query), source)

    with UdpPeer(answer, host="::1") as peer:
        assert look_up(("::1", peer.port)).records == (GOOD,)
