"""How long the resolver believes what it was told, and what it costs to ask it again."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Callable, Coroutine, Iterator
from typing import Any

import pytest

from callsphere.lib.netguard import AddressPolicy
from callsphere.sip.resolver import DnsLookup, ResolutionError, Resolver
from callsphere.sip.uri import SipUri
from tests.sip.dns_server import DnsServer

A, B = "8.8.8.1", "8.8.8.2"
PLAIN = SipUri.parse("sip:a.example:5060")
NAMED = SipUri.parse("sip:a.example")


class Clock:
    """Monotonic seconds that pass when told to."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def dns_server() -> Iterator[DnsServer]:
    with DnsServer() as server:
        server.ttl = 3600
        server.set("a.example", "A", A)
        yield server


Work = Callable[[Resolver, Clock], Coroutine[None, None, None]]


def run(server: DnsServer, work: Work, *, seed: int | None = None, **options: Any) -> None:
    clock = Clock()
    patience = {"timeout_s": 60.0, "lifetime_s": 60.0}
    lookup = DnsLookup([server.address], clock=clock, **(patience | options))
    chance = random.Random(seed) if seed is not None else None
    asyncio.run(work(Resolver(None, AddressPolicy(), lookup=lookup, chance=chance), clock))


async def outcome(resolver: Resolver, uri: SipUri) -> list[str] | str:
    """Targets as text, or the cause of the refusal."""
    try:
        return [str(target) for target in await resolver.resolve(uri)]
    except ResolutionError as error:
        return error.cause


# Absent records (RFC 2308)


@pytest.mark.parametrize(
    ("soa", "holds_s"),
    [
        (("example", 3000, 900), 900),
        (("example", 700, 900), 700),
        (("a.example", 900, 900), 900),
        (("example", 86400, 86400), 3600),
        (("example", 5, 5), 60),
        (("elsewhere.test", 900, 900), 300),
        (None, 300),
    ],
    ids=str,
)
def test_an_absent_record_is_believed_as_long_as_the_soa_says(
    dns_server: DnsServer, soa: tuple[str, int, int] | None, holds_s: int
) -> None:
    dns_server.soa = soa

    async def work(resolver: Resolver, clock: Clock) -> None:
        for passed in (0.0, holds_s - 1.0, holds_s + 1.0):
            clock.now = 1000.0 + passed
            assert await outcome(resolver, PLAIN) == [f"{A}:5060/udp"]
            asked = dns_server.asked.count(("a.example", "AAAA"))
            assert asked == (2 if passed > holds_s else 1)

    run(dns_server, work)


def test_a_cname_to_an_absent_record_bounds_its_absence(dns_server: DnsServer) -> None:
    dns_server.soa = ("example", 3000, 3000)
    dns_server.ttl = 120
    dns_server.alias("b.example", "a.example")

    async def work(resolver: Resolver, clock: Clock) -> None:
        uri = SipUri.parse("sip:b.example:5060")
        await resolver.resolve(uri)
        clock.now += 119
        await resolver.resolve(uri)
        assert dns_server.asked.count(("b.example", "AAAA")) == 1
        clock.now += 2
        await resolver.resolve(uri)
        assert dns_server.asked.count(("b.example", "AAAA")) == 2

    run(dns_server, work)


def test_a_name_that_led_nowhere_is_asked_again_soon_whatever_the_soa_says(dns_server: DnsServer) -> None:
    dns_server.soa = ("example", 3600, 3600)
    new, broken = SipUri.parse("sip:new.example"), SipUri.parse("sip:broken.example")
    dns_server.set("_sip._udp.broken.example", "SRV", "0 0 5060 edge.example.")

    async def work(resolver: Resolver, clock: Clock) -> None:
        assert await outcome(resolver, new) == "dns_not_found"
        assert await outcome(resolver, broken) == "dns_srv_broken"
        asked = len(dns_server.asked)
        for name in ("new", "edge"):
            dns_server.set(f"{name}.example", "A", B)
        clock.now += 29
        assert [await outcome(resolver, uri) for uri in (new, broken)] == ["dns_not_found", "dns_srv_broken"]
        assert len(dns_server.asked) == asked
        clock.now += 2
        assert [await outcome(resolver, uri) for uri in (new, broken)] == [[f"{B}:5060/udp"]] * 2

    run(dns_server, work)


# What is known


def test_what_is_fresh_is_known_at_once_and_asks_nobody(dns_server: DnsServer) -> None:
    dns_server.soa = ("example", 3600, 3600)

    async def work(resolver: Resolver, clock: Clock) -> None:
        assert resolver.known(NAMED) is None
        targets = await resolver.resolve(NAMED)
        asked = len(dns_server.asked)
        clock.now += 3599
        assert resolver.known(NAMED) == targets
        assert await resolver.resolve(NAMED) == targets
        assert len(dns_server.asked) == asked == 5
        clock.now += 2
        assert resolver.known(NAMED) is None

    run(dns_server, work)


def test_a_short_ttl_is_stretched_to_a_minute(dns_server: DnsServer) -> None:
    dns_server.ttl = 5

    async def work(resolver: Resolver, clock: Clock) -> None:
        await resolver.resolve(PLAIN)
        clock.now += 59
        await resolver.resolve(PLAIN)
        assert dns_server.asked.count(("a.example", "A")) == 1
        clock.now += 2
        assert resolver.known(PLAIN) is None

    run(dns_server, work)


