"""The sandbox carriers over real sockets: what answers, and what unreadable bytes do not break."""

from __future__ import annotations

import os
import socket
import ssl

import pytest

from callsphere.sip.message import Response, parse_message
from tests.local.sandbox.running import Sandbox

HOST = "127.0.0.1"


def options(transport: str = "UDP") -> bytes:
    return (
        "OPTIONS sip:127.0.0.1 SIP/2.0\r\n"
        f"Via: SIP/2.0/{transport} 192.0.2.1:5060;branch=z9hG4bKtest;rport\r\n"
        "Max-Forwards: 70\r\nFrom: <sip:test@192.0.2.1>;tag=1\r\nTo: <sip:127.0.0.1>\r\n"
        "Call-ID: test\r\nCSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n"
    ).encode()


def ask_udp(port: int, timeout: float = 60.0) -> tuple[Response, int]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.settimeout(timeout)
        sock.connect((HOST, port))
        sock.send(options())
        message = parse_message(sock.recv(4096))
        assert isinstance(message, Response)
        return message, sock.getsockname()[1]


def test_the_healthy_carrier_answers_and_says_where_the_request_came_from(sandbox: Sandbox) -> None:
    response, source_port = ask_udp(sandbox.first_port)
    assert response.status == 200
    assert response.via.received == HOST
    assert response.via.rport == source_port
    assert response.to_tag is not None


def test_the_healthy_carrier_answers_over_tcp(sandbox: Sandbox) -> None:
    with socket.create_connection((HOST, sandbox.first_port), timeout=60) as sock:
        sock.sendall(options("TCP") + options("TCP"))
        data = b""
        while data.count(b"\r\n\r\n") < 2:
            data += sock.recv(4096)
    assert data.count(b"SIP/2.0 200 OK\r\n") == 2


def test_the_healthy_carrier_answers_over_tls(sandbox: Sandbox) -> None:
    context = ssl.create_default_context(cafile=str(sandbox.ca_file))
    with (
        socket.create_connection((HOST, sandbox.first_port + 1), timeout=60) as plain,
        context.wrap_socket(plain, server_hostname=HOST) as sock,
    ):
        sock.sendall(options("TLS"))
        assert sock.recv(4096).startswith(b"SIP/2.0 200 OK\r\n")


def test_the_overloaded_carrier_says_when_to_come_back(sandbox: Sandbox) -> None:
    response, _port = ask_udp(sandbox.first_port + 10)
    assert response.status == 503
    assert response.headers.get("Retry-After") == "30"


def test_the_mute_carrier_is_mute(sandbox: Sandbox) -> None:
    with pytest.raises(TimeoutError):
        ask_udp(sandbox.first_port + 20, timeout=0.3)


def test_the_expired_certificate_is_refused(sandbox: Sandbox) -> None:
    context = ssl.create_default_context(cafile=str(sandbox.ca_file))
    with (
        pytest.raises(ssl.SSLCertVerificationError, match="certificate has expired"),
        socket.create_connection((HOST, sandbox.first_port + 31), timeout=60) as plain,
        context.wrap_socket(plain, server_hostname=HOST),
    ):
        pass


def test_it_says_what_listens_where(sandbox: Sandbox) -> None:
    first = sandbox.first_port
    assert sandbox.words[:3] == [
        f"sandbox healthy: 127.0.0.1:{first}/udp",
        f"sandbox healthy: 127.0.0.1:{first}/tcp",
        f"sandbox healthy: 127.0.0.1:{first + 1}/tls",
    ]
    assert sandbox.words[-2:] == [f"sandbox name server: 127.0.0.1:{first + 99}/udp", "sandbox ready"]


def test_unreadable_bytes_change_nothing(sandbox: Sandbox) -> None:
    pieces = [
        b"",
        b"\0" * 100,
        b"INVITE\r\n\r\n",
        os.urandom(1400),
        options()[:-30],
        b"SIP/2.0 200 OK\r\n\r\n",
    ]
    for port in (sandbox.first_port, sandbox.first_port + 50, sandbox.first_port + 99):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            for piece in pieces:
                sock.sendto(piece, (HOST, port))
    for piece in pieces[1:]:
        with socket.create_connection((HOST, sandbox.first_port), timeout=60) as sock:
            sock.sendall(piece)
    assert ask_udp(sandbox.first_port)[0].status == 200
    assert sandbox.process.poll() is None


def test_a_keep_alive_is_answered_on_a_connection(sandbox: Sandbox) -> None:
    with socket.create_connection((HOST, sandbox.first_port), timeout=60) as sock:
        sock.sendall(b"\r\n\r\n")
        assert sock.recv(16) == b"\r\n"
