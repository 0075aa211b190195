"""SIP URIs: what peers may send and what people may type."""

from __future__ import annotations

import pytest

from callsphere.sip.uri import (
    SipUri,
    SipUriError,
    escape_param,
    escape_user,
    parse_gateway_uri,
    unescape,
)

ROUND_TRIPS = [
    "sip:example.com",
    "sips:example.com",
    "sip:alice@example.com",
    "sip:alice:secret@example.com:5070;transport=tcp;lr",
    "sip:alice:@example.com",
    "sip:+1-212-555-1212:1234@gateway.com;user=phone",
    "sip:1_unusual.URI~(to-be!sure)&isn't+it$/crazy?,/;;*:&it+has=1,weird!*pas$wo~d_too.(doesn't-it)@example.com",
    "sip:user;par=u%40example.net@example.com",
    "sip:null-%00-null@example.com",
    "sip:sips%3Auser%40example.com@example.net",
    "sip:alice@[2001:db8::9:1]:5060;transport=udp",
    "sip:vivekg@chair-dnrc.example.com;unknownparam",
    "sip:user@example.com?Route=%3Csip:sip.example.com%3E&Subject=",
    'sip:bob@pbx_1.internal.;x-route-tag="tgrp:a";received=[::1]:5060',
    "sip:*67#123^|{}@example.com",
]


@pytest.mark.parametrize("text", ROUND_TRIPS)
def test_what_is_read_is_written_back_unchanged(text: str) -> None:
    assert str(SipUri.parse(text)) == text


def test_the_parts_of_a_uri() -> None:
    uri = SipUri.parse("SIP:a%6Cice:pw@Example.com:5070;Transport=TCP;lr?Subject=x")
    assert uri == SipUri(
        "sip", "a%6Cice", "pw", "Example.com", 5070, (("Transport", "TCP"), ("lr", None)), (("Subject", "x"),)
    )
    assert (uri.transport, uri.param("lr"), uri.param("maddr")) == ("tcp", "", None)
    assert unescape(uri.user or "") == "alice"


TRANSPORTS = [
    ("sip:h", "udp"),
    ("sip:h;transport=UDP", "udp"),
    ("sip:h;transport=tcp", "tcp"),
    ("sip:h;transport=tls", "tls"),
    ("sips:h", "tls"),
    ("sips:h;transport=tcp", "tls"),
]


@pytest.mark.parametrize(("text", "transport"), TRANSPORTS)
def test_the_transport_a_uri_asks_for(text: str, transport: str) -> None:
    assert SipUri.parse(text).transport == transport


def test_a_transport_we_do_not_speak_is_no_udp() -> None:
    with pytest.raises(SipUriError, match="ws is not supported"):
        _ = SipUri.parse("sip:h;transport=ws").transport


NO_URIS = [
    "",
    "sip",
    "sip:",
    "tel:+1555",
    "sip:@host",
    "sip::secret@host",
    "sip:a@b@c",
    "sip:a b@host",
    "sip:host\r\nX: y",
    "sip:user%4@host",
    "sip:user%zz@host",
    "sip:host:",
    "sip:host:port",
    "sip:host:0",
    "sip:host:65536",
    "sip:host:\u0665",
    "sip:[::1",
    "sip:[host]",
    "sip:[::1]5060",
    "sip:[fe80::1%25eth0]",
    "sip:host;a=b c",
    "sip:host;a=<b>",
    "sip:ho..st",
    "sip:-host",
    "sip:h\u00f6st",
    "sip:" + "a" * 3000,
]


@pytest.mark.parametrize("text", NO_URIS)
def test_what_is_no_uri_is_refused_with_a_sentence(text: str) -> None:
    with pytest.raises(SipUriError) as caught:
        SipUri.parse(text)
    assert str(caught.value).endswith(".")


def test_no_part_can_bring_a_line_break_in() -> None:
    hostile = "x\r\nVia: evil"
    for parts in (
        {"user": hostile},
        {"user": "u", "password": hostile},
        {"host": hostile},
        {"params": ((hostile, None),)},
        {"params": (("a", hostile),)},
        {"headers": (("a", hostile),)},
        {"headers": ((hostile, ""),)},
    ):
        with pytest.raises(SipUriError):
            SipUri(**({"scheme": "sip", "user": None, "password": None, "host": "h"} | parts))


def test_escaping_makes_any_text_fit() -> None:
    awkward = 'a@b:c;d e"<>%\r\n\u00e9'
    assert str(SipUri("sip", escape_user(awkward), None, "h", params=(("p", escape_param(awkward)),))) == (
        "sip:a%40b%3Ac;d%20e%22%3C%3E%25%0D%0A%C3%A9@h;p=a%40b:c%3Bd%20e%22%3C%3E%25%0D%0A%C3%A9"
    )
    assert unescape(escape_user(awkward)) == awkward


def test_a_password_stays_out_of_logs() -> None:
    assert "secret" not in repr(SipUri.parse("sip:alice:secret@example.com"))


GATEWAYS = [
    ("sip:sip.example.com", None, "sip:sip.example.com"),
    ("SIP:SIP.Example.COM.", None, "sip:sip.example.com"),
    ("sip:sip.example.com:5070", None, "sip:sip.example.com:5070"),
    ("sip:sip.example.com;transport=TCP", None, "sip:sip.example.com;transport=tcp"),
    ("sip:sip.example.com", "tls", "sip:sip.example.com;transport=tls"),
    ("sip:sip.example.com;transport=udp", "udp", "sip:sip.example.com;transport=udp"),
    ("sips:sip.example.com;transport=tls", None, "sips:sip.example.com"),
    ("sips:sip.example.com;transport=tcp", "tls", "sips:sip.example.com"),
    ("sip:203.0.113.5:5061", "tls", "sip:203.0.113.5:5061;transport=tls"),
    ("sip:[2001:DB8:0:0::1]:5062", None, "sip:[2001:db8::1]:5062"),
    ("sip:xn--bcher-kva.example", None, "sip:xn--bcher-kva.example"),
    ("sip:localhost:15060", None, "sip:localhost:15060"),
]