def test_only_what_has_run_out_is_asked_again(dns_server: DnsServer) -> None:
    dns_server.ttl = 100
    dns_server.soa = ("example", 3600, 3600)

    async def work(resolver: Resolver, clock: Clock) -> None:
        await resolver.resolve(NAMED)
        dns_server.asked.clear()
        clock.now += 101
        await resolver.resolve(NAMED)
        assert dns_server.asked == [("a.example", "A")]

    run(dns_server, work)


def test_literals_and_unusable_uris_are_known_without_dns(dns_server: DnsServer) -> None:
    async def work(resolver: Resolver, clock: Clock) -> None:
        texts = ("sip:8.8.8.1", "sip:10.0.0.1", "sip:localhost", "sip:a.example;transport=ws")
        found = [resolver.known(SipUri.parse(text)) for text in texts]
        assert [
            each.cause if isinstance(each, ResolutionError) else str(each and each[0]) for each in found
        ] == [
            "8.8.8.1:5060/udp",
            "address_refused",
            "address_refused",
            "uri_invalid",
        ]

    run(dns_server, work)


def test_transports_and_ports_of_one_name_are_kept_apart(dns_server: DnsServer) -> None:
    async def work(resolver: Resolver, clock: Clock) -> None:
        texts = (
            "sip:a.example:5060",
            "sip:a.example:5070",
            "sip:a.example:5060;transport=tcp",
            "sips:a.example:5060",
        )
        for _ in range(2):
            found = [await outcome(resolver, SipUri.parse(text)) for text in texts]
            assert found == [[f"{A}:{place}"] for place in ("5060/udp", "5070/udp", "5060/tcp", "5060/tls")]

    run(dns_server, work)


def test_weights_share_out_what_is_known(dns_server: DnsServer) -> None:
    dns_server.set(
        "_sip._udp.a.example", "SRV", "1 10 5060 a.example.", "1 30 5060 b.example.", "0 1 5070 a.example."
    )
    dns_server.set("b.example", "A", B)

    async def work(resolver: Resolver, clock: Clock) -> None:
        seconds: Counter[str] = Counter()
        for _ in range(2000):
            first, second, _third = await resolver.resolve(NAMED)
            assert str(first) == f"{A}:5070/udp"
            seconds[second.address] += 1
        assert 0.70 < seconds[B] / 2000 < 0.80

    run(dns_server, work, seed=7)


def test_a_failed_question_is_not_held_against_the_name(dns_server: DnsServer) -> None:
    dns_server.broken = {"a.example"}

    async def work(resolver: Resolver, clock: Clock) -> None:
        assert await outcome(resolver, PLAIN) == "dns_timeout"
        dns_server.broken.clear()
        assert await outcome(resolver, PLAIN) == [f"{A}:5060/udp"]

    run(dns_server, work, timeout_s=1.0, lifetime_s=1.5)


# Bounds and the address guard


def test_rebinding_is_caught_when_the_ttl_runs_out(dns_server: DnsServer) -> None:
    dns_server.ttl = 300
    dns_server.then("a.example", "A", A, "10.0.0.1")

    async def work(resolver: Resolver, clock: Clock) -> None:
        assert await outcome(resolver, PLAIN) == [f"{A}:5060/udp"]
        clock.now += 301
        assert await outcome(resolver, PLAIN) == "address_refused"
        known = resolver.known(PLAIN)
        assert isinstance(known, ResolutionError)
        assert known.cause == "address_refused"

    run(dns_server, work)


def test_routes_and_records_make_room_for_newer_ones(dns_server: DnsServer) -> None:
    uris = [SipUri.parse(f"sip:h{number}.example:5060") for number in range(6)]
    for uri in uris:
        dns_server.set(uri.host, "A", A)

    async def work(resolver: Resolver, clock: Clock) -> None:
        for uri in uris:
            await resolver.resolve(uri)
        assert [resolver.known(uri) is None for uri in uris] == [True] * 4 + [False] * 2
        dns_server.asked.clear()
        await resolver.resolve(uris[0])  # its records are there still
        assert dns_server.asked == []
        await resolver.resolve(PLAIN)
        await resolver.resolve(uris[1])
        await resolver.resolve(uris[0])
        assert sorted(dns_server.asked) == [
            *((host, rdtype) for host in ("a.example", "h0.example") for rdtype in ("A", "AAAA"))
        ]

    run(dns_server, work, cache_size=12)


def test_a_large_answer_takes_the_room_of_many(dns_server: DnsServer) -> None:
    dns_server.set("large.example", "A", *(f"8.8.4.{number}" for number in range(1, 100)))

    async def work(resolver: Resolver, clock: Clock) -> None:
        large = SipUri.parse("sip:large.example:5060")
        await resolver.resolve(PLAIN)
        await resolver.resolve(large)
        dns_server.asked.clear()
        clock.now += 301
        await resolver.resolve(PLAIN)
        assert ("a.example", "A") in dns_server.asked

    run(dns_server, work, cache_size=100)
