"""Questions and plain replies on the wire, beside dnspython as the one who knows."""

from __future__ import annotations

import struct
from typing import Any

import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdatatype
import dns.rrset
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from callsphere.sip.resolver.lookup import absence_ttl
from callsphere.sip.resolver.records import Srv
from callsphere.sip.resolver.wire import Query, Reply, Unusual, make_query, read_reply

NAME = "gw.carrier.example"
SOA = "carrier.example. 900 IN SOA ns.carrier.example. admin.carrier.example. 1 3600 600 86400 300"


def query_for(rdtype: str = "A", name: str = NAME) -> Query:
    query = make_query(name, rdtype)
    assert query is not None
    return query


def reply_to(query: Query, *answers: str, rcode: int = 0, authority: tuple[str, ...] = ()) -> bytes:
    """A reply as dnspython writes it, names compressed; records as lines of a zone file."""
    reply = dns.message.make_response(dns.message.from_wire(query.data), recursion_available=True)
    reply.set_rcode(dns.rcode.Rcode(rcode))
    for section, lines in ((reply.answer, answers), (reply.authority, authority)):
        for line in lines:
            owner, ttl, rdclass, rdtype, text = line.split(" ", 4)
            section.append(dns.rrset.from_text(owner, int(ttl), rdclass, rdtype, text))
    return reply.to_wire(max_size=65535)


def test_a_question_is_what_dnspython_would_ask() -> None:
    for rdtype in ("A", "AAAA", "SRV", "NAPTR"):
        query = query_for(rdtype, "_sip._udp.gw-1.example")
        expected = dns.message.make_query("_sip._udp.gw-1.example.", rdtype)
        expected.id = int.from_bytes(query.data[:2], "big")
        assert query.data == expected.to_wire()


def test_ids_are_not_to_be_guessed() -> None:
    assert len({query_for().data[:2] for _ in range(100)}) > 90


@pytest.mark.parametrize(
    "name",
    ["", "a..b", "grüße.example", "a b.example", "a\\.b", "x" * 64, ".".join(["x" * 60] * 5), "A.b", "a."],
)
def test_other_names_are_left_to_others(name: str) -> None:
    assert make_query(name, "A") is None
    assert make_query("a.example", "TXT") is None


PLAIN: list[tuple[str, tuple[str, ...], Reply]] = [
    (
        "A",
        (f"{NAME}. 300 IN A 192.0.2.1", f"{NAME}. 300 IN A 192.0.2.2"),
        Reply(("192.0.2.1", "192.0.2.2"), 300),
    ),
    ("AAAA", (f"{NAME}. 60 IN AAAA 2001:db8::1",), Reply(("2001:db8::1",), 60)),
    (
        "SRV",
        (f"{NAME}. 90 IN SRV 10 20 5060 Edge.Carrier.example.", f"{NAME}. 90 IN SRV 20 0 0 ."),
        Reply((Srv(10, 20, 5060, "edge.carrier.example"), Srv(20, 0, 0, "")), 90),
    ),
    (
        "A",
        (
            "edge.example. 50 IN A 192.0.2.9",
            f"{NAME}. 500 IN CNAME Other.example.",
            "other.example. 70 IN CNAME edge.example.",
        ),
        Reply(("192.0.2.9",), 50),
    ),
    (
        "A",
        (f"{NAME}. 20 IN CNAME edge.example.", "edge.example. 50 IN A 192.0.2.9"),
        Reply(("192.0.2.9",), 20),
    ),
    ("A", ("elsewhere.example. 50 IN A 192.0.2.9",), Reply((), 300)),
    ("A", (), Reply((), 300)),
]


@pytest.mark.parametrize(("rdtype", "answers", "expected"), PLAIN)
def test_plain_replies(rdtype: str, answers: tuple[str, ...], expected: Reply) -> None:
    query = query_for(rdtype)
    read = read_reply(reply_to(query, *answers), query)
    assert read is not None
    assert (set(read.records), read.ttl) == (set(expected.records), expected.ttl)


