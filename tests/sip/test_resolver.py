"""RFC 3263 selection against a name server on loopback."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
import uvloop

from callsphere.lib.netguard import AddressPolicy
from callsphere.sip.causes import CAUSES
from callsphere.sip.resolver import MAX_RECORDS, DnsLookup, ResolutionError, Resolver, Target
from callsphere.sip.resolver.lookup import SILENT_S
from callsphere.sip.resolver.records import Naptr, Srv, choose_naptr, order_srv
from callsphere.sip.uri import SipUri
from tests.lib.dangerous_addresses import DANGEROUS
from tests.sip.dns_server import DnsServer

PUBLIC = AddressPolicy()
A, B, C = "8.8.8.1", "8.8.8.2", "8.8.8.3"
PATIENT: dict[str, Any] = {"timeout_s": 60.0, "lifetime_s": 60.0}
BRIEF: dict[str, Any] = {"timeout_s": 1.0, "lifetime_s": 1.5}
"""Where something is never answered."""


@pytest.fixture
def dns_server() -> Iterator[DnsServer]:
    with DnsServer() as server:
        yield server


def ask(server: DnsServer, *uris: str, policy: AddressPolicy = PUBLIC, **lookup: Any) -> list[list[str]]:
    """Resolve URIs one after the other with one resolver; targets as text."""

    async def run() -> list[list[str]]:
        client = DnsLookup([server.address], **(PATIENT | lookup))
        resolver = Resolver(None, policy, lookup=client)
        return [[str(target) for target in await resolver.resolve(SipUri.parse(uri))] for uri in uris]

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(run())


def refusal(server: DnsServer, uri: str, **options: Any) -> str:
    """The cause with which a URI is refused."""
    with pytest.raises(ResolutionError) as caught:
        ask(server, uri, **options)
    assert caught.value.cause in CAUSES
    return caught.value.cause


LITERALS = [
    ("sip:8.8.8.1", "8.8.8.1:5060/udp"),
    ("sip:8.8.8.1:5070;transport=tcp", "8.8.8.1:5070/tcp"),
    ("sip:8.8.8.1;transport=tls", "8.8.8.1:5061/tls"),
    ("sips:8.8.8.1", "8.8.8.1:5061/tls"),
    ("sips:8.8.8.1;transport=tcp", "8.8.8.1:5061/tls"),
    ("sip:[2606:4700::1111]", "[2606:4700::1111]:5060/udp"),
]


@pytest.mark.parametrize(("uri", "target"), LITERALS)
def test_a_literal_address_asks_nobody(dns_server: DnsServer, uri: str, target: str) -> None:
    assert ask(dns_server, uri) == [[target]]
    assert dns_server.asked == []


def test_an_explicit_port_asks_for_addresses_only(dns_server: DnsServer) -> None:
    dns_server.set("_sip._udp.a.example", "SRV", "0 0 5080 b.example.")
    dns_server.set("a.example", "A", A, B)
    assert sorted(ask(dns_server, "sip:a.example:5070")[0]) == [f"{A}:5070/udp", f"{B}:5070/udp"]
    assert {rdtype for _, rdtype in dns_server.asked} == {"A", "AAAA"}


def test_an_explicit_transport_asks_for_its_srv_and_no_naptr(dns_server: DnsServer) -> None:
    dns_server.set("_sip._tcp.a.example", "SRV", "0 0 5080 b.example.")
    dns_server.set("b.example", "A", B)
    assert ask(dns_server, "sip:a.example;transport=tcp") == [[f"{B}:5080/tcp"]]
    assert dns_server.asked[0] == ("_sip._tcp.a.example", "SRV")
    assert ("a.example", "NAPTR") not in dns_server.asked


def test_naptr_chooses_the_transport_by_order(dns_server: DnsServer) -> None:
    dns_server.set(
        "a.example",
        "NAPTR",
        '30 50 "s" "SIP+D2U" "" _sip._udp.a.example.',
        '20 60 "s" "SIP+D2T" "" _tcp60.a.example.',
        '20 50 "S" "sip+d2t" "" _tcp50.a.example.',
        '10 50 "s" "SIP+D2S" "" _sip._sctp.a.example.',
    )
    dns_server.set("_tcp50.a.example", "SRV", "0 0 5070 b.example.")
    dns_server.set("b.example", "A", B)
    assert ask(dns_server, "sip:a.example") == [[f"{B}:5070/tcp"]]


def test_sips_takes_only_the_tls_naptr_and_keeps_its_name(dns_server: DnsServer) -> None:
    dns_server.set(
        "a.example",
        "NAPTR",
        '10 50 "s" "SIP+D2U" "" _sip._udp.a.example.',
        '20 50 "s" "SIPS+D2T" "" _sips._tcp.a.example.',
    )
    dns_server.set("_sips._tcp.a.example", "SRV", "0 0 5071 b.example.")
    dns_server.set("b.example", "A", B)

    async def run() -> list[Target]:
        return await Resolver([dns_server.address], PUBLIC).resolve(SipUri.parse("sips:A.example."))

    assert asyncio.run(run()) == [Target(B, 5071, "tls", "a.example")]


def test_without_naptr_udp_srv_comes_before_tcp(dns_server: DnsServer) -> None:
    dns_server.set("_sip._udp.a.example", "SRV", "0 0 5070 b.example.")
    dns_server.set("_sip._tcp.a.example", "SRV", "0 0 5071 b.example.")
    dns_server.set("_sip._tcp.c.example", "SRV", "0 0 5072 b.example.")
    dns_server.set("b.example", "A", B)
    assert ask(dns_server, "sip:a.example", "sip:c.example") == [[f"{B}:5070/udp"], [f"{B}:5072/tcp"]]


def test_without_any_srv_the_name_itself_is_looked_up(dns_server: DnsServer) -> None:
    dns_server.set("a.example", "A", A)
    assert ask(dns_server, "sip:a.example", "sips:a.example") == [[f"{A}:5060/udp"], [f"{A}:5061/tls"]]


def test_a_naptr_without_srv_still_settles_the_transport(dns_server: DnsServer) -> None:
    dns_server.set("a.example", "NAPTR", '10 50 "s" "SIP+D2T" "" _none.a.example.')
    dns_server.set("a.example", "A", A)
    assert ask(dns_server, "sip:a.example") == [[f"{A}:5060/tcp"]]


def test_srv_priorities_come_in_order_and_dead_hosts_are_skipped(dns_server: DnsServer) -> None:
    dns_server.set(
        "_sip._udp.a.example", "SRV", "20 0 5062 c.example.", "10 0 5061 b.example.", "5 0 5063 none.example."
    )
    dns_server.set("b.example", "A", B)
    dns_server.set("c.example", "A", C)
    assert ask(dns_server, "sip:a.example") == [[f"{B}:5061/udp", f"{C}:5062/udp"]]


def test_weights_share_out_the_first_place() -> None:
    records = [
        Srv(1, 0, 5060, "zero"),
        Srv(1, 10, 5060, "ten"),
        Srv(1, 30, 5060, "thirty"),
        Srv(0, 1, 5060, "first"),
    ]
    chance = random.Random(7)
    seconds: Counter[str] = Counter()
    for _ in range(4000):
        ordered = order_srv(records, chance)
        assert ordered[0].host == "first"
        assert {record.host for record in ordered} == {"first", "zero", "ten", "thirty"}
        seconds[ordered[1].host] += 1
    assert 0.70 < seconds["thirty"] / 4000 < 0.79
    assert 0.20 < seconds["ten"] / 4000 < 0.27
    assert 0.01 < seconds["zero"] / 4000 < 0.05


def test_naptr_with_flags_or_rewrites_we_do_not_know_are_discarded() -> None:
    records = [
        Naptr(1, 1, "u", "sip+d2u", "!^.*$!sip:x@y!", ""),
        Naptr(2, 1, "s", "sip+d2u", "!a!b!", "_sip._udp.a"),
        Naptr(3, 1, "", "sip+d2u", "", "next.example"),
    ]
    assert choose_naptr(records, "sip") is None


def test_an_srv_port_of_zero_or_a_target_of_dot_is_no_target(dns_server: DnsServer) -> None:
    dns_server.set("_sip._udp.a.example", "SRV", "0 0 5060 .", "1 0 0 b.example.")
    dns_server.set("a.example", "A", A)
    dns_server.set("b.example", "A", B)
    assert refusal(dns_server, "sip:a.example") == "dns_srv_broken"


def test_srv_that_leads_nowhere_is_the_carriers_mistake(dns_server: DnsServer) -> None:
    dns_server.set("_sip._udp.a.example", "SRV", "0 0 5060 none.example.")
    dns_server.set("a.example", "A", A)
    assert refusal(dns_server, "sip:a.example") == "dns_srv_broken"


def test_srv_of_tcp_helps_when_that_of_udp_leads_nowhere(dns_server: DnsServer) -> None:
    dns_server.set("_sip._udp.a.example", "SRV", "0 0 5060 none.example.")
    dns_server.set("_sip._tcp.a.example", "SRV", "0 0 5060 b.example.")
    dns_server.set("b.example", "A", B)
    assert ask(dns_server, "sip:a.example") == [[f"{B}:5060/tcp"]]


def test_a_name_that_does_not_exist(dns_server: DnsServer) -> None:
    assert refusal(dns_server, "sip:none.example") == "dns_not_found"
    assert refusal(dns_server, "sip:none.example:5060") == "dns_not_found"


def test_a_name_that_is_no_dns_name(dns_server: DnsServer) -> None:
    assert refusal(dns_server, f"sip:{'a' * 64}.example") == "dns_not_found"
    assert dns_server.asked == []


def test_a_silent_or_failing_server_is_named_apart(dns_server: DnsServer) -> None:
    dns_server.mute = {"mute.example"}
    dns_server.broken = {"broken.example"}
    assert refusal(dns_server, "sip:mute.example:5060", **BRIEF) == "dns_timeout"
    assert refusal(dns_server, "sip:broken.example:5060", **BRIEF) == "dns_timeout"


def test_a_server_that_drops_naptr_and_srv_does_not_hide_the_address(dns_server: DnsServer) -> None:
    dns_server.mute = {"_sip._udp.a.example", "_sip._tcp.a.example"}
    dns_server.set("a.example", "A", A)
    assert ask(dns_server, "sip:a.example", **BRIEF) == [[f"{A}:5060/udp"]]


@pytest.mark.parametrize(
    "dropped",
    [{"AAAA"}, {"NAPTR"}, {"NAPTR", "SRV"}, {"NAPTR", "SRV", "AAAA"}],
    ids=lambda dropped: "+".join(sorted(dropped)),
)
def test_a_server_that_drops_a_kind_of_question_is_not_waited_for(
    dns_server: DnsServer, dropped: set[str]
) -> None:
    dns_server.mute_types = dropped
    dns_server.set("a.example", "A", A)

    async def run() -> list[list[Target]]:
        lookup = DnsLookup([dns_server.address], timeout_s=600.0, lifetime_s=600.0)
        resolver = Resolver(None, PUBLIC, lookup=lookup)
        async with asyncio.timeout(60):  # whoever waits for an answer to each waits longer
            return [await resolver.resolve(SipUri.parse("sip:a.example")) for _ in range(2)]

    assert asyncio.run(run()) == [[Target(A, 5060, "udp", "a.example")]] * 2
    assert Counter(rdtype for _, rdtype in dns_server.asked)["A"] == 1


def test_a_slow_answer_counts_from_then_on(dns_server: DnsServer) -> None:
    dns_server.mute_types = {"SRV"}
    dns_server.set("a.example", "A", A)
    dns_server.set("_sip._tcp.a.example", "SRV", "0 0 5080 b.example.")
    dns_server.set("b.example", "A", B)

    async def run() -> list[str]:
        lookup = DnsLookup([dns_server.address], **BRIEF, clock=lambda: clock[0])
        resolver = Resolver(None, PUBLIC, lookup=lookup)
        first = await resolver.resolve(SipUri.parse("sip:a.example"))
        dns_server.mute_types = set()
        clock[0] += SILENT_S + 1
        second = await resolver.resolve(SipUri.parse("sip:a.example"))
        return [str(target) for target in first + second]

    clock = [1000.0]
    assert asyncio.run(run()) == [f"{A}:5060/udp", f"{B}:5080/tcp"]


MADDR = [
    ("sip:carrier.invalid:5080;maddr=8.8.8.1", "8.8.8.1:5080/udp"),
    ("sip:carrier.invalid;transport=tls;maddr=8.8.8.1", "8.8.8.1:5061/tls"),
    ("sip:carrier.invalid:5080;maddr=[2606:4700::1111]", "[2606:4700::1111]:5080/udp"),
    ("sip:8.8.8.2:5080;transport=tcp;MADDR=a.example", f"{A}:5080/tcp"),
]


@pytest.mark.parametrize(("uri", "target"), MADDR)
def test_maddr_is_where_a_uri_leads(dns_server: DnsServer, uri: str, target: str) -> None:
    dns_server.set("a.example", "A", A)
    assert ask(dns_server, uri) == [[target]]


def test_maddr_does_not_lead_past_the_guard(dns_server: DnsServer) -> None:
    dns_server.set("a.example", "A", "10.0.0.1")
    for maddr in ("10.0.0.1", "a.example", "[::1]", "169.254.169.254"):
        assert refusal(dns_server, f"sip:8.8.8.1;maddr={maddr}") == "address_refused"
    assert refusal(dns_server, "sip:8.8.8.1;maddr=a_b..c") == "uri_invalid"


def test_nobody_is_asked_with_a_search_domain(dns_server: DnsServer) -> None:
    assert refusal(dns_server, "sip:pbx") == "dns_not_found"
    assert {name for name, _ in dns_server.asked} == {"pbx", "_sip._udp.pbx", "_sip._tcp.pbx"}


def test_localhost_needs_no_name_server_but_the_operators_word(dns_server: DnsServer) -> None:
    assert refusal(dns_server, "sip:localhost") == "address_refused"
    allowed = AddressPolicy.from_strings(["127.0.0.0/8"])
    assert ask(dns_server, "sip:localhost:5070", policy=allowed) == [["127.0.0.1:5070/udp"]]
    assert dns_server.asked == []


def test_one_bad_record_refuses_the_name(dns_server: DnsServer) -> None:
    dns_server.set("a.example", "A", A, "10.0.0.1", B)
    dns_server.set("v6.example", "A", A)
    dns_server.set("v6.example", "AAAA", "::ffff:169.254.169.254")
    dns_server.set("_sip._udp.srv.example", "SRV", "0 0 5060 good.example.", "9 0 5060 a.example.")
    dns_server.set("good.example", "A", C)
    assert [refusal(dns_server, f"sip:{host}.example") for host in ("a", "v6", "srv")] == [
        "address_refused"
    ] * 3


@pytest.mark.parametrize("address", [address for address, _ in DANGEROUS])
def test_dangerous_addresses_are_refused_as_literal_record_and_srv_target(
    dns_server: DnsServer, address: str
) -> None:
    rdtype = "AAAA" if ":" in address else "A"
    dns_server.set("a.example", rdtype, address)
    dns_server.set("_sip._udp.srv.example", "SRV", "0 0 5060 a.example.")
    literal = f"[{address}]" if ":" in address else address
    causes = [refusal(dns_server, f"sip:{host}") for host in (literal, "a.example:5060", "srv.example")]
    assert causes == ["address_refused"] * 3


def test_a_cname_to_a_private_address_is_refused(dns_server: DnsServer) -> None:
    dns_server.alias("a.example", "inside.example")
    dns_server.set("inside.example", "A", "192.168.1.1")
    assert refusal(dns_server, "sip:a.example:5060") == "address_refused"


def test_a_cname_to_a_public_address_is_followed(dns_server: DnsServer) -> None:
    dns_server.alias("a.example", "b.example")
    dns_server.set("b.example", "A", B)
    assert ask(dns_server, "sip:a.example:5060") == [[f"{B}:5060/udp"]]


def test_rebinding_is_caught_by_the_second_look(dns_server: DnsServer) -> None:
    dns_server.set("a.example", "A", A)
    dns_server.then("a.example", "A", "127.0.0.1")
    with pytest.raises(ResolutionError) as caught:
        ask(dns_server, "sip:a.example:5060", "sip:a.example:5060", ttl_bounds=(0.0, 0.0))
    assert caught.value.cause == "address_refused"
    assert dns_server.asked.count(("a.example", "A")) == 2


def test_an_srv_port_of_another_service_is_refused(dns_server: DnsServer) -> None:
    dns_server.set("_sip._udp.a.example", "SRV", "0 0 11211 b.example.")
    dns_server.set("b.example", "A", B)
    assert refusal(dns_server, "sip:a.example") == "address_refused"
    allowed = AddressPolicy.from_strings([f"{B}/32"])
    assert ask(dns_server, "sip:a.example", policy=allowed) == [[f"{B}:11211/udp"]]


def test_answers_are_kept_for_their_ttl_and_asked_once_at_a_time(dns_server: DnsServer) -> None:
    dns_server.set("a.example", "A", A)

    async def run() -> None:
        resolver = Resolver([dns_server.address], PUBLIC)
        uri = SipUri.parse("sip:a.example:5060")
        await asyncio.gather(*(resolver.resolve(uri) for _ in range(50)))
        await resolver.resolve(SipUri.parse("sip:A.EXAMPLE:5070"))

    asyncio.run(run())
    assert sorted(dns_server.asked) == [("a.example", "A"), ("a.example", "AAAA")]


def test_the_cache_stays_small(dns_server: DnsServer) -> None:
    hosts = [f"h{number}.example" for number in range(12)]
    for host in hosts:
        dns_server.set(host, "A", A)
    uris = [f"sip:{host}:5060" for host in [*hosts, hosts[0]]]
    ask(dns_server, *uris, cache_size=6)
    assert dns_server.asked.count(("h0.example", "A")) == 2


def test_a_caller_that_gives_up_takes_nothing_from_the_others(dns_server: DnsServer) -> None:
    dns_server.mute = {"a.example"}

    async def run() -> str:
        lookup = DnsLookup([dns_server.address], timeout_s=0.2, lifetime_s=0.3)
        first = asyncio.ensure_future(lookup.ask("a.example", "A"))
        second = asyncio.ensure_future(lookup.ask("a.example", "A"))
        await asyncio.sleep(0.05)
        first.cancel()
        return str((await second).failure)

    assert asyncio.run(run()) == "timed out"


def test_the_number_of_records_used_is_capped(dns_server: DnsServer) -> None:
    dns_server.set("a.example", "A", *(f"8.8.4.{number}" for number in range(1, 30)))
    srv = [f"{number} 0 5060 t{number}.example." for number in range(20)]
    dns_server.set("_sip._udp.s.example", "SRV", *srv)
    for number in range(20):
        dns_server.set(f"t{number}.example", "A", f"8.8.4.{number + 1}")
    plain, service = ask(dns_server, "sip:a.example:5060", "sip:s.example")
    assert (len(plain), len(service)) == (MAX_RECORDS, MAX_RECORDS)
    assert service[0] == "8.8.4.1:5060/udp"


def test_a_transport_that_is_not_spoken_is_a_clear_refusal(dns_server: DnsServer) -> None:
    assert refusal(dns_server, "sip:a.example;transport=ws") == "uri_invalid"
