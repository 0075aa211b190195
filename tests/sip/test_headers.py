"""Header values: read, written, and refused with nothing but the parse error."""

from __future__ import annotations

import contextlib
import time

import pytest

from callsphere.sip.headers import Address, CSeq, Valued, Via, quote, split_list, unquote
from callsphere.sip.message import SipParseError
from callsphere.sip.uri import SipUriError


def test_a_via_in_all_its_parts() -> None:
    via = Via.parse("SIP/2.0/udp 192.0.2.1:5062;branch=z9hG4bKabc;rport=5070;received=198.51.100.1;x")
    assert (via.transport, via.host, via.port) == ("UDP", "192.0.2.1", 5062)
    assert (via.branch, via.rport, via.received) == ("z9hG4bKabc", 5070, "198.51.100.1")
    assert str(via) == "SIP/2.0/UDP 192.0.2.1:5062;branch=z9hG4bKabc;rport=5070;received=198.51.100.1;x"


VIAS = [
    ("SIP  /   2.0 /UDP    192.0.2.2;branch=390skdjuw", "SIP/2.0/UDP 192.0.2.2;branch=390skdjuw"),
    ("SIP/2.0/TLS [2001:db8::1]:5061 ; branch = z9", "SIP/2.0/TLS [2001:db8::1]:5061;branch=z9"),
    (
        "SIP/2.0/UDP host;rport;branch=z9;received=2001:db8::1",
        "SIP/2.0/UDP host;rport;branch=z9;received=2001:db8::1",
    ),
    ("sip/2.0/tcp spindle.example.com : 5060", "SIP/2.0/TCP spindle.example.com:5060"),
    ("SIP/2.0/UDP pbx_1;;branch=z9;", "SIP/2.0/UDP pbx_1;branch=z9"),
]


@pytest.mark.parametrize(("text", "written"), VIAS)
def test_odd_but_readable_vias(text: str, written: str) -> None:
    assert str(Via.parse(text)) == written


@pytest.mark.parametrize(
    "text", ["", "x", "SIP/3.0/UDP h", "SIP/2.0/UDP", "SIP/2.0/UDP h:0", "SIP/2.0/UDP h x"]
)
def test_unreadable_vias(text: str) -> None:
    with pytest.raises(SipParseError):
        Via.parse(text)


def test_a_server_fills_received_and_rport_in_place() -> None:
    via = Via.parse("SIP/2.0/UDP 10.0.0.1;rport;branch=z9").with_param("rport", "5070")
    assert via.rport == 5070
    assert str(via.with_param("received", "192.0.2.9")) == (
        "SIP/2.0/UDP 10.0.0.1;rport=5070;branch=z9;received=192.0.2.9"
    )


def test_cseq() -> None:
    assert CSeq.parse("0009   INVITE") == CSeq(9, "INVITE")
    assert str(CSeq(4711, "OPTIONS")) == "4711 OPTIONS"


@pytest.mark.parametrize(
    "text", ["", "1", "INVITE", "-1 INVITE", "1 IN VITE", "4294967296 INVITE", "\u0661 INVITE", "9" * 5000]
)
def test_unreadable_cseqs(text: str) -> None:
    with pytest.raises(SipParseError):
        CSeq.parse(text)


ADDRESSES = [
    ("sip:a@b", Address(None, "sip:a@b")),
    ("sip:a@b;tag=1;x", Address(None, "sip:a@b", (("tag", "1"), ("x", None)))),
    ("<sip:a@b;lr>;tag=1", Address(None, "sip:a@b;lr", (("tag", "1"),))),
    ("Alice <sip:a@b>", Address("Alice", "sip:a@b")),
    ("caller<sip:a@b>;tag=3", Address("caller", "sip:a@b", (("tag", "3"),))),
    ('"A \\"B\\" \\\\" <sip:a@b>', Address('A "B" \\', "sip:a@b")),
    ('"Bell, A. <x>;tag=9" <sip:a@b>;tag=1', Address("Bell, A. <x>;tag=9", "sip:a@b", (("tag", "1"),))),
    ('""<sip:a@b>', Address("", "sip:a@b")),
    ("<http://www.example.com>;tag=1", Address(None, "http://www.example.com", (("tag", "1"),))),
    ("isbn:2983792873", Address(None, "isbn:2983792873")),
    ("*", Address(None, "*")),
    (
        '<sip:a@b>;+sip.instance="<urn:uuid:1>";q=0.3',
        Address(None, "sip:a@b", (("+sip.instance", '"<urn:uuid:1>"'), ("q", "0.3"))),
    ),
]


@pytest.mark.parametrize(("text", "address"), ADDRESSES)
def test_addresses(text: str, address: Address) -> None:
    assert Address.parse(text) == address
    assert Address.parse(str(address)) == address


NO_ADDRESSES = [
    "",
    "   ",
    "<>",
    "Alice",
    '"Alice <sip:a@b>',
    "< sip:a@b >",
    "Bell, A <sip:a@b>",
    "sip:a@b?Route=x",
    "<sip:a@b> junk",
    "<sip:a@b>;tag=1 2",
    "sip:a@b, sip:c@d",
    "<sip:a@b",
]


@pytest.mark.parametrize("text", NO_ADDRESSES)
def test_no_addresses(text: str) -> None:
    with pytest.raises(SipParseError):
        Address.parse(text)


def test_what_an_address_knows() -> None:
    address = Address.parse('<sip:bob@192.0.2.4:5070>;Expires=60;tag=x;+g="a\\"b"')
    assert (address.tag, address.param("expires"), address.param("+g"), address.param("q")) == (
        "x",
        "60",
        'a"b',
        None,
    )
    assert address.sip_uri.port == 5070
    with pytest.raises(SipUriError):
        _ = Address.parse("tel:+1").sip_uri


def test_lists_split_outside_quotes_and_brackets() -> None:
    text = '"a,b" <sip:x@y?h=1,2>;p="c,d" , <sip:z@y>,, sip:q@y'
    assert split_list(text) == ['"a,b" <sip:x@y?h=1,2>;p="c,d"', "<sip:z@y>", "", "sip:q@y"]
    assert [str(item) for item in Address.parse_list("<sip:a@b;lr>, <sip:c@d>")] == [
        "<sip:a@b;lr>",
        "<sip:c@d>",
    ]


@pytest.mark.parametrize(
    "hostile", ['"\\' * 30_000, '"\\"' * 20_000 + ",", "<" * 60_000 + ",", ';a="' * 15_000 + ","]
)
def test_hostile_lists_take_no_time(hostile: str) -> None:
    started = time.thread_time()
    split_list(hostile)
    for parse in (Address.parse, Via.parse, Valued.parse):
        with contextlib.suppress(SipParseError):
            parse(hostile)
    assert time.thread_time() - started < 5.0


def test_values_with_parameters() -> None:
    interval = Valued.parse("1800 ;refresher=uas")
    assert (interval.value, interval.param("refresher"), interval.param("x")) == ("1800", "uas", None)
    assert str(interval) == "1800;refresher=uas"
    with pytest.raises(SipParseError):
        Valued.parse(" ;x=y")


def test_quoting_goes_both_ways_and_keeps_lines_whole() -> None:
    assert unquote(quote('a "b" \\c')) == 'a "b" \\c'
    for hostile in ("a\r\nb", "a\nb", "a\rb"):
        with pytest.raises(SipParseError):
            quote(hostile)
        with pytest.raises(SipParseError):
            str(Address("n", "sip:a@b", (("tag", hostile),)))