@pytest.mark.parametrize("rcode", [0, 3])
@pytest.mark.parametrize(
    ("soa", "answers", "ttl"),
    [
        (SOA, (), 300),
        (SOA.replace("900", "120"), (), 120),
        (SOA.replace("carrier.example. 900", ". 900"), (), 300),
        (SOA.replace("carrier.example. 900", f"{NAME}. 900"), (), 300),
        (SOA.replace("carrier.example. 900", "rrier.example. 900").replace("86400 300", "86400 10"), (), 300),
        (SOA, (f"{NAME}. 40 IN CNAME gone.carrier.example.",), 40),
        (SOA.replace("86400 300", "86400 10"), (f"{NAME}. 40 IN CNAME gone.elsewhere.test.",), 40),
    ],
)
def test_absence_holds_as_the_soa_says(rcode: int, soa: str, answers: tuple[str, ...], ttl: float) -> None:
    query = query_for()
    data = reply_to(query, *answers, rcode=rcode, authority=(soa,))
    assert read_reply(data, query) == Reply((), ttl)
    assert absence_ttl(dns.message.from_wire(data)) == ttl


def test_letters_of_either_case_are_the_same() -> None:
    query = query_for()
    data = reply_to(query, f"{NAME}. 300 IN A 192.0.2.1").replace(b"carrier", b"CARRIER")
    assert read_reply(data, query) == Reply(("192.0.2.1",), 300)


def test_what_is_no_reply_to_the_question_is_passed_over() -> None:
    query, good = query_for(), reply_to(query_for(), f"{NAME}. 300 IN A 192.0.2.66")
    good = query.data[:2] + good[2:]
    assert read_reply(good, query) is not None
    other = bytes((query.data[0] ^ 1,))
    for data in (
        b"",
        good[:11],
        other + good[1:],  # another id
        query.data,  # a question
        good.replace(b"carrier", b"barrier"),
        good.replace(b"\x00\x00\x01\x00\x01", b"\x00\x00\x1c\x00\x01", 1),  # of another type
        good[:4] + b"\x00\x00" + good[6:],  # without the question
        good[:4] + b"\x00\x02" + good[6:],
        good[:2] + b"\xa9\x80" + good[4:],  # another opcode
    ):
        assert read_reply(data, query) is None


def with_answer(rdata: bytes, owner: bytes = b"\xc0\x0c", rdtype: int = 1, rdclass: int = 1) -> bytes:
    """What follows the question: one record."""
    return owner + struct.pack("!HHIH", rdtype, rdclass, 300, len(rdata)) + rdata


UNUSUAL: list[tuple[str, str, bytes]] = [
    ("pointer to itself", "A", with_answer(b"\x7f\0\0\1", owner=b"\xc0\x24")),
    ("pointer forwards", "A", with_answer(b"\x7f\0\0\1", owner=b"\xc0\x30")),
    ("pointer beyond the end", "A", with_answer(b"\x7f\0\0\1", owner=b"\xff\xff")),
    ("pointer back and forth", "A", with_answer(b"\x7f\0\0\1", owner=b"\x01a\xc0\x24")),
    ("reserved label type", "A", with_answer(b"\x7f\0\0\1", owner=b"\x81a\x00")),
    ("a label that is no host's", "A", with_answer(b"\x7f\0\0\1", owner=b"\x03a.b\x00")),
    ("name without end", "A", b"\x3f" + b"a" * 63),
    ("name too long", "A", with_answer(b"\x7f\0\0\1", owner=(b"\x3f" + b"a" * 63) * 4 + b"\x00")),
    ("short address", "A", with_answer(b"\x7f\0\0")),
    ("long address", "A", with_answer(b"\x7f\0\0\1\0")),
    ("short IPv6 address", "AAAA", with_answer(b"\x7f\0\0\1", rdtype=28)),
    ("short SRV", "SRV", with_answer(b"\0\1\0\1", rdtype=33)),
    ("SRV with a rest", "SRV", with_answer(b"\0\1\0\1\x13\xc4\xc0\x0c\0", rdtype=33)),
    ("another class", "A", with_answer(b"\x7f\0\0\1", rdclass=3)),
    ("cut off in the record", "A", with_answer(b"\x7f\0\0\1")[:-1]),
    ("nothing where a record should be", "A", b""),
    ("alias of itself", "A", with_answer(b"\xc0\x0c", rdtype=5)),
    ("no alias", "A", with_answer(b"", rdtype=5)),
    ("NAPTR", "NAPTR", with_answer(b"\0\1\0\1\0\0\0\0", rdtype=35)),
]


@pytest.mark.parametrize(
    ("rdtype", "after"), [each[1:] for each in UNUSUAL], ids=[each[0] for each in UNUSUAL]
)
def test_what_is_unusual_is_left_to_others(rdtype: str, after: bytes) -> None:
    query = query_for(rdtype)
    header = query.data[:2] + struct.pack("!5H", 0x8180, 1, 1, 0, 0)
    with pytest.raises(Unusual):
        read_reply(header + query.question + after, query)


