"""Messages: header fields, reading from a datagram, writing, and the guard against injected lines."""

from __future__ import annotations

import time

import pytest

from callsphere.sip.message import (
    MAX_HEAD_BYTES,
    Headers,
    Request,
    Response,
    SipParseError,
    header_key,
    lint,
    parse_message,
)
from callsphere.sip.message.fields import KEYS, LONGEST_NAME, MAX_NAMES

HEAD = (
    "Via: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bKa;rport",
    "From: <sip:a@example.com>;tag=1",
    "To: <sip:b@example.com>",
    "Call-ID: c1",
    "CSeq: 7 OPTIONS",
)


def wire(
    first: str = "OPTIONS sip:b@example.com SIP/2.0", *more: str, body: bytes = b"", end: str = "\r\n"
) -> bytes:
    """One message with the mandatory headers."""
    return end.join([first, *HEAD, *more, "", ""]).encode("utf-8", "surrogateescape") + body


def refused(data: bytes) -> str:
    """Why a datagram is refused."""
    with pytest.raises(SipParseError) as caught:
        parse_message(data)
    return caught.value.reason


def test_a_request() -> None:
    request = parse_message(wire("INVITE sip:b@example.com;x SIP/2.0").replace(b"OPTIONS", b"INVITE"))
    assert isinstance(request, Request)
    assert (request.method, request.uri, request.sip_uri.host) == (
        "INVITE",
        "sip:b@example.com;x",
        "example.com",
    )
    assert (request.via.branch, request.call_id, request.cseq.number) == ("z9hG4bKa", "c1", 7)
    assert (request.from_tag, request.to_tag, request.contacts, request.body) == ("1", None, [], b"")


def test_a_response() -> None:
    response = parse_message(wire("SIP/2.0 486 Busy  Here"))
    assert isinstance(response, Response)
    assert (response.status, response.reason, response.is_final) == (486, "Busy  Here", True)


@pytest.mark.parametrize("first", ["SIP/2.0 200 ", "SIP/2.0 200", "sip/2.0 200 "])
def test_a_reason_may_be_missing(first: str) -> None:
    response = parse_message(wire(first))
    assert isinstance(response, Response)
    assert (response.status, response.reason) == (200, "")


def test_headers_match_in_any_case_and_compact_form() -> None:
    request = parse_message(
        wire("OPTIONS sip:b SIP/2.0", "m: <sip:a@h>", "CONTACT : <sip:b@h>, <sip:c@h>", "k:timer")
    )
    assert request.headers.get_all("Contact") == ["<sip:a@h>", "<sip:b@h>, <sip:c@h>"]
    assert request.headers.get_list("contact") == ["<sip:a@h>", "<sip:b@h>", "<sip:c@h>"]
    assert (request.headers.get("supported"), "K" in request.headers, "Require" in request.headers) == (
        "timer",
        True,
        False,
    )


def test_folded_lines_are_one_value() -> None:
    request = parse_message(wire("OPTIONS sip:b SIP/2.0", "Subject: one", "\ttwo  ", "   three", "X:", " y"))
    assert (request.headers.get("s"), request.headers.get("x")) == ("one two three", "y")
    twice = parse_message(wire("OPTIONS sip:b SIP/2.0", "Subject: one", " ", " two"))
    assert twice.headers.get("subject") == "one  two"


def test_unfolding_a_line_of_blanks_costs_little() -> None:
    started = time.thread_time()
    request = parse_message(wire("OPTIONS sip:b SIP/2.0", "Subject: a" + " \t" * 30_000 + "b", " c"))
    assert time.thread_time() - started < 5.0
    assert (request.headers.get("subject") or "")[-3:] == "b c"


def test_the_body_is_cut_to_its_length() -> None:
    data = wire("OPTIONS sip:b SIP/2.0", "Content-Length: 4", body=b"\x00\r\n\xff and more")
    assert parse_message(data).body == b"\x00\r\n\xff"
    assert parse_message(wire(body=b"all of it")).body == b"all of it"


def test_line_ends_before_the_message_and_bare_ones_are_tolerated() -> None:
    assert parse_message(b"\r\n\r\n" + wire()).call_id == "c1"
    request = parse_message(wire("OPTIONS sip:b SIP/2.0", "Subject: a", " b", body=b"x\n\ny", end="\n"))
    assert (request.headers.get("subject"), request.body) == ("a b", b"x\n\ny")


def test_bytes_that_are_no_utf8_survive_a_round_trip() -> None:
    data = wire("OPTIONS sip:b SIP/2.0", "X: \udcff\udcfe", "Content-Length: 0")
    assert parse_message(data).to_bytes() == data


