"""Traces hold everything but secrets."""

from __future__ import annotations

import pytest

from callsphere.sip.message import Headers, Request
from callsphere.sip.trace import MAX_ENTRIES, REDACTED, NoTrace, Redactor, Trace

SECRET = "correct horse"


def request(*extra: tuple[str, str], body: bytes = b"") -> Request:
    fields = [
        ("Via", "SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK1"),
        ("From", "<sip:a@example.com>;tag=1"),
        ("To", "<sip:b@example.com>"),
        ("Call-ID", "1"),
        ("CSeq", "1 INVITE"),
        *extra,
    ]
    return Request("INVITE", "sip:b@example.com", Headers(fields), body)


@pytest.mark.parametrize(
    "line",
    [
        'Authorization: Digest username="a", response="0123"',
        'proxy-authorization : Digest username="a", response="0123"',
        'Authorization: Digest username="a",\r\n response="0123"',
        'Authentication-Info: rspauth="0123"',
    ],
)
def test_credentials_are_taken_out_whatever_their_form(line: str) -> None:
    text = Redactor().data(f"INVITE sip:b SIP/2.0\r\n{line}\r\nTo: <sip:b>\r\n\r\n".encode())
    assert "0123" not in text
    assert text.endswith("\r\nTo: <sip:b>\r\n\r\n")
    assert REDACTED in text


def test_keys_and_passwords_in_uris_are_taken_out() -> None:
    text = Redactor().data(b"v=0\r\na=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:c2VjcmV0\r\nm=audio\r\n")
    assert "c2VjcmV0" not in text
    assert Redactor().text("sip:a:pw@example.com") == f"sip:a:{REDACTED}@example.com"


def test_a_secret_that_the_peer_repeats_is_taken_out() -> None:
    trace = Trace(100.0, Redactor([SECRET]))
    response = request().respond(403, f"{SECRET} is wrong", to_tag="2")
    trace.add("received", response.to_bytes(), "192.0.2.9:5060/udp", 100.25, response)
    entry = trace.entries[0]
    assert SECRET not in entry.text
    assert entry.as_json() == {
        "at_ms": 250,
        "direction": "received",
        "summary": f"403 {REDACTED} is wrong",
        "text": entry.text,
    }


def test_what_is_public_stays() -> None:
    assert Redactor(["alice"], ["alice"]).text("sip:alice@example.com") == "sip:alice@example.com"
    assert Redactor(["abc"]).text("abcabc") == "abcabc"


def test_the_ladder_says_who_sent_what_and_when() -> None:
    trace = Trace(0.0)
    invite = request()
    trace.add("sent", invite.to_bytes(), "192.0.2.9:5060/udp", 0.001, invite)
    busy = invite.respond(486, to_tag="2")
    trace.add("received", busy.to_bytes(), "192.0.2.9:5060/udp", 1.5, busy)
    trace.add("received", b"\x00\x01", "192.0.2.9:5060/udp", 1.6)
    assert [rung.split() for rung in trace.ladder()] == [
        ["1", "ms", "-->", "INVITE", "192.0.2.9:5060/udp"],
        ["1500", "ms", "<--", "486", "Busy", "Here", "(INVITE)", "192.0.2.9:5060/udp"],
        ["1600", "ms", "<--", "2", "bytes", "that", "are", "no", "SIP", "message", "192.0.2.9:5060/udp"],
    ]


def test_a_flood_is_not_kept() -> None:
    trace = Trace(0.0)
    for _ in range(MAX_ENTRIES + 5):
        trace.add("received", b"x", "192.0.2.9:5060/udp", 1.0)
    assert len(trace.entries) == MAX_ENTRIES


def test_what_nobody_looks_at_is_not_kept() -> None:
    trace = NoTrace()
    trace.add("sent", request().to_bytes(), "192.0.2.9:5060/udp", 1.0)
    assert (trace.entries, trace.ladder(), trace.keeps) == ([], [], False)
