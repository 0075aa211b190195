"""TLS without a network: names in certificates and what a handshake's first bytes tell."""

from __future__ import annotations

import ssl

import pytest

from callsphere.sip.transport.tls import TlsFailure, TlsTrust, certificate_requested, check_identity


def certificate(*names: tuple[str, str]) -> dict[str, object]:
    return {"subjectAltName": names, "subject": ((("commonName", "edge.example.com"),),)}


@pytest.mark.parametrize(
    ("names", "server_name", "matches"),
    [
        ([("DNS", "edge.example.com")], "edge.example.com", True),
        ([("DNS", "edge.example.com")], "example.com", False),
        ([("DNS", "example.com")], "edge.example.com", False),
        ([("DNS", "edge.example.com.")], "Edge.Example.com", True),
        ([("DNS", "*.example.com")], "edge.example.com", True),
        ([("DNS", "*.com")], "example.com", False),
        ([("DNS", "*")], "example.com", False),
        ([("DNS", "e*.example.com")], "edge.example.com", False),
        ([("URI", "sip:example.com")], "example.com", True),
        ([("URI", "SIP:example.com;transport=tls")], "example.com", True),
        ([("URI", "sips:example.com")], "example.com", False),
        ([("URI", "sip:bob@example.com")], "example.com", False),
        ([("URI", "https://example.com")], "example.com", False),
        ([("URI", "https://example.com"), ("DNS", "example.com")], "example.com", True),
        ([("URI", "sip:other.com"), ("DNS", "example.com")], "example.com", False),
        ([("IP Address", "2001:DB8:0:0:0:0:0:1")], "2001:db8::1", True),
        ([("IP Address", "203.0.113.5")], "203.0.113.6", False),
        ([("DNS", "203.0.113.5")], "203.0.113.5", False),
        ([], "edge.example.com", False),
    ],
)
def test_identity(names: list[tuple[str, str]], server_name: str, matches: bool) -> None:
    if matches:
        check_identity(certificate(*names), server_name)
        return
    with pytest.raises(TlsFailure) as refused:
        check_identity(certificate(*names), server_name)
    assert refused.value.cause == "tls_name_mismatch"


def record(*messages: bytes) -> bytes:
    payload = b"".join(messages)
    return b"\x16\x03\x03" + len(payload).to_bytes(2, "big") + payload


def handshake(kind: int, body: bytes = b"....") -> bytes:
    return bytes([kind]) + len(body).to_bytes(3, "big") + body


@pytest.mark.parametrize(
    ("flight", "found"),
    [
        (record(handshake(2), handshake(11), handshake(13), handshake(14)), True),
        (record(handshake(2)) + record(handshake(11)) + record(handshake(13)), True),
        (record(handshake(2), handshake(11), handshake(14)), False),
        (record(handshake(2, bytes([13]) * 40)), False),
        (record(handshake(2)) + b"\x17\x03\x03\x00\x04\x0d\x00\x00\x00", False),
        (b"\x16\x03", False),
        (b"", False),
    ],
)
def test_certificate_request_is_seen_in_the_first_flight(flight: bytes, found: bool) -> None:
    assert certificate_requested(flight) is found


def test_other_protocol_is_told_from_its_first_bytes() -> None:
    client = TlsTrust().client("example.com")
    client.start()
    assert client.outgoing()[:2] == b"\x16\x03"
    with pytest.raises(TlsFailure) as refused:
        client.receive(b"SIP/2.0 400 Bad Request\r\n")
    assert refused.value.cause == "tls_not_spoken"


def test_unreadable_ca_file_is_refused() -> None:
    with pytest.raises((OSError, ssl.SSLError)):
        TlsTrust("/nonexistent.pem")