@pytest.mark.parametrize(("text", "transport", "sent"), GATEWAYS)
def test_a_gateway_is_shown_as_it_will_be_sent(text: str, transport: str | None, sent: str) -> None:
    uri = parse_gateway_uri(text, transport=transport)
    assert str(uri) == sent
    assert parse_gateway_uri(sent) == uri


REFUSED_GATEWAYS = [
    ("", "Enter the carrier's SIP address"),
    ("sip:", "Add the carrier's host"),
    ("sip:.", "Add the carrier's host"),
    ("sip::5060", "Add the carrier's host"),
    ("sip.example.com", "Write sip:sip.example.com instead of sip.example.com"),
    ("sip.example.com:5060", "Write sip:sip.example.com:5060 instead"),
    ("sip.example.com;transport=tcp", "Write sip:sip.example.com;transport=tcp instead"),
    ("alice@example.com", "Start the address with sip: or sips:"),
    ("https://example.com", "instead of https:"),
    ("tel:+14155550123", "instead of tel:"),
    ("sip://example.com", "Leave out the slashes"),
    ("sip:alice@example.com", "Leave out the user part"),
    ("sip:alice:pw@example.com", "Leave out the user part"),
    ("<sip:example.com>", "Leave out quotes and angle brackets"),
    ("sip:example.com?Subject=x", "Leave out everything from the \\?"),
    ("sip:example.com;lr", "leave out other parameters"),
    ("sip:example.com;maddr=10.0.0.1", "leave out other parameters"),
    ("sip:example.com;transport=tcp;lr", "leave out other parameters"),
    ("sip:example.com;transport=ws", "Choose udp, tcp or tls as the transport, not ws"),
    ("sip:example.com;transport=", "not nothing"),
    ("sip:exa mple.com", "Remove spaces"),
    ("sip:example.com\r\nX: y", "Remove spaces"),
    ("sip:example.com\u200b", "Remove spaces"),
    ("sip:ex%61mple.com", "Leave out % signs"),
    ("sip:[fe80::1%eth0]", "Leave out % signs"),
    ("sip:b\u00fccher.example", "starts with xn--"),
    ("sip:\uff11\uff12\uff17.0.0.1", "plain ASCII"),
    ("sip:127\u30020\u30020\u30021", "plain ASCII"),
    ("sip:0x7f000001", "four decimal numbers"),
    ("sip:0x7f.1", "four decimal numbers"),
    ("sip:2130706433", "four decimal numbers"),
    ("sip:017700000001", "four decimal numbers"),
    ("sip:127.1", "four decimal numbers"),
    ("sip:127.0.0.01", "four decimal numbers"),
    ("sip:127.0.0.256", "four decimal numbers"),
    ("sip:127.0.0.1.", "four decimal numbers"),
    ("sip:::1", "Put an IPv6 address in brackets"),
    ("sip:2001:db8::1", "Put an IPv6 address in brackets"),
    ("sip:[example.com]", "no IPv6 address"),
    ("sip:[::1", "no IPv6 address"),
    ("sip:[::ffff:10.0.0.1]", "Write the IPv4 address itself: sip:10.0.0.1"),
    ("sip:[2001:db8::1]5060", "After the closing bracket"),
    ("sip:example.com:", "Write the port after the colon"),
    ("sip:example.com:0", "between 1 and 65535, not 0"),
    ("sip:example.com:70000", "between 1 and 65535, not 70000"),
    ("sip:example.com:-1", "between 1 and 65535"),
    ("sip:example.com:sip", "between 1 and 65535"),
    ("sip:example.com:22", "Port 22 belongs to another service"),
    ("sip:example.com:6379", "Port 6379 belongs to another service"),
    ("sip:_sip._udp.example.com", "Leave out the labels with an underscore"),
    ("sip:exa_mple.com", "exa_mple cannot be part of a host name"),
    ("sip:-example.com", "cannot be part of a host name"),
    ("sip:a..example.com", "Check the dots"),
    (f"sip:{'a' * 64}.com", "Check the dots"),
    ("sip:a,b", "cannot be part of a host name"),
    (f"sip:{'a.' * 200}com", "too long"),
]


@pytest.mark.parametrize(("text", "advice"), REFUSED_GATEWAYS)
def test_a_refused_gateway_says_what_to_do(text: str, advice: str) -> None:
    with pytest.raises(SipUriError, match=advice) as caught:
        parse_gateway_uri(text)
    sentence = str(caught.value)
    assert sentence.isprintable()
    assert sentence.endswith(".")


CONTRADICTIONS = [
    ("sip:example.com;transport=tcp", "tls", "says ;transport=tcp, but tls is chosen"),
    ("sips:example.com", "udp", "sips: always means TLS"),
    ("sips:example.com;transport=udp", None, "sips: always means TLS"),
    ("sip:example.com", "sctp", "Choose udp, tcp or tls"),
]


@pytest.mark.parametrize(("text", "transport", "advice"), CONTRADICTIONS)
def test_a_transport_that_contradicts_the_address(text: str, transport: str | None, advice: str) -> None:
    with pytest.raises(SipUriError, match=advice):
        parse_gateway_uri(text, transport=transport)