NO_MESSAGES = [
    (b"", "empty"),
    (b"\r\n\r\n", "empty"),
    (b"\x16\x03\x01\x00", "empty line after the headers is missing"),
    (wire()[:-2], "empty line after the headers is missing"),
    (wire("HTTP/1.1 200 OK"), "neither a SIP request nor"),
    (wire("OPTIONS sip:b SIP/3.0"), "version"),
    (wire("OPTIONS  sip:b SIP/2.0"), "neither"),
    (wire("OPTIONS sip:b SIP/2.0 "), "neither"),
    (wire("OPTIONS <sip:b> SIP/2.0"), "neither"),
    (wire("OPT(IONS sip:b SIP/2.0"), "neither"),
    (wire("OPTIONS sip:b?a=b SIP/2.0"), "headers part"),
    (wire("INVITE sip:b SIP/2.0"), "CSeq"),
    (wire("SIP/2.0 99 x"), "neither"),
    (wire("SIP/2.0 099 x"), "between 100 and 699"),
    (wire("SIP/2.0 700 x"), "between 100 and 699"),
    (wire("SIP/2.0 \u0662\u0660\u0660 x"), "neither"),
    (wire("OPTIONS sip:b SIP/2.0", "no colon here"), "colon"),
    (wire("OPTIONS sip:b SIP/2.0", ": no name"), "header name"),
    (wire("OPTIONS sip:b SIP/2.0", "two words: x"), "header name"),
    (wire("OPTIONS sip:b SIP/2.0", "X: a\rb"), "carriage return"),
    (wire("OPTIONS sip:b SIP/2.0", "Content-Length: 5", body=b"1234"), "4 bytes, Content-Length says 5"),
    (wire("OPTIONS sip:b SIP/2.0", "Content-Length: -1"), "not negative"),
    (wire("OPTIONS sip:b SIP/2.0", "Content-Length: 0, 0"), "not negative"),
    (wire("OPTIONS sip:b SIP/2.0", "l: 1", "Content-Length: 2", body=b"xx"), "twice"),
    (wire("OPTIONS sip:b SIP/2.0", "i: c2"), "Call-ID header is given twice"),
    (wire("OPTIONS sip:b SIP/2.0", "v: nonsense"), "Via"),
    (wire().replace(b"Call-ID: c1", b"Call-ID:"), "Call-ID header is empty"),
    (wire().replace(b"CSeq: 7 OPTIONS", b"CSeq: x"), "CSeq"),
    (wire().replace(b"To: <sip:b@example.com>", b"To: nobody"), "address"),
    (wire("OPTIONS sip:b SIP/2.0", "X: " + "y" * MAX_HEAD_BYTES), "longer than 65536 bytes"),
]


@pytest.mark.parametrize(("data", "reason"), NO_MESSAGES)
def test_what_is_refused_says_why(data: bytes, reason: str) -> None:
    assert reason in refused(data)


@pytest.mark.parametrize("name", ["Via", "From", "To", "Call-ID", "CSeq"])
def test_mandatory_headers(name: str) -> None:
    lines = [line for line in wire().split(b"\r\n") if not line.startswith(name.encode() + b":")]
    assert refused(b"\r\n".join(lines)) == f"The {name} header is missing."


def test_a_response_may_disagree_with_nobody_about_its_method() -> None:
    assert parse_message(wire("SIP/2.0 200 OK")).cseq.method == "OPTIONS"


def test_writing_keeps_the_order_and_tells_the_bodys_length() -> None:
    headers = Headers([("Via", "SIP/2.0/UDP h;branch=z9"), ("l", "999"), ("X-B", "2"), ("X-A", "1")])
    data = Request("OPTIONS", "sip:b@example.com", headers, b"body").to_bytes()
    assert data == (
        b"OPTIONS sip:b@example.com SIP/2.0\r\nVia: SIP/2.0/UDP h;branch=z9\r\nX-B: 2\r\nX-A: 1\r\n"
        b"Content-Length: 4\r\n\r\nbody"
    )


def test_headers_are_changed_in_place() -> None:
    headers = Headers([("Via", "1"), ("X", "a"), ("v", "2"), ("Y", "b")])
    headers.insert("Via", "0")
    headers.set("x", "c")
    headers.add("Z", 5)
    assert list(headers.items()) == [
        ("Via", "0"),
        ("Via", "1"),
        ("x", "c"),
        ("v", "2"),
        ("Y", "b"),
        ("Z", "5"),
    ]
    kept = headers.copy()
    headers.set("Via", "only")
    headers.remove("y")
    assert list(headers.items()) == [("Via", "only"), ("x", "c"), ("Z", "5")]
    assert len(kept) == 6


