"""Addresses we show, the way of responses, and whose addresses are left alone."""

from __future__ import annotations

from typing import Any

import pytest

from callsphere.sip.dialog import Dialog, next_hop
from callsphere.sip.headers import Via
from callsphere.sip.message import parse_message
from callsphere.sip.nat import LocalFlow, response_address, stamp_via, stays_on_flow, via_through
from callsphere.sip.uri import SipUri
from tests.sip.calling import answer, invite, via

FLOWS = [
    (
        LocalFlow("udp", "10.0.0.5", 5060),
        "SIP/2.0/UDP 10.0.0.5:5060;rport;branch=z9",
        "<sip:check@10.0.0.5:5060>",
    ),
    (
        LocalFlow("tcp", "10.0.0.5", 5070, advertised_host="203.0.113.9"),
        "SIP/2.0/TCP 203.0.113.9:5070;rport;branch=z9",
        "<sip:check@203.0.113.9:5070;transport=tcp>",
    ),
    (
        LocalFlow("tls", "2001:db8::5", 5061, advertised_port=5081),
        "SIP/2.0/TLS [2001:db8::5]:5081;rport;branch=z9",
        "<sip:check@[2001:db8::5]:5081;transport=tls>",
    ),
    (
        LocalFlow("udp", "[::1]", 5060, advertised_host="edge.example.com"),
        "SIP/2.0/UDP edge.example.com:5060;rport;branch=z9",
        "<sip:check@edge.example.com:5060>",
    ),
]


@pytest.mark.parametrize(("flow", "shown", "contact"), FLOWS)
def test_what_we_show(flow: LocalFlow, shown: str, contact: str) -> None:
    assert str(flow.via("z9")) == shown
    assert flow.contact("check") == contact
    assert Via.parse(shown) == flow.via("z9")


def test_a_sips_call_shows_a_sips_contact() -> None:
    assert LocalFlow("tls", "192.0.2.1", 5061).contact("a", secure=True) == "<sips:a@192.0.2.1:5061>"


# Our flow, what the response's Via says → the host and port we show from then on.
SEEN = [
    (LocalFlow("udp", "10.0.0.5", 5060), "10.0.0.5:5060;rport=1024;received=203.0.113.9", "203.0.113.9:1024"),
    (LocalFlow("udp", "10.0.0.5", 5060), "10.0.0.5;rport=1024;received=203.0.113.9", "203.0.113.9:1024"),
    (LocalFlow("udp", "10.0.0.5", 5060), "10.0.0.5:5060;received=203.0.113.9", "203.0.113.9:5060"),
    # The port of a connection that we opened is nobody's to call.
    (LocalFlow("tcp", "10.0.0.5", 5060), "10.0.0.5:5060;rport=1024;received=203.0.113.9", "203.0.113.9:5060"),
    # Not seen, or nothing new in it.
    (LocalFlow("udp", "10.0.0.5", 5060), "10.0.0.5:5060;rport", "10.0.0.5:5060"),
    (LocalFlow("udp", "10.0.0.5", 5060), "10.0.0.5:5060;rport=1024;received=10.0.0.1", "10.0.0.5:5060"),
    (LocalFlow("udp", "10.0.0.5", 5060), "10.0.0.5:5060;rport=1024;received=pbx", "10.0.0.5:5060"),
    # Public already, set by the operator, or rewritten on the way: left alone.
    (
        LocalFlow("udp", "203.0.113.8", 5060),
        "203.0.113.8:5060;rport=9;received=203.0.113.9",
        "203.0.113.8:5060",
    ),
    (
        LocalFlow("udp", "10.0.0.5", 5060, advertised_host="203.0.113.7"),
        "203.0.113.7:5060;rport=9;received=203.0.113.9",
        "203.0.113.7:5060",
    ),
    (LocalFlow("udp", "10.0.0.5", 5060), "203.0.113.1:6000;rport=9;received=203.0.113.9", "10.0.0.5:5060"),
    (LocalFlow("udp", "10.0.0.5", 5060), "10.0.0.5:6000;rport=9;received=203.0.113.9", "10.0.0.5:5060"),
]


@pytest.mark.parametrize(("flow", "value", "shown"), SEEN)
def test_learning_our_address(flow: LocalFlow, value: str, shown: str) -> None:
    response = answer(invite())
    response.headers.set("Via", f"SIP/2.0/UDP {value};branch=z9hG4bKx")
    assert flow.as_seen(response).sent_by == shown


def test_the_peers_contact_is_never_replaced_by_where_it_sends_from() -> None:
    request = invite()
    dialog = Dialog.from_response(request, answer(request, contact="<sip:bob@10.9.9.9:5080>"))
    assert dialog.request("BYE", via=via()).uri == "sip:bob@10.9.9.9:5080"
    assert str(dialog.next_hop) == "sip:bob@10.9.9.9:5080"


