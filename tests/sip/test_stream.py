"""Cutting messages out of a TCP stream."""

from __future__ import annotations

import pytest

from callsphere.sip.message import (
    Malformed,
    Ping,
    Pong,
    Request,
    Response,
    SipParseError,
    StreamParser,
)
from tests.sip.test_message import wire

ONE = wire("OPTIONS sip:one SIP/2.0", "Content-Length: 3", body=b"abc")
TWO = wire("SIP/2.0 200 OK", "l: 0")


def shown(event: object) -> object:
    """An event in few words."""
    if isinstance(event, Request):
        return (event.method, event.body)
    return event.status if isinstance(event, Response) else event


@pytest.mark.parametrize("size", [1, 2, 3, 7, 50, 10_000])
def test_messages_come_out_whole_however_they_are_cut(size: int) -> None:
    stream = ONE + TWO + ONE
    parser = StreamParser()
    events = [
        shown(event)
        for start in range(0, len(stream), size)
        for event in parser.feed(stream[start : start + size])
    ]
    assert events == [("OPTIONS", b"abc"), 200, ("OPTIONS", b"abc")]
    assert not parser.mid_message


def test_keep_alives_between_messages() -> None:
    parser = StreamParser()
    assert [shown(event) for event in parser.feed(b"\r\n\r\n" + TWO + b"\r\n" + TWO + b"\r\n")] == [
        Ping(),
        200,
        Pong(),
        200,
        Pong(),
    ]


def test_a_ping_in_two_pieces() -> None:
    parser = StreamParser()
    events = [*parser.feed(b"\r\n\r"), *parser.feed(b"\n"), *parser.feed(TWO)]
    assert [shown(event) for event in events] == [Ping(), 200]


def test_a_bad_message_does_not_take_the_next_with_it() -> None:
    lost = ONE.replace(b"Call-ID: c1\r\n", b"")
    events = [shown(event) for event in StreamParser().feed(lost + TWO)]
    assert events == [Malformed("The Call-ID header is missing."), 200]


def test_half_a_message_is_seen() -> None:
    parser = StreamParser()
    assert list(parser.feed(ONE[:-1])) == []
    assert parser.mid_message
    assert [shown(event) for event in parser.feed(ONE[-1:])] == [("OPTIONS", b"abc")]


def test_a_missing_length_means_no_body_unless_one_is_announced() -> None:
    assert [shown(event) for event in StreamParser().feed(wire("SIP/2.0 200 OK") * 2)] == [200, 200]
    with pytest.raises(SipParseError, match="Content-Length is missing"):
        list(StreamParser().feed(wire("SIP/2.0 200 OK", "Content-Type: application/sdp")))


BROKEN = [
    (b"HTTP/1.1 400 Bad Request\r\nServer: x\r\n", "neither"),
    (b"\x15\x03\x01\x00\x02\n", "neither"),
    (wire("SIP/2.0 200 OK", "Content-Length: x"), "Content-Length"),
    (wire("SIP/2.0 200 OK", "no colon"), "colon"),
    (wire("SIP/2.0 200 OK", "Content-Length: 300000"), "body is longer"),
    (wire("SIP/2.0 200 OK", "X: " + "y" * 70_000), "headers are longer"),
    (b"SIP/2.0 200 OK\r\n" + b"X: y\r\n" * 20_000, "headers are longer"),
    (b"\x00" * 70_000, "headers are longer"),
]


@pytest.mark.parametrize(("data", "reason"), BROKEN)
def test_a_stream_without_a_clear_next_message_is_broken_for_good(data: bytes, reason: str) -> None:
    parser = StreamParser()
    events = parser.feed(TWO + data)
    assert shown(next(events)) == 200
    with pytest.raises(SipParseError, match=reason):
        next(events)
    with pytest.raises(SipParseError, match=reason):
        list(parser.feed(TWO))


def test_a_dripping_peer_costs_little() -> None:
    parser = StreamParser()
    for _ in range(60_000):
        assert list(parser.feed(b"x")) == []
    assert parser.mid_message
