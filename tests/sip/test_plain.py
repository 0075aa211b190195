"""What is recognised at one look is what the full grammar would read; hostile input gains nothing by it."""

from __future__ import annotations

import itertools
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from callsphere.sip.headers import Address, CSeq, Via
from callsphere.sip.message import SipParseError, parse_message
from callsphere.sip.message.plain import plain_fields, plain_method

VIA = "SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bKa;rport"
FROM = '"Front Desk" <sip:a@example.com>;tag=1'
TO = "<sip:b@example.com>"
CSEQ = "7 OPTIONS"

EDGES = st.sampled_from(
    [
        *(" ", "\t", "\r", "\n", "\r\n", ":", ": ", ";", ";;", ";x", ";x=", ",", '"', "\\", "<", ">", "="),
        *(
            "*",
            "[::1]",
            ":0",
            ":65535",
            ":65536",
            "4294967296",
            "sip:",
            "\xa0",
            "\x85",
            "\u2028",
            "\x00",
            "é",
        ),
    ]
)


@st.composite
def bent(draw: st.DrawFn, text: str) -> str:
    """A plain text with a few characters replaced, removed or added."""
    for _ in range(draw(st.integers(0, 3))):
        place = draw(st.integers(0, len(text)))
        text = text[:place] + draw(EDGES) + text[place + draw(st.integers(0, 3)) :]
    return text


@pytest.mark.parametrize("host", ["192.0.2.1", "sbc_1.example.com", "[2001:db8::1]"])
@pytest.mark.parametrize("port", ["", ":1", ":5060", ":64999"])
def test_usual_values_are_plain(host: str, port: str) -> None:
    via = f"SIP/2.0/TLS {host}{port};branch=z9hG4bKa;received=2001:db8::2"
    assert plain_method([via, VIA], FROM, TO, CSEQ) == "OPTIONS"


@settings(max_examples=500, deadline=None)
@given(st.lists(bent(VIA), min_size=1, max_size=2), bent(FROM), bent(TO), bent(CSEQ))
def test_plain_values_can_be_read(vias: list[str], from_: str, to: str, cseq: str) -> None:
    if any("\n" in value for value in (*vias, from_, to, cseq)):
        return  # no line has one
    method = plain_method(vias, from_, to, cseq)
    if method is not None:
        assert CSeq.parse(cseq).method == method
        for via in vias:
            Via.parse(via)
        Address.parse(from_)
        Address.parse(to)


@settings(max_examples=500, deadline=None)
@given(bent(f"Via: {VIA}\r\nX-A:1\r\nFrom: {FROM}\r\nTo: {TO}"))
def test_plain_lines_are_read_as_they_stand(lines: str) -> None:
    fields = plain_fields(lines)
    if fields is not None:
        parts = [line.partition(":") for line in lines.split("\r\n")]
        assert fields == [(name, value.strip(" \t")) for name, _, value in parts]
        assert not set("".join(name + value for name, value in fields)) & set("\r\n")


@pytest.mark.parametrize(
    "lines",
    ["", "X", "X : a", " X: a", "X: a ", "X: a\t\r\nY: b", "X: a\n b", "X: a\r\n b", "X: a\r\n", ": a"],
)
def test_what_needs_a_closer_look_is_not_plain(lines: str) -> None:
    assert plain_fields(lines) is None


@pytest.mark.parametrize(
    "hostile",
    [
        *(
            "X:" + " " * 60_000,
            "X:" + " \t" * 30_000 + "y\r\n z",
            "X" * 60_000,
            "X:\r" * 20_000,
            "X: a\r\n" * 10_000 + " ",
            "X: " + "a " * 30_000,
        ),
        *(f"Via: {VIA}\r\n" * 1_000 + "From: x", "From: " + ";a=b" * 15_000, 'From: "' * 9_000),
        "To: <sip:" + "a" * 60_000,
    ],
    ids=itertools.count(),
)
def test_hostile_lines_cost_little(hostile: str) -> None:
    data = f"SIP/2.0 200 OK\r\nCall-ID: 1\r\nCSeq: {CSEQ}\r\n{hostile}\r\n\r\n".encode()
    started = time.thread_time()
    with pytest.raises(SipParseError):
        parse_message(data)
    assert time.thread_time() - started < 5.0