# Via as received, source → Via as stamped (RFC 3261 §18.2.1, RFC 3581 §4).
STAMPS = [
    ("10.0.0.5:5060;rport;branch=z9", "10.0.0.5:5060;rport=1024;branch=z9;received=203.0.113.9"),
    ("203.0.113.9:1024;rport;branch=z9", "203.0.113.9:1024;rport=1024;branch=z9;received=203.0.113.9"),
    ("10.0.0.5:5060;branch=z9", "10.0.0.5:5060;branch=z9;received=203.0.113.9"),
    ("203.0.113.9:5060;branch=z9", "203.0.113.9:5060;branch=z9"),
    ("pbx.example.com;branch=z9", "pbx.example.com;branch=z9;received=203.0.113.9"),
    ("10.0.0.5;branch=z9;received=192.0.2.66", "10.0.0.5;branch=z9;received=203.0.113.9"),
]


@pytest.mark.parametrize(("before", "after"), STAMPS)
def test_stamping(before: str, after: str) -> None:
    request = invite()
    request.headers.set("Via", f"SIP/2.0/UDP {before}")
    request.headers.add("Via", "SIP/2.0/UDP 192.0.2.1;branch=z9far, SIP/2.0/TCP 192.0.2.2;branch=z9farther")
    stamp_via(request, "203.0.113.9", 1024)
    assert [str(each) for each in request.vias] == [
        f"SIP/2.0/UDP {after}",
        "SIP/2.0/UDP 192.0.2.1;branch=z9far",
        "SIP/2.0/TCP 192.0.2.2;branch=z9farther",
    ]
    response = parse_message(request.respond(200, to_tag="t").to_bytes())
    assert str(response.via) == f"SIP/2.0/UDP {after}"


RESPONSES = [
    ("10.0.0.5:5060;rport;branch=z9", ("203.0.113.9", 1024)),
    ("10.0.0.5:5060;rport=1024;received=203.0.113.9", ("203.0.113.9", 1024)),
    ("10.0.0.5:5070;branch=z9", ("203.0.113.9", 5070)),
    ("10.0.0.5;branch=z9", ("203.0.113.9", 5060)),
    ("10.0.0.5;branch=z9;maddr=192.0.2.66", ("203.0.113.9", 5060)),
]


@pytest.mark.parametrize(("value", "address"), RESPONSES)
def test_where_responses_go(value: str, address: tuple[str, int]) -> None:
    assert response_address(Via.parse(f"SIP/2.0/UDP {value}"), ("203.0.113.9", 1024)) == address


PROXIES = [
    ("sip:edge.example.com", "<sip:edge.example.com;lr>"),
    ("sip:edge.example.com:5070;transport=tcp", "<sip:edge.example.com:5070;transport=tcp;lr>"),
    ("sips:edge.example.com;lr", "<sips:edge.example.com;lr>"),
    ("sip:user:secret@edge.example.com;lr=on?x=y", "<sip:edge.example.com;lr=on>"),
]


@pytest.mark.parametrize(("proxy", "route"), PROXIES)
def test_an_outbound_proxy_is_a_route_of_ours(proxy: str, route: str) -> None:
    request = invite()
    via_through(request, SipUri.parse(proxy))
    assert request.headers.get_all("Route") == [route]
    assert request.uri == "sip:bob@biloxi.example.com"
    # Inside the dialog only what was record-routed counts (RFC 3261 §12.1.2).
    assert Dialog.from_response(request, answer(request)).route_set == ()
    assert next_hop(request.uri, (route,)).host == "edge.example.com"


ON_FLOW = [
    ("sip:b@192.0.2.7:5070", "tcp", True),
    ("sip:b@192.0.2.7:5070;transport=tcp", "tcp", True),
    ("sip:b@192.0.2.7:5070;transport=TLS", "tls", True),
    ("sips:b@192.0.2.7:5070", "tls", True),
    ("sip:b@192.0.2.7:5070", "tls", True),
    ("sip:b@192.0.2.7:5070;transport=udp", "tcp", False),
    ("sip:b@192.0.2.7:5070;transport=tls", "tcp", False),
    ("sips:b@192.0.2.7:5070", "tcp", False),
    ("sip:b@192.0.2.7", "tcp", False),
    ("sip:b@192.0.2.8:5070", "tcp", False),
    ("sip:b@pbx.example.com:5070", "tcp", False),
    ("sip:b@192.0.2.7:5070;maddr=192.0.2.9", "tcp", False),
    ("sip:b@192.0.2.7:5070", "udp", False),
]


@pytest.mark.parametrize(("uri", "transport", "stays"), ON_FLOW)
def test_contacts_without_a_transport_stay_on_the_connection(uri: str, transport: Any, stays: bool) -> None:
    assert stays_on_flow(SipUri.parse(uri), transport, ("192.0.2.7", 5070)) is stays


def test_default_ports_count_when_a_contact_names_none() -> None:
    assert stays_on_flow(SipUri.parse("sip:b@192.0.2.7;transport=tls"), "tls", ("192.0.2.7", 5061))
    assert stays_on_flow(SipUri.parse("sip:b@[2001:db8:0::7]"), "tcp", ("2001:db8::7", 5060))
