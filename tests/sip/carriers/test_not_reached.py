"""Carriers that a check does not get to, or only just: names, connections, certificates."""

from __future__ import annotations

import datetime as dt
import ssl
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.peers import free_port
from tests.peers.certificates import A_LONG_TIME, Authority, server_context
from tests.peers.scripted import StreamPeer
from tests.sip.carriers.laboratory import Carrier, serving
from tests.sip.carriers.running import BRIEFLY, NUMBER, Commands, step, told


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


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion:DeprecationWarning")
def test_an_outdated_version_of_tls(commands: Commands, authority: Authority) -> None:
    context = server_context(authority.issue(["127.0.0.1"]))
    context.set_ciphers("ALL:@SECLEVEL=0")
    context.minimum_version = ssl.TLSVersion.TLSv1
    context.maximum_version = ssl.TLSVersion.TLSv1_1
    with serving(Carrier(), "tls", context) as uri:
        code, report = commands.check(uri, "--ca-file", str(authority.ca_file), "--call", NUMBER)
    assert (code, report["cause"], step(report, "tls")) == (1, "tls_version", ("fail", "tls_version"))


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_a_client_certificate_is_demanded(
    commands: Commands, authority: Authority, version: ssl.TLSVersion
) -> None:
    context = server_context(authority.issue(["127.0.0.1"]))
    context.minimum_version = context.maximum_version = version
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_verify_locations(authority.ca_file)
    with serving(Carrier(), "tls", context) as uri:
        code, report = commands.check(uri, "--ca-file", str(authority.ca_file), "--call", NUMBER)
    cause = "tls_client_cert_required"
    assert (code, report["cause"], step(report, "tls")) == (1, cause, ("fail", cause)), told(report)


def test_a_certificate_that_is_welcome_but_not_demanded(commands: Commands, authority: Authority) -> None:
    context = server_context(authority.issue(["127.0.0.1"], ends=A_LONG_TIME))
    context.verify_mode = ssl.CERT_OPTIONAL
    context.load_verify_locations(authority.ca_file)
    with serving(Carrier(), "tls", context) as uri:
        code, report = commands.check(uri, "--ca-file", str(authority.ca_file), "--call", NUMBER)
    assert (code, report["cause"]) == (0, None), told(report)


def test_a_mute_port_in_place_of_tls(commands: Commands) -> None:
    with StreamPeer(lambda connection: connection.recv(65536)) as peer:
        code, report = commands.check(f"sip:127.0.0.1:{peer.port};transport=tls", *BRIEFLY)
    assert (code, report["cause"], step(report, "tls")) == (1, "no_answer", ("fail", "no_answer"))


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