def test_only_so_many_names_are_remembered() -> None:
    for number in range(2 * MAX_NAMES):
        assert header_key(f"X-{number}") == f"x-{number}"
    assert header_key("X-" + "y" * 60_000) == "x-" + "y" * 60_000
    assert len(KEYS) <= MAX_NAMES
    assert max(map(len, KEYS)) <= LONGEST_NAME


@pytest.mark.parametrize("hostile", ["a\r\nInjected: 1", "a\nInjected: 1", "a\rb"])
def test_no_value_can_add_a_line(hostile: str) -> None:
    headers = Headers()
    for change in (headers.add, headers.set, headers.insert):
        with pytest.raises(SipParseError):
            change("X", hostile)
        with pytest.raises(SipParseError):
            change(f"X-{hostile}", "v")
    assert (list(headers.items()), headers.keys()) == ([], [])
    for message in (Request(hostile, "sip:b"), Request("OPTIONS", f"sip:{hostile}"), Response(200, hostile)):
        with pytest.raises(SipParseError):
            message.to_bytes()


@pytest.mark.parametrize(
    "message", [Request("A B", "sip:b"), Request("A", "sip:b c"), Request("A", "b"), Response(99, "")]
)
def test_start_lines_that_nobody_could_read_are_not_written(message: Request | Response) -> None:
    with pytest.raises(SipParseError):
        message.to_bytes()


def test_a_server_answers_what_it_was_asked() -> None:
    request = parse_message(wire("OPTIONS sip:b SIP/2.0", "v: SIP/2.0/UDP h2;branch=z9", "X: y"))
    assert isinstance(request, Request)
    answer = request.respond(200, to_tag="mine")
    assert answer.to_bytes() == (
        b"SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bKa;rport\r\n"
        b"From: <sip:a@example.com>;tag=1\r\nTo: <sip:b@example.com>;tag=mine\r\nCall-ID: c1\r\n"
        b"CSeq: 7 OPTIONS\r\nv: SIP/2.0/UDP h2;branch=z9\r\nContent-Length: 0\r\n\r\n"
    )
    assert request.respond(599, "Odd").reason == "Odd"
    assert request.respond(100).to_tag is None


def test_accessors_follow_changes_of_the_headers() -> None:
    request = parse_message(wire())
    assert request.via.branch == "z9hG4bKa"
    request.headers.set("Via", request.via.with_param("branch", "z9hG4bKb"))
    assert request.via.branch == "z9hG4bKb"
    request.headers.remove("CSeq")
    with pytest.raises(SipParseError, match="CSeq header is missing"):
        _ = request.cseq


LINTED = [
    ("Date: Fri, 01 Jan 2010 16:00:00 EST", "Date"),
    ("Contact: sip:a@b?Route=x", "Contact"),
    ("Contact: <sip:a@b:0>", "port"),
    ("Max-Forwards: 256", "Max-Forwards"),
    ("Expires: 4294967296", "Expires"),
    ("Content-Type: sdp", "Content-Type"),
    ("Record-Route: <sip:a;lr>, nonsense", "Record-Route"),
]


def complaints(*lines: str) -> list[str]:
    """What the linter says of a message."""
    try:
        lint(parse_message(wire(*lines)))
    except SipParseError as error:
        return [error.reason]
    return []


@pytest.mark.parametrize(("header", "named"), LINTED)
def test_the_linter_refuses_what_live_traffic_may_do(header: str, named: str) -> None:
    (complaint,) = complaints("SIP/2.0 200 OK", header)
    assert named in complaint


def test_the_linter_likes_a_good_message() -> None:
    good = (
        "OPTIONS sip:b SIP/2.0",
        "Date: Sat, 13 Nov 2010 23:29:00 GMT",
        "Contact: *",
        "Max-Forwards: 70",
        "Expires: 0",
        "x: 1800;refresher=uac",
        "Content-Type: application/sdp; charset=utf-8",
        "Refer-To: <tel:+1>",
    )
    assert complaints(*good) == []
    # Each header is looked at: none is good in a form that it must not have.
    for header in good[1:]:
        assert len(complaints(good[0], f"{header.partition(':')[0]}: \x01")) == 1, header


def test_the_linter_wants_single_headers_once() -> None:
    with pytest.raises(SipParseError, match="Max-Forwards header is given twice"):
        lint(parse_message(wire("SIP/2.0 200 OK", "Max-Forwards: 1", "Max-Forwards: 1")))
