"""The guarded HTTP transport: what it dials, what it refuses, when it gives up."""

from __future__ import annotations

import datetime
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from ipaddress import IPv4Address
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpcore
import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from callsphere.lib import guarded_http
from callsphere.lib.guarded_http import (
    GuardedTransport,
    ResponseTooLargeError,
    guarded_client,
    read_capped,
    system_lookup,
)
from callsphere.lib.netguard import AddressPolicy, AddressRefused
from tests.lib.dangerous_addresses import DANGEROUS

LOOPBACK = AddressPolicy.from_strings(["127.0.0.1/32"])
Answer = Callable[[socket.socket], None]


class Listener:
    """A TCP listener that counts its connections and lets a function answer them."""

    def __init__(
        self, host: str, answer: Answer | None = None, context: ssl.SSLContext | None = None
    ) -> None:
        self.accepted = 0
        self.received: list[bytes] = []
        self._answer = answer
        self._context = context
        self._socket = socket.create_server((host, 0))
        self._socket.settimeout(0.05)
        self.port = int(self._socket.getsockname()[1])
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Stop listening, connections that wait in the backlog counted."""
        self._stopped.set()
        self._thread.join(10)
        self._socket.close()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except TimeoutError:
                if self._stopped.is_set():
                    return
                continue
            self.accepted += 1
            connection.settimeout(60)
            with connection:
                self._talk(connection)

    def _talk(self, connection: socket.socket) -> None:
        try:
            if self._context is not None:
                connection = self._context.wrap_socket(connection, server_side=True)
            self.received.append(connection.recv(65536))
            if self._answer is not None:
                self._answer(connection)
            connection.close()
        except OSError:
            pass


@contextmanager
def listening(
    host: str, answer: Answer | None = None, context: ssl.SSLContext | None = None
) -> Iterator[Listener]:
    """A listener for the length of a test."""
    listener = Listener(host, answer, context)
    try:
        yield listener
    finally:
        listener.stop()


@pytest.fixture
def canary() -> Iterator[Listener]:
    """A listener on a loopback address that nothing may reach."""
    with listening("127.0.0.9") as listener:
        yield listener
    assert listener.accepted == 0


def says(*parts: bytes, pause_s: float = 0.0) -> Answer:
    """Send these bytes."""

    def answer(connection: socket.socket) -> None:
        for part in parts:
            connection.sendall(part)
            time.sleep(pause_s)

    return answer


def fixed(*addresses: str) -> Callable[[str], list[str]]:
    """A look-up that always finds these addresses."""
    return lambda host: list(addresses)


OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


@pytest.mark.parametrize("address", [address for address, _ in DANGEROUS])
def test_names_and_literals_with_dangerous_addresses_are_refused(address: str) -> None:
    with httpx.Client(
        transport=GuardedTransport(AddressPolicy(), lookup=fixed("8.8.8.8", address))
    ) as client:
        with pytest.raises(AddressRefused):
            client.post("https://hook.example/x")
        literal = f"[{address}]" if ":" in address else address
        with pytest.raises(AddressRefused):
            client.post(f"https://{literal}/x")


def test_pseudo_addresses_and_rebinding_never_reach_the_canary(canary: Listener) -> None:
    """Every way into 127.0.0.9 that a URL offers, ports 443 and 8443 aside: nothing may connect."""
    answers = iter([["8.8.8.8", "127.0.0.9"], ["127.0.0.9"]])
    with guarded_client(AddressPolicy(), lookup=lambda host: next(answers)) as client:
        for _ in range(2):
            with pytest.raises(AddressRefused):
                client.get(f"https://rebind.example:{canary.port}/")
    for host in ("127.0.0.9", "[::ffff:127.0.0.9]", "2130706441", "0x7f000009", "127.9", "0177.0.0.9"):
        with guarded_client(AddressPolicy(), total_s=3.0) as client:
            for scheme in ("http", "https"):
                with pytest.raises((AddressRefused, httpx.HTTPError, httpx.InvalidURL)):
                    client.get(f"{scheme}://{host}:{canary.port}/")


def test_a_redirect_is_an_answer_and_nothing_more(canary: Listener) -> None:
    elsewhere = (
        f"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.9:{canary.port}/\r\nContent-Length: 0\r\n\r\n"
    )
    with listening("127.0.0.1", says(elsewhere.encode())) as server, guarded_client(LOOPBACK) as client:
        assert client.get(f"http://127.0.0.1:{server.port}/").status_code == 302


def test_proxies_from_the_environment_are_ignored(canary: Listener, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.setenv(name, f"http://127.0.0.9:{canary.port}")
    with listening("127.0.0.1", says(OK)) as server, guarded_client(LOOPBACK) as client:
        assert client.get(f"http://127.0.0.1:{server.port}/").text == "ok"


@pytest.mark.parametrize(
    "url", ["http://hook.example/", "https://hook.example:8080/", "http://hook.example:443/"]
)
def test_only_https_on_its_ports_goes_to_the_public(url: str) -> None:
    with (
        guarded_client(AddressPolicy(), lookup=fixed("8.8.8.8")) as client,
        pytest.raises(AddressRefused) as caught,
    ):
        client.get(url)
    assert caught.value.reason == "only https on port 443 or 8443"


def test_a_unix_socket_is_refused() -> None:
    backend = GuardedTransport(AddressPolicy())._pool._network_backend
    with pytest.raises(AddressRefused):
        backend.connect_unix_socket("/var/run/docker.sock")


def test_the_guard_is_asked_for_every_connection() -> None:
    """The place where the guard hangs into httpx is private: this fails when an update moves it."""
    asked: list[str] = []

    def lookup(host: str) -> list[str]:
        asked.append(host)
        return ["127.0.0.1"]

    with listening("127.0.0.1", says(OK)) as server, guarded_client(LOOPBACK, lookup=lookup) as client:
        for _ in range(2):
            assert client.get(f"http://hook.example:{server.port}/").text == "ok"
    assert asked == ["hook.example", "hook.example"]
    assert server.accepted == 2


def test_an_httpx_without_the_place_is_refused_at_once() -> None:
    moved: Any = SimpleNamespace(_pool=object())

    with pytest.raises(RuntimeError, match="address guard"):
        guarded_http._install_backend(moved, httpcore.SyncBackend())


def test_the_name_is_kept_for_host_sni_and_certificate(tmp_path: Path) -> None:
    context, ca_file = certificate(tmp_path, "hook.example")
    names: list[str | None] = []
    context.sni_callback = lambda _socket, name, _context: names.append(name)
    trusted = ssl.create_default_context(cafile=ca_file)
    with listening("127.0.0.1", says(OK), context) as server:
        with guarded_client(LOOPBACK, verify=trusted, lookup=fixed("127.0.0.1")) as client:
            assert client.get(f"https://hook.example:{server.port}/").text == "ok"
            with pytest.raises(httpx.ConnectError, match="CERTIFICATE_VERIFY_FAILED"):
                client.get(f"https://other.example:{server.port}/")
        with (
            guarded_client(LOOPBACK, lookup=fixed("127.0.0.1")) as client,
            pytest.raises(httpx.ConnectError, match="CERTIFICATE_VERIFY_FAILED"),
        ):
            client.get(f"https://hook.example:{server.port}/")
    assert names == ["hook.example", "other.example", "hook.example"]
    assert f"Host: hook.example:{server.port}".encode() in server.received[0]
    assert b"Accept-Encoding: identity" in server.received[0]


def test_the_next_address_is_tried_when_one_does_not_answer() -> None:
    both = AddressPolicy.from_strings(["127.0.0.0/8"])
    with (
        listening("127.0.0.1", says(OK)) as server,
        guarded_client(both, lookup=fixed("127.0.0.8", "127.0.0.1")) as client,
    ):
        assert client.get(f"http://hook.example:{server.port}/").text == "ok"


def test_a_name_that_does_not_resolve_is_a_connection_error() -> None:
    with guarded_client(AddressPolicy(), total_s=5.0) as client, pytest.raises(httpx.ConnectError):
        client.get("https://does-not-exist.invalid/")
    with pytest.raises(httpcore.ConnectError):
        system_lookup("a" * 70 + ".example")
    assert "127.0.0.1" in system_lookup("localhost")


def test_a_long_answer_is_cut_off() -> None:
    def endless(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n")
        while True:
            connection.sendall(b"\x1f" * 65536)

    with (
        listening("127.0.0.1", endless) as server,
        guarded_client(LOOPBACK) as client,
        client.stream("GET", f"http://127.0.0.1:{server.port}/") as response,
        pytest.raises(ResponseTooLargeError),
    ):
        read_capped(response)


def test_a_short_answer_is_read_undecoded() -> None:
    with (
        listening("127.0.0.1", says(OK.replace(b"ok", b"\x1f\x8b"))) as server,
        guarded_client(LOOPBACK) as client,
        client.stream("GET", f"http://127.0.0.1:{server.port}/") as response,
    ):
        assert read_capped(response, limit=2) == b"\x1f\x8b"


@pytest.mark.parametrize("head", [b"", b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n"])
def test_a_dripping_peer_is_left_after_the_total_time(head: bytes) -> None:
    drip = says(head, *([b"H"] * 600), pause_s=0.1)
    with listening("127.0.0.1", drip) as server, guarded_client(LOOPBACK, total_s=0.6) as client:
        started = time.monotonic()
        with pytest.raises(httpx.ReadTimeout):
            client.get(f"http://127.0.0.1:{server.port}/")
        assert time.monotonic() - started < 30


def certificate(folder: Path, name: str) -> tuple[ssl.SSLContext, str]:
    """A server context with a certificate for this name, and the file to trust."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.datetime.now(datetime.UTC)
    names = x509.SubjectAlternativeName([x509.DNSName(name), x509.IPAddress(IPv4Address("127.0.0.2"))])
    signed = (
        x509.CertificateBuilder(subject, subject, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(names, critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    ca_file = folder / "ca.pem"
    ca_file.write_bytes(signed.public_bytes(serialization.Encoding.PEM))
    key_file = folder / "key.pem"
    key_file.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(ca_file, key_file)
    return context, str(ca_file)
