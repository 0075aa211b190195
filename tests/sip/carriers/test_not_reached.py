"""Carriers that a check does not get to, or only just: names, connections, certificates."""

from __future__ import annotations

import datetime as dt
import ssl
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.peers import free_port
from tests.peers.certificates import Authority
from tests.peers.scripted import StreamPeer
from tests.sip.carriers.laboratory import Carrier, serving
from tests.sip.carriers.running import Commands, step, told


def _context(authority: Authority, name: str, begins: int, ends: int) -> ssl.SSLContext:
    pair = authority.issue([name], begins=dt.timedelta(days=begins), ends=dt.timedelta(days=ends))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pair.certificate, pair.key)
    return context


CERTIFICATES: list[tuple[str, int, int, str]] = [
    ("127.0.0.1", -9, -1, "tls_expired"),
    ("127.0.0.1", 1, 9, "tls_not_yet_valid"),
    ("sip.example.com", -1, 9, "tls_name_mismatch"),
]


@pytest.mark.parametrize(("name", "begins", "ends", "cause"), CERTIFICATES)
def test_a_certificate_that_is_not_good(
    commands: Commands, tmp_path: Path, name: str, begins: int, ends: int, cause: str
) -> None:
    authority = Authority(tmp_path)
    carrier = Carrier()
    with serving(carrier, "tls", _context(authority, name, begins, ends)) as uri:
        code, report = commands.check(uri, "--ca-file", str(authority.ca_file))
    assert (code, report["cause"], step(report, "tls")) == (1, cause, ("fail", cause)), told(report)
    assert carrier.heard == []


def test_a_certificate_of_an_unknown_authority(commands: Commands, tmp_path: Path) -> None:
    with serving(Carrier(), "tls", _context(Authority(tmp_path), "127.0.0.1", -1, 9)) as uri:
        code, report = commands.check(uri)
    assert (code, report["cause"]) == (1, "tls_untrusted"), told(report)


STREAMS: list[tuple[str, str, Callable[..., None], str]] = [
    ("tls", "tls", lambda connection: connection.sendall(b"SIP/2.0 400 No\r\n\r\n"), "tls_not_spoken"),
    ("tcp", "options", lambda connection: connection.recv(65536) and connection.close(), "connection_closed"),
]


@pytest.mark.parametrize(("transport", "where", "script", "cause"), STREAMS)
def test_a_port_that_does_something_else(
    commands: Commands, transport: str, where: str, script: Callable[..., None], cause: str
) -> None:
    with StreamPeer(script) as peer:
        code, report = commands.check(f"sip:127.0.0.1:{peer.port};transport={transport}")
    assert (code, report["cause"], step(report, where)) == (1, cause, ("fail", cause)), told(report)


@pytest.mark.parametrize("transport", ["udp", "tcp", "tls"])
def test_a_closed_port(commands: Commands, transport: str) -> None:
    code, report = commands.check(f"sip:127.0.0.1:{free_port()};transport={transport}")
    assert (code, report["cause"]) == (1, "connect_refused"), told(report)


@pytest.mark.parametrize("uri", ["http://x", "sip:", "sip:a@b@c", "sip:1.2.3.4:99999", "sip:x y"])
def test_a_uri_that_is_none(commands: Commands, uri: str) -> None:
    code, report = commands.check(uri)
    assert (code, report["cause"], step(report, "target")) == (1, "uri_invalid", ("fail", "uri_invalid"))