@pytest.mark.parametrize("rcode", [1, 2, 4, 5, 9])
def test_errors_of_servers_are_left_to_others(rcode: int) -> None:
    query = query_for()
    with pytest.raises(Unusual, match=f"rcode {rcode}"):
        read_reply(reply_to(query, rcode=rcode), query)
    bare = query.data[:2] + struct.pack("!5H", 0x8180 | rcode, 0, 0, 0, 0)
    if rcode == 9:
        assert read_reply(bare, query) is None
    else:
        with pytest.raises(Unusual, match=f"rcode {rcode}"):
            read_reply(bare, query)


def test_a_truncated_reply_and_a_contradiction_are_left_to_others() -> None:
    query = query_for()
    data = bytearray(reply_to(query, f"{NAME}. 300 IN A 192.0.2.1"))
    data[2] |= 2
    with pytest.raises(Unusual, match="truncated"):
        read_reply(bytes(data), query)
    with pytest.raises(Unusual, match="does not exist"):
        read_reply(reply_to(query, f"{NAME}. 300 IN A 192.0.2.1", rcode=3), query)


LABELS = st.sampled_from(["a", "b", "gw", "carrier", "example"])
NAMES = st.lists(LABELS, min_size=1, max_size=3).map(lambda labels: ".".join(labels) + ".")
LINES = st.one_of(
    st.builds("{} {} IN A 192.0.2.{}".format, NAMES, st.integers(0, 5000), st.integers(1, 3)),
    st.builds("{} {} IN CNAME {}".format, NAMES, st.integers(0, 5000), NAMES),
    st.builds("{} {} IN SRV 1 2 5060 {}".format, NAMES, st.integers(0, 5000), NAMES),
)


@settings(max_examples=300, deadline=None)
@given(NAMES, st.sampled_from(["A", "SRV"]), st.lists(LINES, max_size=6), st.sampled_from([0, 3]), NAMES)
def test_dnspython_reads_the_same(name: str, rdtype: str, lines: list[str], rcode: int, zone: str) -> None:
    query = query_for(rdtype, name.rstrip("."))
    soa = f"{zone} 700 IN SOA ns.example. a.example. 1 3600 600 86400 500"
    data = reply_to(query, *lines, rcode=rcode, authority=(soa,))
    try:
        read = read_reply(data, query)
    except Unusual:
        return
    assert read is not None
    assert (set(read.records), read.records and read.ttl) == _by_dnspython(data, rdtype)


def _by_dnspython(data: bytes, rdtype: str) -> tuple[set[Any], Any]:
    message = dns.message.from_wire(data)
    assert isinstance(message, dns.message.QueryMessage)
    chain = message.resolve_chaining()
    if chain.answer is None:
        return set(), ()
    if rdtype == "A":
        return {each.address for each in chain.answer}, chain.minimum_ttl
    records = {
        Srv(each.priority, each.weight, each.port, each.target.to_text(omit_final_dot=True).lower())
        for each in chain.answer
    }
    return records, chain.minimum_ttl


@settings(max_examples=500, deadline=None)
@given(st.binary(max_size=120), st.sampled_from(["A", "AAAA", "SRV", "NAPTR"]), st.booleans())
def test_no_bytes_raise_anything_else(after: bytes, rdtype: str, bare: bool) -> None:
    query = query_for(rdtype)
    data = after if bare else query.data[:2] + b"\x81\x80\0\1\0\2\0\2\0\0" + query.question + after
    assert _is_sound(data, query)


@settings(max_examples=500, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 400), st.integers(0, 255)), max_size=6), st.integers(0, 400))
def test_no_damage_raises_anything_else(changes: list[tuple[int, int]], cut: int) -> None:
    query = query_for("SRV")
    whole = reply_to(
        query,
        f"{NAME}. 500 IN CNAME other.example.",
        "other.example. 90 IN SRV 10 20 5060 edge.carrier.example.",
        "other.example. 90 IN SRV 10 20 5061 edge2.carrier.example.",
        authority=(SOA,),
    )
    data = bytearray(whole)
    for place, value in changes:
        data[place % len(data)] = value
    assert _is_sound(bytes(data[: len(whole) - cut % 40]), query)


def _is_sound(data: bytes, query: Query) -> bool:
    try:
        read = read_reply(data, query)
    except Unusual:
        return True
    return read is None or read.ttl >= 0
