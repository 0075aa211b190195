"""The sandbox carriers: what each answers, over real sockets."""

import socket
import ssl
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from callsphere.local.sandbox.carriers import comes_and_goes
from callsphere.local.sandbox.certificates import server_contexts
from callsphere.sip.message import Request, Response, parse_message

BASE_PORT = 29060
HOST = "127.0.0.1"


@dataclass
class Sandbox:
    ca_file: Path


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    folder = tmp_path_factory.mktemp("sandbox")
    process = subprocess.Popen(
        [sys.executable, "-m", "callsphere.local.sandbox", "--port", str(BASE_PORT), "--folder", str(folder)],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    for _ in range(8):
        assert process.stdout.readline().startswith("sandbox carrier ")
    yield Sandbox(folder / "ca.pem")
    process.terminate()
    assert process.wait(timeout=10) == 0


def options(transport: str = "UDP") -> bytes:
    return (
        "OPTIONS sip:127.0.0.1 SIP/2.0\r\n"
        f"Via: SIP/2.0/{transport} 192.0.2.1:5060;branch=z9hG4bKtest;rport\r\n"
        "Max-Forwards: 70\r\nFrom: <sip:test@192.0.2.1>;tag=1\r\nTo: <sip:127.0.0.1>\r\n"
        "Call-ID: test\r\nCSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n"
    ).encode()


def ask_udp(port: int, timeout: float = 2.0) -> tuple[Response, int]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.settimeout(timeout)
        sock.connect((HOST, port))
        sock.send(options())
        message = parse_message(sock.recv(4096))
        assert isinstance(message, Response)
        return message, sock.getsockname()[1]


def test_the_healthy_carrier_answers_and_says_where_the_request_came_from(sandbox: Sandbox) -> None:
    response, source_port = ask_udp(BASE_PORT)
    assert response.status == 200
    assert response.via.received == HOST
    assert response.via.rport == source_port
    assert response.to_tag is not None


def test_the_healthy_carrier_answers_over_tcp(sandbox: Sandbox) -> None:
    with socket.create_connection((HOST, BASE_PORT), timeout=2) as sock:
        sock.sendall(options("TCP") + options("TCP"))
        data = b""
        while data.count(b"\r\n\r\n") < 2:
            data += sock.recv(4096)
    assert data.count(b"SIP/2.0 200 OK\r\n") == 2


def test_the_healthy_carrier_answers_over_tls(sandbox: Sandbox) -> None:
    context = ssl.create_default_context(cafile=str(sandbox.ca_file))
    with (
        socket.create_connection((HOST, BASE_PORT + 1), timeout=2) as plain,
        context.wrap_socket(plain, server_hostname=HOST) as sock,
    ):
        sock.sendall(options("TLS"))
        assert sock.recv(4096).startswith(b"SIP/2.0 200 OK\r\n")


def test_the_overloaded_carrier_says_when_to_come_back(sandbox: Sandbox) -> None:
    response, _port = ask_udp(BASE_PORT + 10)
    assert response.status == 503
    assert response.headers.get("Retry-After") == "30"


def test_the_mute_carrier_is_mute(sandbox: Sandbox) -> None:
    with pytest.raises(TimeoutError):
        ask_udp(BASE_PORT + 20, timeout=0.3)


def test_the_expired_certificate_is_refused(sandbox: Sandbox) -> None:
    context = ssl.create_default_context(cafile=str(sandbox.ca_file))
    with (
        pytest.raises(ssl.SSLCertVerificationError, match="certificate has expired"),
        socket.create_connection((HOST, BASE_PORT + 31), timeout=2) as plain,
        context.wrap_socket(plain, server_hostname=HOST),
    ):
        pass


@pytest.mark.parametrize(
    ("now", "answers"), [(0, True), (179, True), (181, False), (299, False), (301, True)]
)
def test_one_carrier_comes_and_goes(now: float, answers: bool) -> None:
    request = parse_message(options())
    assert isinstance(request, Request)
    assert (comes_and_goes(request, now) is not None) == answers


def test_certificates_are_kept_and_renewed(tmp_path: Path) -> None:
    now = datetime.now(UTC)
    server_contexts(tmp_path, now)
    authority, valid = (tmp_path / "ca.pem").read_bytes(), (tmp_path / "valid.pem").read_bytes()
    server_contexts(tmp_path, now + timedelta(days=30))
    assert (tmp_path / "valid.pem").read_bytes() == valid
    server_contexts(tmp_path, now + timedelta(days=330))
    assert (tmp_path / "valid.pem").read_bytes() != valid
    assert (tmp_path / "ca.pem").read_bytes() == authority
    assert (tmp_path / "ca-key.pem").stat().st_mode & 0o777 == 0o600
